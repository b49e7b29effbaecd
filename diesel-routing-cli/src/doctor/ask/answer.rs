//! Reads answers.

use std::time::{Duration, SystemTime};

use crate::doctor::facts::ClockOffset;
use crate::node::Row;

/// Returns how far a server's clock, in seconds since 1970, is before this machine's, if it was asked from `began` until now.
pub(super) fn offset(server: f64, began: SystemTime) -> Option<ClockOffset> {
    let since = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok();
        since.as_ref().map(Duration::as_secs_f64)
    };
    let (began, ended) = (since(began)?, since(SystemTime::now())?);
    Some(ClockOffset {
        millis: (server - f64::midpoint(began, ended)) * 1000.0,
        uncertainty: (ended - began).max(0.0) * 500.0,
    })
}

/// Returns the column `name` of all rows.
pub(super) fn names(rows: Option<Vec<Row>>) -> Vec<String> {
    let rows = rows.unwrap_or_default();
    rows.iter()
        .filter_map(|row| row.get("name").map(str::to_owned))
        .collect()
}
