//! Counts tests from the summary lines of cargo's test runners.

use std::fmt;
use std::ops::AddAssign;

use anstream::adapter::strip_str;

/// How many tests did what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }

    pub(crate) fn skipped(self) -> u64 {
        self.skipped
    }

    /// Count the line if it is a summary, nextest's or libtest's.
    pub(crate) fn read_line(&mut self, line: &str) {
        let line = strip_str(line).to_string();
        let counts = match line.trim().split_once(' ') {
            Some(("Summary", rest)) => rest.split_once(" run:").map(|(_, counts)| counts),
            Some(("test", rest)) => rest
                .strip_prefix("result:")
                .and_then(|rest| rest.split_once(". "))
                .map(|(_, counts)| counts),
            _ => None,
        };
        for count in counts
            .map(without_remarks)
            .iter()
            .flat_map(|counts| counts.split([',', ';']))
        {
            self.add_count(count.trim());
        }
    }

    /// One of `3 passed`, `1 timed out`, `2 skipped`, `4 ignored`.
    fn add_count(&mut self, count: &str) {
        let Some((number, kind)) = count.split_once(' ') else {
            return;
        };
        let Ok(number) = number.parse::<u64>() else {
            return;
        };
        match kind {
            "passed" => self.passed += number,
            "skipped" | "ignored" | "filtered out" => self.skipped += number,
            // A benchmark that libtest measured is no test.
            "measured" => {}
            // nextest splits failures: "failed", "timed out", "exec failed".
            _ => self.failed += number,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

/// `3 passed (1 slow, 1 flaky), 2 skipped` without what stands in parentheses.
fn without_remarks(counts: &str) -> String {
    let after_remark = |part: &str| {
        part.split_once(')')
            .map_or(part, |(_, rest)| rest)
            .to_owned()
    };
    counts.split('(').map(after_remark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(line: &str) -> Tally {
        let mut tally = Tally::default();
        tally.read_line(line);
        tally
    }

    #[test]
    fn reads_the_summary_of_nextest() {
        let line = "     Summary [  12.345s] 9 tests run: 5 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 1 exec failed, 3 skipped\n";
        assert_eq!(
            tally(line),
            Tally {
                passed: 5,
                failed: 4,
                skipped: 3
            }
        );
    }

    #[test]
    fn reads_the_summary_of_libtest() {
        let line = "test result: ok. 3 passed; 0 failed; 1 ignored; 2 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(
            tally(line),
            Tally {
                passed: 3,
                failed: 0,
                skipped: 5
            }
        );
    }

    #[test]
    fn reads_a_coloured_summary() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.012s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m";
        assert_eq!(
            tally(line),
            Tally {
                passed: 2,
                failed: 0,
                skipped: 0
            }
        );
        let line = "test result: \u{1b}[31mFAILED\u{1b}[m. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(
            tally(line),
            Tally {
                passed: 1,
                failed: 2,
                skipped: 0
            }
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "",
            "test a_test ... ok",
            "Summary",
            "error: 3 failed",
            "test result: ok",
        ] {
            assert_eq!(tally(line), Tally::default(), "{line}");
        }
    }
}
