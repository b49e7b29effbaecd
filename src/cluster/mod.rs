//! What a router knows of its nodes, whatever the flavour of its connections.

mod facts;
mod history;
mod node;
mod pooled;
mod question;
mod rejections;
mod roster;
mod settings;
mod shared;
mod signals;
mod snapshot;
mod status;

pub use facts::{ServerFacts, ServerKind, ServerVersion};
pub(crate) use history::{Sample, after, age};
pub use node::Node;
pub(crate) use node::topology;
pub(crate) use pooled::Pooled;
pub(crate) use question::Question;
pub(crate) use rejections::Rejections;
pub use roster::Observation;
pub(crate) use roster::{Event, NO_POSITION, Roster};
pub(crate) use settings::{Settings, setting_methods};
pub(crate) use shared::{Request, Shared};
pub(crate) use signals::{Signals, Wish};
pub use snapshot::Health;
pub(crate) use snapshot::{NodeState, Snapshot};
pub use status::{NodeStatus, PoolStatus, Status};
