//! What the steps came to.

use std::fmt;
use std::process::ExitCode;
use std::time::Duration;

use crate::tally::Tally;

/// The end of one step.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    LeftOut(String),
}

/// All steps with their times, what was left out, and the tests counted.
#[derive(Debug)]
pub(crate) struct Report {
    /// The `cargo xtask` command that these are the steps of.
    chore: String,
    rows: Vec<Row>,
    left_out: Vec<String>,
    tally: Tally,
}

#[derive(Debug)]
struct Row {
    name: String,
    outcome: Outcome,
    time: Duration,
}

impl Report {
    pub(crate) fn new(chore: &str) -> Self {
        Self {
            chore: chore.to_owned(),
            rows: Vec::new(),
            left_out: Vec::new(),
            tally: Tally::default(),
        }
    }

    pub(crate) fn add(&mut self, name: impl Into<String>, outcome: Outcome, time: Duration) {
        let name = name.into();
        if let Outcome::LeftOut(reason) = &outcome {
            self.left_out(format!("{name}: {reason}"));
        }
        self.rows.push(Row {
            name,
            outcome,
            time,
        });
    }

    /// Something smaller than a step did not happen.
    pub(crate) fn left_out(&mut self, what: String) {
        self.left_out.push(what);
    }

    pub(crate) fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        if self.failed().next().is_some() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    fn failed(&self) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(|row| matches!(row.outcome, Outcome::Failed))
    }
}

/// A table, what was left out, what failed; the tests last, where CI looks for them.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .chain([5])
            .max()
            .unwrap_or(5);
        writeln!(f, "\n{:<width$}  {:<8}  {:>8}", "step", "result", "time")?;
        for Row {
            name,
            outcome,
            time,
            ..
        } in &self.rows
        {
            let result = match outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "FAILED",
                Outcome::LeftOut(_) => "left out",
            };
            writeln!(
                f,
                "{name:<width$}  {result:<8}  {:>6.1} s",
                time.as_secs_f64()
            )?;
        }
        let total: Duration = self.rows.iter().map(|row| row.time).sum();
        writeln!(
            f,
            "{:<width$}  {:<8}  {:>6.1} s",
            "total",
            "",
            total.as_secs_f64()
        )?;

        let skipped = self.tally.skipped();
        writeln!(f, "\nleft out: {}", self.left_out.len() as u64 + skipped)?;
        self.left_out
            .iter()
            .try_for_each(|what| writeln!(f, "  {what}"))?;
        if skipped > 0 {
            writeln!(f, "  {skipped} tests that their runners skipped or ignored")?;
        }
        for Row { name, .. } in self.failed() {
            writeln!(
                f,
                "failed: {name}, repeat it with: cargo xtask {} --only {name}",
                self.chore
            )?;
        }
        if self.tally != Tally::default() {
            writeln!(f, "{}", self.tally)?;
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
        report.add("tests", Outcome::Passed, Duration::ZERO);
        report.add(
            "extra",
            Outcome::LeftOut("no network".to_owned()),
            Duration::ZERO,
        );
        report
            .tally()
            .read_line("test result: ok. 3 passed; 0 failed; 2 ignored");
        let text = report.to_string();
        assert!(
            text.contains("left out: 3\n  extra: no network\n  2 tests"),
            "{text}"
        );
        assert!(
            text.ends_with("\n3 passed, 0 failed, 2 skipped\n"),
            "{text}"
        );
    }
}
