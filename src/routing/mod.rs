//! Decides which node serves a read or a write. Pure: no I/O, no clock, no lock, no allocation.

mod balance;
#[cfg(feature = "__bench")]
pub(crate) mod bench;
mod decide;
mod delay;
mod fallback;
mod latency;
mod least_lag;
mod level;
mod missing_schema;
mod mode;
mod need;
mod reason;
mod region;
mod replica_share;
mod share;
mod strength;
mod tag;

pub use balance::Balance;
pub(crate) use decide::{Basis, Decision, Inputs, Policy, decide};
pub(crate) use delay::Delay;
pub use fallback::Fallback;
pub(crate) use latency::PeakEwma;
pub(crate) use least_lag::least_lag;
pub use level::Level;
pub(crate) use level::levels;
pub use missing_schema::MissingSchema;
pub use mode::Mode;
pub(crate) use need::{Block, HomeServer, Need};
pub use reason::{Reason, Route};
pub use region::RegionPolicy;
pub(crate) use replica_share::{ReplicaShare, lot_of};
pub use share::Balancing;
pub(crate) use share::Share;
pub(crate) use strength::{Refusal, Strength};
pub use tag::Tag;
pub(crate) use tag::{Otherwise, Tags, Target, Wanted};
