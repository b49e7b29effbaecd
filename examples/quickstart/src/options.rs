//! The command line.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::error::ErrorKind;

/// How long after the change its user reads the setting again: the story's 300 ms.
pub(crate) const READ_AFTER: Duration = Duration::from_millis(300);
const MINUTE: Duration = Duration::from_secs(60);

/// Users change a setting and read it back while the replicas are behind: first routed naively, then
/// through sessions. Needs no database server.
///
/// Exits with 0 if naive reads were stale and no session read was, with 1 otherwise, and with 2 for
/// an option that makes no sense.
#[derive(Debug, Parser)]
#[command(name = "quickstart")]
pub(crate) struct Options {
    /// How many users there are, 1 to 2000.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=2000))]
    pub(crate) users: u16,

    /// How many replicas there are, 1 to 8.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        allow_hyphen_values = true
    )]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=8))]
    pub(crate) replicas: u16,

    /// How far the replicas are behind the primary: more than 300ms, at most 1m.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "2s",
        allow_hyphen_values = true
    )]
    #[arg(value_parser = lag)]
    pub(crate) lag: Duration,

    /// How long a session's reads go to the primary after it wrote: at most 1m.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "5s",
        allow_hyphen_values = true
    )]
    #[arg(value_parser = window)]
    pub(crate) window: Duration,
}

impl Options {
    /// Parses the options, or returns what to exit with: the help was asked for, or an option makes no sense.
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

    /// Returns how long each user stays: long enough to see the lag and the window end.
    pub(crate) fn visit(&self) -> Duration {
        self.window.max(self.lag) + Duration::from_secs(1)
    }
}

fn lag(text: &str) -> Result<Duration, String> {
    let lag = duration(text)?;
    if lag <= READ_AFTER {
        return Err(format!(
            "users read {READ_AFTER:?} after they wrote, so a lag this short shows nothing; give more"
        ));
    }
    Ok(lag)
}

fn window(text: &str) -> Result<Duration, String> {
    duration(text)
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|_| "not a duration; write it like 2s, 1500ms or 1m")?;
    if duration > MINUTE {
        // The program takes about twice as long, and replicas keep that much history in memory.
        return Err("too long; at most 1m".to_owned());
    }
    Ok(duration)
}
