//! Where a read or a write goes, and why. Pure: no I/O, no clock, no lock, no allocation.

mod decide;
mod reason;

pub use decide::Level;
pub(crate) use decide::{Inputs, Token, decide};
pub use reason::{Reason, Route};
