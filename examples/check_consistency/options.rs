//! The command line.

use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Parser, ValueEnum};

/// The number of routers.
pub(crate) const ROUTERS: usize = 3;

/// Check that sessions see what they wrote, and never less than they have seen, while PostgreSQL or
/// MariaDB nodes lag, hang, are cut off, crash and are promoted, and names lead to one and then another.
///
/// Exit codes, also named in the last line: 0 if every guarantee held; 1 if one was violated (the history is
/// printed); 2 for an invalid option; 3 if servers could not be started, a fault could not be injected, or
/// nothing was there to be checked, so that the run says nothing; 130 after Ctrl-C. (101: it was not built.)
#[derive(Debug, Parser)]
#[command(name = "check-consistency", bin_name = "cargo xtask check-consistency")]
pub(crate) struct Options {
    /// How long sessions work and faults are injected, 1 to 86400.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 30,
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,

    /// What the faults and the sessions' acts are drawn from; random if not given, and printed.
    #[arg(long, value_name = "S", allow_hyphen_values = true)]
    seed: Option<u64>,

    /// How many clients there are, 1 to 256.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) clients: u32,

    /// Whose servers the cluster has.
    #[arg(long, value_enum, default_value_t = Backend::Postgres, allow_hyphen_values = true)]
    pub(crate) backend: Backend,

    /// What the three routers' connections are pooled by.
    #[arg(long, value_enum, default_value_t = Pool::All, allow_hyphen_values = true)]
    pub(crate) pool: Pool,

    /// What the names lead to that routers know their nodes by.
    #[arg(long, value_enum, default_value_t = Topology::Mixed, allow_hyphen_values = true)]
    pub(crate) topology: Topology,

    /// How reads are routed; the others than `session` are expected to violate guarantees.
    #[arg(long, value_enum, default_value_t = Strategy::Session, allow_hyphen_values = true)]
    pub(crate) strategy: Strategy,

    /// The seed that was drawn.
    #[arg(skip)]
    drawn: OnceLock<u64>,
}

/// Whose servers the cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// PostgreSQL, with positions in its log.
    Postgres,
    /// MariaDB, with GTIDs.
    Mariadb,
}

/// What connections are pooled by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pool {
    /// One router each; every fourth client is a blocking one.
    All,
    /// All routers by bb8, all clients asynchronous.
    Bb8,
    /// All routers by deadpool, all clients asynchronous.
    Deadpool,
    /// All routers by r2d2, all clients blocking.
    R2d2,
}

/// What the names lead to that routers know their nodes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topology {
    /// One node each. Nothing stands between, so the network does not fail.
    Direct,
    /// Roles: `rw` to the primary, `ro` and `ro-random` to all standbys, by turns and at random. They lag
    /// behind failovers, are moved while connections live, delay, hang, and lose answers.
    Addresses,
    /// The first router knows every node and `ro`, the second `rw`, the standbys and `ro-random`, the third
    /// `rw`, `ro` and `ro-random`; sessions move between them.
    Mixed,
}

/// How reads are routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strategy {
    /// By replication positions: what this crate promises.
    Session,
    /// To the primary for 50 ms after a write, then to any replica.
    Window,
    /// To any replica.
    Random,
}

impl Options {
    /// Reads the options, or returns what to exit with and to say: the help was asked for, or an option makes
    /// no sense.
    pub(crate) fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, (u8, String)> {
        Self::try_parse_from(args).map_err(|error| {
            let text = error.to_string();
            if error.kind() == ErrorKind::DisplayHelp {
                return (0, text);
            }
            // One line says it; the usage below it would bury it.
            let line = text.lines().next().unwrap_or_default();
            (2, format!("{line} (see --help)\n"))
        })
    }

    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    pub(crate) fn seed(&self) -> u64 {
        // Short enough to be typed again.
        self.seed
            .unwrap_or_else(|| *self.drawn.get_or_init(|| rand::random_range(1..1_000_000)))
    }
}

impl Backend {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mariadb",
        }
    }
}

impl Pool {
    /// Returns the one that router `number` has.
    pub(crate) fn of_router(self, number: usize) -> Self {
        match self {
            Self::All => [Self::Bb8, Self::Deadpool, Self::R2d2][number % ROUTERS],
            one => one,
        }
    }

    /// Returns whether client `number` is a blocking one.
    pub(crate) fn is_blocking(self, number: u32) -> bool {
        match self {
            Self::All => number % 4 == 3,
            Self::Bb8 | Self::Deadpool => false,
            Self::R2d2 => true,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Bb8 => "bb8",
            Self::Deadpool => "deadpool",
            Self::R2d2 => "r2d2",
        }
    }
}

impl Topology {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Addresses => "addresses",
            Self::Mixed => "mixed",
        }
    }
}

impl Strategy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Window => "window",
            Self::Random => "random",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &str) -> Result<Options, (u8, String)> {
        Options::read(
            ["it"]
                .into_iter()
                .chain(args.split_whitespace())
                .map(OsString::from),
        )
    }

    #[test]
    fn an_option_that_makes_no_sense_is_named_in_one_line_with_code_2() {
        for args in [
            "--seconds 0",
            "--seconds -1",
            "--seconds ten",
            "--seed x",
            "--seed -1",
            "--clients 257",
            "--strategy hope",
            "--backend oracle",
            "--pool swimming",
            "--topology flat",
            "--fast",
            "--seed",
        ] {
            let (code, text) = read(args).unwrap_err();
            assert_eq!((code, text.lines().count()), (2, 1), "{args}: {text}");
            let option = args.split(' ').next().unwrap();
            assert!(text.contains(option), "{args}: {text}");
        }
    }

    #[test]
    fn the_help_is_no_error() {
        let (code, text) = read("--help").unwrap_err();
        assert_eq!(code, 0);
        assert!(text.contains("cargo xtask check-consistency"), "{text}");
    }

    #[test]
    fn a_seed_is_drawn_once() {
        let options = read("").unwrap();
        assert_eq!(options.seed(), options.seed());
        assert_eq!(read("--seed 7").unwrap().seed(), 7);
    }
}
