//! The table of `cargo xtask bench --orms`.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

/// The steps that are timed, and how the table calls them.
const STEPS: [(&str, &str); 3] = [
    ("alone", "one database"),
    ("read", "read"),
    ("write", "write"),
];

/// The table of the routers' lines: a row for each.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// By the number of what timed it, and its name.
    rows: BTreeMap<(usize, String), Row>,
}

#[derive(Debug, Default)]
struct Row {
    runtime: String,
    guarantee: String,
    /// Of each step, in nanoseconds; empty if the router has no such step.
    times: [Vec<f64>; STEPS.len()],
}

impl Table {
    /// Adds a line that `side` printed in one of its turns.
    ///
    /// # Errors
    ///
    /// Says what the line lacks.
    pub(crate) fn add(&mut self, side: usize, line: &str) -> Result<()> {
        let line: Value = serde_json::from_str(line).with_context(|| format!("`{line}`"))?;
        let text = |field: &str| {
            let text = line.get(field).and_then(Value::as_str);
            text.with_context(|| format!("`{line}` has no {field}"))
        };
        let [router, version, step] = ["router", "version", "step"].map(text);
        let router = format!("{} {}: {}", router?, version?, step?);
        let row = self.rows.entry((side, router)).or_default();
        text("runtime")?.clone_into(&mut row.runtime);
        text("guarantee")?.clone_into(&mut row.guarantee);
        for ((step, _), times) in STEPS.iter().zip(&mut row.times) {
            times.extend(line.get(step).and_then(Value::as_f64));
        }
        let has_read = line.get("read").is_some_and(Value::is_number);
        has_read
            .then_some(())
            .with_context(|| format!("`{line}` has no time of a read"))
    }
}

/// In Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [alone, read, write] = STEPS.map(|(_, name)| name);
        writeln!(
            f,
            "| router | runs on | {alone} | {read} | {write} | what a read is guaranteed |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for ((_, router), row) in &self.rows {
            let [alone, read, write] = row.times.each_ref().map(|times| cell(times));
            let (runtime, guarantee) = (&row.runtime, &row.guarantee);
            writeln!(
                f,
                "| {router} | {runtime} | {alone} | {read} | {write} | {guarantee} |"
            )?;
        }
        Ok(())
    }
}

/// Returns the median, the least and the most.
fn cell(times: &[f64]) -> String {
    let mut times = times.to_vec();
    times.sort_unstable_by(f64::total_cmp);
    match (times.first(), times.get(times.len() / 2), times.last()) {
        (Some(least), Some(median), Some(most)) => {
            let [least, median, most] = [least, median, most].map(|time| number(*time));
            format!("{median} ({least} to {most})")
        }
        _ => String::new(),
    }
}

/// Formats a time with two digits at least, and a comma after the thousands.
fn number(time: f64) -> String {
    if time < 10.0 {
        return format!("{time:.1}");
    }
    let digits = format!("{time:.0}");
    match digits.len().checked_sub(3) {
        Some(split @ 1..) => {
            let (thousands, rest) = digits.split_at(split);
            format!("{thousands},{rest}")
        }
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_median_and_the_extremes_of_its_turns() {
        let mut table = Table::default();
        for read in [1_700.4, 9.96, 20.0] {
            let line = format!(
                r#"{{"router": "R", "version": "1", "step": "s", "runtime": "V 2", "guarantee": "none", "read": {read}}}"#
            );
            table.add(1, &line).unwrap();
        }
        let text = table.to_string();
        let row = text.lines().nth(2);
        assert_eq!(
            row,
            Some("| R 1: s | V 2 |  | 20 (10.0 to 1,700) |  | none |")
        );
    }

    #[test]
    fn rows_stand_in_the_order_of_the_sides() {
        let mut table = Table::default();
        for (side, router) in [(2, "A"), (0, "Z")] {
            let line = format!(
                r#"{{"router": "{router}", "version": "1", "step": "s", "runtime": "", "guarantee": "", "read": 1}}"#
            );
            table.add(side, &line).unwrap();
        }
        let text = table.to_string();
        let rows: Vec<_> = text.lines().skip(2).map(|row| &row[2..3]).collect();
        assert_eq!(rows, ["Z", "A"]);
    }

    #[test]
    fn a_line_without_a_time_is_refused() {
        let line = r#"{"router": "R", "version": "1", "step": "s", "runtime": "", "guarantee": "", "read": null}"#;
        let error = Table::default().add(0, line).unwrap_err().to_string();
        assert!(error.ends_with("has no time of a read"), "{error}");
        let error = Table::default().add(0, "warning: old").unwrap_err();
        assert_eq!(error.to_string(), "`warning: old`");
    }
}
