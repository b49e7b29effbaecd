//! What a command comes to: its exit code, and the words of a failure.

use std::fmt;
use std::io;
use std::process::ExitCode;

use diesel_routing::{ConfigError, Error};

/// The findings of a command that has done its work. Its report has been printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well: exit code 0.
    Fine,
    /// Something is not: exit code 1.
    Findings,
    /// The user has stopped it: exit code 130.
    #[allow(dead_code, reason = "of commands that run for long")]
    Interrupted,
}

/// The reason why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A mistake on the command line or in the configuration: exit code 2.
    Usage(String),
    /// No node, or not the one that is needed, could be reached: exit code 3.
    Unreachable(String),
    /// Anything else: exit code 4.
    Other(String),
    /// Nobody reads the output any more: exit code 0, without a word.
    ClosedPipe,
}

/// Returns the exit code of what a command came to, and prints the words of a failure.
pub(crate) fn exit(outcome: Result<Outcome, Failure>) -> ExitCode {
    let code = match &outcome {
        Ok(Outcome::Fine) | Err(Failure::ClosedPipe) => 0,
        Ok(Outcome::Findings) => 1,
        Ok(Outcome::Interrupted) => 130,
        Err(Failure::Usage(_)) => 2,
        Err(Failure::Unreachable(_)) => 3,
        Err(Failure::Other(_)) => 4,
    };
    if let Err(failure @ (Failure::Usage(_) | Failure::Unreachable(_) | Failure::Other(_))) =
        outcome
    {
        use io::Write;

        let style = anstyle::AnsiColor::Red.on_default().bold();
        // There is nobody to tell that the words cannot be printed.
        let _ = writeln!(anstream::stderr(), "{style}error:{style:#} {failure}");
    }
    ExitCode::from(code)
}

impl Failure {
    /// Returns a failure with an error's words and those of its causes.
    pub(crate) fn other(error: &dyn std::error::Error) -> Self {
        Self::Other(chain(error))
    }
}

/// Returns an error's words, and those of its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let of_cause = error.to_string();
        // Some say their causes themselves.
        if !words.ends_with(&of_cause) {
            words.push_str(": ");
            words.push_str(&of_cause);
        }
        cause = error.source();
    }
    words
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(words) | Self::Unreachable(words) | Self::Other(words) => {
                f.write_str(words)
            }
            Self::ClosedPipe => f.write_str("nobody reads the output any more"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Other(format!("the output cannot be written: {error}"))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(chain(&error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Config(error) => error.into(),
            error => Self::Unreachable(chain(&error)),
        }
    }
}
