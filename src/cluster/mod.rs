//! The cluster: its nodes, their observations, and the conclusions from these.

mod checksum;
mod diagnosis;
mod facts;
mod history;
mod identity;
mod introduction;
mod language;
mod member;
mod node;
mod observation;
mod per_slot;
mod pool_options;
mod question;
mod roster;
mod samples;
mod signals;
mod snapshot;
mod told;
mod urls;

pub use checksum::{Checksum, ChecksumLimits};
pub use diagnosis::{Diagnosis, SourceAddress};
pub use facts::ServerFacts;
pub(crate) use facts::Wal;
pub(crate) use history::{Sample, after, age, never};
pub(crate) use identity::ServerId;
pub use introduction::Introduction;
pub(crate) use language::{check_language, language_of_all};
pub(crate) use member::{Member, Members};
pub use node::Node;
#[cfg(feature = "config")]
pub(crate) use node::{Difference, difference};
pub(crate) use node::{is_same, newcomer, topology};
pub use observation::Observation;
pub(crate) use observation::Said;
pub(crate) use per_slot::PerSlot;
pub use pool_options::PoolOptions;
pub(crate) use question::Question;
pub(crate) use roster::{Event, NO_POSITION, Roster};
pub(crate) use samples::Samples;
pub(crate) use signals::{Signals, Urgency};
pub use snapshot::Health;
pub(crate) use snapshot::{BothClocks, NodeState, Order, Snapshot};
pub(crate) use told::{News, Told, Writes};
