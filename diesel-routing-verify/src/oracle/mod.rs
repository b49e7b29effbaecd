//! The rules that histories are checked by: what every session wrote and read in, violations out. Pure: for workloads and
//! recorders of your own, too.
//!
//! Note what sessions do in a [`History`], tell with [`Kept`] what the database had in the end, and [`check`] says which promises
//! were not kept.

mod check;
mod floor;
mod history;
mod kept;
mod row;
mod timelines;

pub use check::{Findings, Guarantee, Violation, check};
pub use floor::{Known, Why};
pub use history::{Event, History, Moment, Read, Record};
pub use kept::{Fate, Kept};
pub use row::Row;
pub use timelines::count as count_timelines;
