//! The cluster: its nodes, what they said of themselves, and what that makes of them.

mod facts;
mod history;
mod node;
mod question;
mod roster;
mod signals;
mod snapshot;

pub use facts::ServerFacts;
pub(crate) use history::{Sample, after, age};
pub use node::Node;
pub(crate) use node::topology;
pub(crate) use question::Question;
pub use roster::Observation;
pub(crate) use roster::{Event, NO_POSITION, Roster};
pub(crate) use signals::{Signals, Urgency};
pub use snapshot::Health;
pub(crate) use snapshot::{NodeState, Snapshot};
