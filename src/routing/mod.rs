//! Decides which node serves a read or a write. Pure: no I/O, no clock, no lock, no allocation.

mod balance;
#[cfg(feature = "__bench")]
pub(crate) mod bench;
mod decide;
mod need;
mod reason;

pub use balance::Balance;
pub use decide::Level;
pub(crate) use decide::{Decision, Inputs, Policy, decide};
pub(crate) use need::{Block, Need};
pub use reason::{Reason, Route};
