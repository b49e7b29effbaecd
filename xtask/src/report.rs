//! What the steps came to.

use std::fmt;
use std::time::Duration;

use crate::tally::Tally;

/// The end of one step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    /// Why it did not happen.
    LeftOut(String),
}

/// All steps with their outcomes and times, and the tests counted.
#[derive(Debug)]
pub(crate) struct Report {
    /// The `cargo xtask` command that these are the steps of.
    command: String,
    rows: Vec<(String, Outcome, Duration)>,
    pub(crate) tally: Tally,
}

impl Report {
    pub(crate) fn new(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            rows: Vec::new(),
            tally: Tally::default(),
        }
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, outcome: Outcome, time: Duration) {
        self.rows.push((name.into(), outcome, time));
    }

    pub(crate) fn has_failed(&self) -> bool {
        let mut outcomes = self.rows.iter().map(|(_, outcome, _)| outcome);
        outcomes.any(|outcome| *outcome == Outcome::Failed)
    }

    /// Returns how many steps were left out.
    pub(crate) fn left_out(&self) -> u64 {
        let outcomes = self.rows.iter().map(|(_, outcome, _)| outcome);
        outcomes
            .map(|outcome| u64::from(matches!(outcome, Outcome::LeftOut(_))))
            .sum()
    }
}

/// A table, how much was left out, what failed; the tests last, where CI looks for them.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command,
            rows,
            tally,
        } = self;
        let width = rows
            .iter()
            .map(|(name, ..)| name.len())
            .max()
            .unwrap_or(0)
            .max(5);
        writeln!(f, "\n{:<width$}  {:>8}  result", "step", "time")?;
        let mut row = |name: &str, time: Duration, result: &str| {
            writeln!(f, "{name:<width$}  {:>6.1} s  {result}", time.as_secs_f64())
        };
        for (name, outcome, time) in rows {
            match outcome {
                Outcome::Passed => row(name, *time, "ok")?,
                Outcome::Failed => row(name, *time, "FAILED")?,
                Outcome::LeftOut(reason) => row(name, *time, &format!("left out: {reason}"))?,
            }
        }
        row("total", rows.iter().map(|(.., time)| *time).sum(), "")?;

        let skipped = tally.skipped();
        writeln!(f, "\nleft out: {}", self.left_out() + skipped)?;
        if skipped > 0 {
            writeln!(
                f,
                "  {skipped} of them tests that their runners skipped or ignored"
            )?;
        }
        for (name, ..) in rows
            .iter()
            .filter(|(_, outcome, _)| *outcome == Outcome::Failed)
        {
            writeln!(
                f,
                "failed: {name}, repeat it with: cargo xtask {command} --only {name}"
            )?;
        }
        if *tally != Tally::default() {
            writeln!(f, "{tally}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_out_is_counted_and_the_tests_come_last() {
        let mut report = Report::new("test");
        let reason = Outcome::LeftOut("no network".to_owned());
        report.add("extra", reason, Duration::ZERO);
        report
            .tally
            .read_line("test result: ok. 3 passed; 0 failed; 2 ignored");
        let text = report.to_string();
        assert!(text.contains("left out: no network"), "{text}");
        assert!(text.contains("left out: 3\n  2 of them tests"), "{text}");
        assert!(
            text.ends_with("\n3 passed, 0 failed, 2 skipped\n"),
            "{text}"
        );
    }
}
