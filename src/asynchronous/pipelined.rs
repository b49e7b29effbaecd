//! Shared handles: statements through `&ReadConn` and `&WriteConn`, several of which may be under way.
//!
//! Each is checked as it is made, as on an exclusive handle, and marks the connection by itself. No lock is held while it waits.

mod probation;
mod read;
mod reading;
mod sources;
#[cfg(feature = "test-util")]
mod under_test;
mod write;

pub(in crate::asynchronous) use probation::kept_back;
#[cfg(feature = "test-util")]
pub(in crate::asynchronous) use under_test::{by_itself, is_by_itself};
