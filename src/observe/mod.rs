//! What operators see: events, and the names of what spans carry.

#[allow(dead_code, reason = "some names are of spans that other features have")]
pub(crate) mod attributes;
mod event;
#[cfg(feature = "metrics")]
pub mod metrics;

pub(crate) use event::Event;
#[cfg(feature = "metrics")]
pub(crate) use metrics::PoolTimes;
