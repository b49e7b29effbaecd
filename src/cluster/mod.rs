//! What a router knows of its nodes, whatever the flavour of its connections.

mod history;
mod node;
mod pooled;
mod roster;
mod shared;
mod signals;
mod snapshot;

pub(crate) use history::{Sample, age};
pub use node::Node;
pub(crate) use node::validate;
pub(crate) use pooled::Pooled;
pub use roster::Observation;
pub(crate) use roster::{Event, Roster};
pub(crate) use shared::{Settings, Shared};
pub(crate) use signals::Signals;
pub(crate) use snapshot::{Health, NodeState, Snapshot};
