//! Shared handles: statements through `&ReadConn` and `&WriteConn`, several of which may be under way.
//!
//! Each is checked as it is made, as on an exclusive handle, and marks the connection by itself. No lock is held while it waits.

mod read;
mod reading;
mod sources;
mod write;
