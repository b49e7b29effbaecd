//! The cluster: its nodes, their observations, and the conclusions from these.

mod facts;
mod history;
mod identity;
mod introduction;
mod node;
mod observation;
mod pool_options;
mod question;
mod roster;
mod signals;
mod snapshot;

pub use facts::ServerFacts;
#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) use facts::Wal;
pub(crate) use history::{Sample, after, age};
pub(crate) use identity::ServerId;
pub use introduction::Introduction;
pub use node::Node;
pub(crate) use node::topology;
pub use observation::Observation;
pub(crate) use observation::Said;
pub use pool_options::PoolOptions;
pub(crate) use question::Question;
pub(crate) use roster::{Event, NO_POSITION, Roster};
pub(crate) use signals::{Signals, Urgency};
pub use snapshot::Health;
pub(crate) use snapshot::{NodeState, Order, Snapshot};
