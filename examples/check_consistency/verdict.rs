//! What a run has come to: the last line, and the exit code.

use std::fmt;

/// The end of a run.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// All of so many reads were what sessions were promised.
    Held(usize),
    /// So many were not.
    Violated(usize),
    /// The run could not be set up, or broke off, or had nothing to check: it says nothing about guarantees.
    Failed(anyhow::Error),
    /// A signal ended it.
    Interrupted,
}

impl Verdict {
    /// Returns the exit code. 2 is that of an invalid option.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Held(_) => 0,
            Self::Violated(_) => 1,
            Self::Failed(_) => 3,
            // The shells' convention for a program that a Ctrl-C ended.
            Self::Interrupted => 130,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Failed(error) = self {
            // It may bring the end of a server's log.
            writeln!(f, "check-consistency: {error:#}")?;
        }
        f.write_str("check-consistency: ")?;
        match self {
            Self::Held(reads) => write!(f, "held: {reads} reads, no violation")?,
            Self::Violated(violations) => write!(f, "violated: {violations} violations")?,
            Self::Failed(_) => f.write_str("failed: this run says nothing about guarantees")?,
            Self::Interrupted => f.write_str("interrupted; the servers are gone")?,
        }
        write!(f, " (exit code {})", self.code())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    #[test]
    fn the_last_line_tells_a_violation_from_a_run_that_failed() {
        let told = [
            Verdict::Held(9),
            Verdict::Violated(2),
            Verdict::Failed(anyhow!("no server").context("could not start")),
        ]
        .map(|verdict| verdict.to_string());
        assert_eq!(
            told,
            [
                "check-consistency: held: 9 reads, no violation (exit code 0)",
                "check-consistency: violated: 2 violations (exit code 1)",
                "check-consistency: could not start: no server\n\
                 check-consistency: failed: this run says nothing about guarantees (exit code 3)",
            ]
        );
    }
}
