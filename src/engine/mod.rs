//! The engine: what all handles of a router share, whatever the flavour of their connections.

mod advice;
mod answers;
mod applied;
#[cfg(feature = "config")]
mod apply;
mod arrivals;
#[cfg(feature = "__bench")]
pub(crate) mod bench;
mod builder;
mod caught_up;
pub(crate) mod checkout;
mod class_labels;
mod comparison;
mod configuration;
#[cfg(feature = "config")]
mod configured;
mod counts;
mod current;
mod databases;
mod delays;
mod flag;
mod flavour;
mod following;
#[cfg(feature = "hedge")]
mod hedges;
mod hurry;
#[cfg(feature = "serde")]
mod job_token;
mod lease;
mod live;
mod loans;
mod marks;
#[cfg(feature = "migrations")]
pub(crate) mod migration_plan;
#[cfg(feature = "migrations")]
mod migrator;
mod no_pool;
mod nodes;
mod one_question;
mod options;
mod outdated;
mod plan;
mod pooled;
mod pools;
#[cfg(feature = "metrics")]
mod recording;
mod rejections;
mod reset;
mod router;
mod routes;
mod session;
mod settings;
mod shared;
mod sizing;
mod start;
mod status;
mod switch;
#[cfg(feature = "test-util")]
mod test_state;
#[cfg(feature = "config")]
mod turnstile;
#[cfg(feature = "test-util")]
mod under_test;
mod usage;
mod view;
pub(crate) mod watcher;
mod write_log;

pub(crate) use advice::Advice;
pub(crate) use applied::Applied;
pub(crate) use arrivals::Arrivals;
pub use builder::RouterBuilder;
pub use caught_up::{CaughtUpReport, ReplicaReport};
pub(crate) use checkout::{Request, Wait};
pub(crate) use class_labels::{ClassLabel, ClassLabels};
pub use comparison::{CompareLimits, Comparison, TableComparison, TableOnReplica};
pub use configuration::ConfigurationStatus;
pub(crate) use configuration::{Changed, Record};
#[cfg(feature = "config")]
pub(crate) use configured::Configured;
pub(crate) use counts::{Asker, Counts, NodeCounts};
use databases::Databases;
pub(crate) use flag::Flag;
pub use flavour::{Async, Blocking};
pub(crate) use flavour::{Flavour, NodePools};
pub use following::DiscoveryStatus;
pub(crate) use following::{Following, Turn};
#[cfg(feature = "hedge")]
pub(crate) use hedges::Hedges;
#[cfg(feature = "serde")]
pub use job_token::JobToken;
pub(crate) use lease::{Grant, Lease};
pub(crate) use live::Live;
pub(crate) use loans::LoanKind;
pub(crate) use marks::{Blame, Marks};
#[cfg(feature = "migrations")]
pub(crate) use migrator::CommonWrite;
#[cfg(feature = "migrations")]
pub use migrator::{MigrationLock, MigrationSteps, Migrator};
#[allow(unused_imports, reason = "only where a flavour has no pool")]
pub(crate) use no_pool::NoPool;
pub use nodes::Nodes;
pub(crate) use nodes::{Change, Leaving, Seat};
pub(crate) use one_question::{AskOrWait, OneQuestion};
pub(crate) use options::{DELAYED, Options};
pub(crate) use plan::Recipe;
pub(crate) use pooled::{Known, Pooled};
pub(crate) use pools::pools;
#[cfg(feature = "metrics")]
pub(crate) use recording::Recording;
pub(crate) use rejections::Rejections;
pub use reset::Reset;
pub(crate) use reset::ResetRule;
pub use router::Router;
pub(crate) use router::WeakRouter;
#[cfg(feature = "edge")]
pub(crate) use routes::RouteCount;
pub(crate) use routes::Routes;
pub use session::Session;
pub(crate) use settings::{Questions, Settings};
pub(crate) use shared::{Server, Shared, Terms};
pub(crate) use sizing::WATCHERS;
pub use sizing::{PoolAdvice, PoolLoad, Sizing, SizingAdvice};
pub(crate) use start::Conditions;
pub use status::{LoanCount, NodeStatus, PoolStatus, ReadCounts, Status, Upstream};
#[cfg(feature = "test-util")]
pub(crate) use test_state::TestState;
#[cfg(feature = "config")]
pub(crate) use turnstile::{Inside, Turnstile};
pub(crate) use usage::Usage;
pub(crate) use view::View;
pub(crate) use write_log::{Ending, WriteLog};
