//! Counts tests from the summary lines of cargo's test runners.

use std::fmt;

use anstream::adapter::strip_str;

/// The numbers of tests, by what became of them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Tally {
    /// Returns how many tests ran.
    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }

    pub(crate) fn skipped(self) -> u64 {
        self.skipped
    }

    /// Counts the line if it is a summary, nextest's or libtest's.
    pub(crate) fn read_line(&mut self, line: &str) {
        let line = strip_str(line).to_string();
        let line = line.trim();
        if !line.starts_with("Summary [") && !line.starts_with("test result:") {
            return;
        }
        let words: Vec<_> = line.split(|c: char| !c.is_alphanumeric()).collect();
        for count in words.windows(2) {
            let Ok(number) = count[0].parse::<u64>() else {
                continue;
            };
            match count[1] {
                "passed" => self.passed += number,
                // nextest's "timed out" and "exec failed" among them.
                "failed" | "timed" | "exec" => self.failed += number,
                "skipped" | "ignored" | "filtered" => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_summaries_of_nextest_and_libtest_and_nothing_else() {
        for (line, counts) in [
            (
                "     Summary [  12.345s] 9 tests run: 5 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 1 exec failed, 3 skipped\n",
                [5, 4, 3],
            ),
            (
                "test result: FAILED. 3 passed; 2 failed; 1 ignored; 2 measured; 4 filtered out; finished in 0.01s",
                [3, 2, 5],
            ),
            // Coloured.
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.012s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m",
                [2, 0, 0],
            ),
            ("test a_test ... ok", [0; 3]),
            ("error: 3 failed", [0; 3]),
        ] {
            let mut tally = Tally::default();
            tally.read_line(line);
            assert_eq!(
                [tally.passed, tally.failed, tally.skipped],
                counts,
                "{line}"
            );
        }
    }
}
