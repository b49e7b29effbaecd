//! How what a status has is serialized.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use serde::Serializer;

use crate::session::Rejection;

/// Serializes a time as a number of seconds.
#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn seconds<S: Serializer>(
    time: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_some(&time.as_secs_f64()),
        None => serializer.serialize_none(),
    }
}

/// Serializes an instant as in RFC 3339.
pub(super) fn time<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_millis(*time))
}

/// Serializes what is displayed.
#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn text<T: Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// Serializes the numbers of rejected tokens, by reason.
pub(super) fn rejections<S: Serializer>(
    rejected: &[(Rejection, u64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        rejected
            .iter()
            .map(|(reason, count)| (reason.as_str(), count)),
    )
}
