//! Verifications of routers, and of what must not be taken for one, on the test kit's clusters.

#![expect(clippy::unwrap_used, reason = "tests")]

mod mariadb;
mod postgres;
mod sqlite;

use std::time::Duration;

use diesel_routing_verify::{Report, ViolationKind};

/// The time that whatever a test waits for may take: on a busy machine, too.
const LIMIT: Duration = Duration::from_secs(30);

/// Returns the kinds of what must not be.
fn kinds(report: &Report) -> Vec<ViolationKind> {
    report
        .violations()
        .iter()
        .map(|violation| violation.kind)
        .collect()
}

/// Asserts that a run shows that all promises were kept.
fn assert_holds(report: &Report) {
    assert!(report.violations().is_empty(), "{report}");
    assert_eq!(report.shows_nothing(), None, "{report}");
    assert_eq!(report.not_removed, None, "{report}");
}

/// Returns the promises that stale reads have broken.
fn stale(report: &Report) -> Vec<&str> {
    report
        .violations()
        .iter()
        .filter(|violation| violation.kind == ViolationKind::StaleRead)
        .map(|violation| &*violation.what)
        .collect()
}
