//! What operators see: events, and the names of what spans carry.

mod at_most;
#[allow(dead_code, reason = "some names are of spans that other features have")]
pub(crate) mod attributes;
mod event;
#[cfg(test)]
pub(crate) mod heard;
#[cfg(feature = "metrics")]
pub mod metrics;
mod spell;
#[cfg(test)]
mod tests;

pub(crate) use at_most::AtMost;
pub(crate) use event::Event;
#[cfg(feature = "metrics")]
pub(crate) use metrics::PoolTimes;
pub(crate) use spell::Spell;
