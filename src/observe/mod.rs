//! What operators see: events, and the names of what spans carry.

mod at_most;
#[allow(dead_code, reason = "some names are of spans that other features have")]
pub(crate) mod attributes;
mod event;
#[cfg(test)]
pub(crate) mod heard;
mod spell;
#[cfg(test)]
mod tests;

pub(crate) use at_most::AtMost;
pub(crate) use event::Event;
pub(crate) use spell::Spell;
