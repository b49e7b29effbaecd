//! The command line.

use std::io::Write;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Parser, ValueEnum};

/// Check that sessions see what they wrote, and never less than they have seen, while PostgreSQL
/// nodes lag, hang, are cut off, crash and are promoted.
///
/// Exits with 0 if every guarantee held, with 1 if one was violated (the history is printed), with 2
/// for an option that makes no sense.
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

    /// How many clients there are, 1 to 256; every fourth is a blocking one.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16,
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=256))]
    pub(crate) clients: u32,

    /// How reads are routed; the others than `session` are expected to violate guarantees.
    #[arg(long, value_enum, default_value_t = Strategy::Session, allow_hyphen_values = true)]
    pub(crate) strategy: Strategy,

    /// The seed that was drawn.
    #[arg(skip)]
    drawn: OnceLock<u64>,
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
    /// The options, or what to exit with: the help was asked for, or an option makes no sense.
    pub(crate) fn parse() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            if error.kind() == ErrorKind::DisplayHelp {
                return match error.print() {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(_) => ExitCode::FAILURE,
                };
            }
            // One line says it; the usage below it would bury it.
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            let _ = writeln!(std::io::stderr(), "{line} (see --help)");
            ExitCode::from(2)
        })
    }

    pub(crate) fn length(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    pub(crate) fn seed(&self) -> u64 {
        // Short enough to be typed again.
        self.seed
            .unwrap_or_else(|| *self.drawn.get_or_init(|| fastrand::u64(1..1_000_000)))
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
