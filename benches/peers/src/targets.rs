//! The targets, and whether they were met.

use std::fmt::Write;

use crate::side::{ORACLE, OURS};
use crate::summary::{Group, Line, Summary};

/// The programs that ours is to be ahead of.
const PROGRAMS: [&str; 7] = [
    "PgBouncer",
    "HAProxy",
    "Pgpool-II",
    "PgDog",
    "PgCat",
    "ProxySQL",
    "MaxScale",
];
const RATE: f64 = 1.3;
const P50: f64 = 0.6;
/// The delay each way for which the target of the median is, in microseconds.
const P50_DELAY_US: u64 = 250;
const OF_ORACLE: f64 = 0.97;

/// Returns a list of what was met and what was missed.
pub(crate) fn all(summary: &Summary) -> String {
    let mut text = String::new();
    for group in &summary.groups {
        let Some(ours) = group.line(OURS) else {
            continue;
        };
        let _ = writeln!(text, "Targets, {}:", group.scenario);
        for (is_met, what) in of_group(group, ours) {
            let _ = writeln!(text, "- {}: {what}", if is_met { "met" } else { "missed" });
        }
    }
    text
}

fn of_group(group: &Group, ours: &Line) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let what = format!("{} stale reads of {} own reads", ours.stale, ours.own_reads);
    found.push((ours.stale == 0, what));
    if let Some(oracle) = group.line(ORACLE) {
        let share = ours.off_primary.median / oracle.off_primary.median;
        found.push((
            share >= OF_ORACLE,
            format!("{share:.3} of the oracle's reads off the primary (target {OF_ORACLE})"),
        ));
    }
    for program in PROGRAMS {
        let Some(better) = better_variant(group, program) else {
            continue;
        };
        let Some(quotients) = better.ours_over else {
            continue;
        };
        let (name, rate) = (&better.side, quotients.rate.median);
        // At a fixed rate, and among clients who think, all sides do the same.
        if group.scenario.open_loop.is_none() && group.scenario.think_us == 0 {
            let what = format!("{rate:.2} times the throughput of {name} (target {RATE})");
            found.push((rate >= RATE, what));
        }
        if group.scenario.delay_us == P50_DELAY_US {
            let p50 = quotients.read_p50.median;
            let what = format!("{p50:.2} of the median of {name} (target {P50})");
            found.push((p50 <= P50, what));
        }
        let cost = quotients.to_pay.median;
        found.push((
            cost <= 1.0,
            format!("{cost:.2} of the processor time of client and program with {name} (target 1)"),
        ));
    }
    found
}

/// Returns the variant of a program with the highest rate.
pub(crate) fn better_variant<'a>(group: &'a Group, program: &str) -> Option<&'a Line> {
    let variants = group
        .lines
        .iter()
        .filter(|line| line.side.starts_with(program));
    variants.max_by(|one, other| one.rate.median.total_cmp(&other.rate.median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::turn::{Scenario, Turn};

    fn turn(side: &str, rate: f64, p50: f64, stale: u64) -> Turn {
        Turn {
            scenario: Scenario {
                delay_us: P50_DELAY_US,
                ..Scenario::default()
            },
            side: side.into(),
            round: 0,
            rate,
            reads: 100,
            read_p50_us: p50,
            read_p99_us: p50,
            write_p50_us: p50,
            own_reads: 10,
            stale,
            back: 0,
            off_primary: 0.9,
            client_us: 50.0,
            program_us: 0.0,
            servers_us: 0.0,
        }
    }

    #[test]
    fn a_program_is_compared_in_its_better_variant() {
        let turns = [
            turn(OURS, 200.0, 60.0, 0),
            turn("HAProxy", 160.0, 110.0, 5),
            turn("HAProxy, ping", 100.0, 200.0, 5),
        ];
        let text = all(&Summary::of(&turns));
        assert!(
            text.contains("missed: 1.25 times the throughput of HAProxy (target 1.3)"),
            "{text}"
        );
        assert!(
            text.contains("met: 0.55 of the median of HAProxy (target 0.6)"),
            "{text}"
        );
        assert!(
            text.contains("met: 0 stale reads of 10 own reads"),
            "{text}"
        );
    }

    #[test]
    fn a_stale_read_of_ours_is_a_missed_target() {
        let text = all(&Summary::of(&[turn(OURS, 1.0, 1.0, 1)]));
        assert!(
            text.contains("missed: 1 stale reads of 10 own reads"),
            "{text}"
        );
    }
}
