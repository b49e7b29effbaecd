//! `History`: the lag of each node over time.

use std::collections::{BTreeMap, VecDeque};

use crate::survey::Report;

/// The lags of each node, the newest last, in milliseconds; `None` where it was not known.
#[derive(Debug, Default)]
pub(super) struct History {
    lags: BTreeMap<String, VecDeque<Option<u64>>>,
}

/// The most points of a node: more than terminals are wide. Chosen.
const POINTS: usize = 1_000;

impl History {
    /// Adds what a report says.
    pub(super) fn add(&mut self, report: &Report) {
        for node in &report.nodes {
            let lags = self.lags.entry(node.name.clone()).or_default();
            if lags.len() == POINTS {
                lags.pop_front();
            }
            lags.push_back(node.lag_seconds.map(millis));
        }
    }

    /// Returns the newest lags of a node, the newest last, as many as there are of so many.
    pub(super) fn newest(&self, node: &str, points: usize) -> Vec<Option<u64>> {
        let Some(lags) = self.lags.get(node) else {
            return Vec::new();
        };
        let skipped = lags.len().saturating_sub(points);
        lags.iter().skip(skipped).copied().collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a lag is neither negative nor of 10^16 years, and a conversion in between is the nearest number"
)]
fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::survey::NodeReport;

    #[test]
    fn the_newest_lags_are_kept_and_gaps_are_too() {
        let mut history = History::default();
        let report = |lag_seconds| Report {
            at: SystemTime::UNIX_EPOCH,
            nodes: vec![NodeReport {
                name: "a".to_owned(),
                lag_seconds,
                ..NodeReport::default()
            }],
            lacks: None,
            refused: None,
        };
        for lag in [Some(0.5), None, Some(2.0)] {
            history.add(&report(lag));
        }
        assert_eq!(history.newest("a", 9), [Some(500), None, Some(2000)]);
        assert_eq!(history.newest("a", 2), [None, Some(2000)]);
        assert!(history.newest("b", 2).is_empty());
        for _ in 0..2 * POINTS {
            history.add(&report(None));
        }
        assert_eq!(history.newest("a", usize::MAX).len(), POINTS);
    }
}
