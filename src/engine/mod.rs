//! The engine: what all handles of a router share, whatever the flavour of their connections.

mod answers;
mod arrivals;
#[cfg(feature = "__bench")]
pub(crate) mod bench;
pub(crate) mod breaker;
mod builder;
pub(crate) mod checkout;
mod current;
mod databases;
mod delays;
mod flavour;
mod following;
#[cfg(feature = "hedge")]
mod hedges;
mod hurry;
mod lease;
mod live;
mod nodes;
mod options;
mod pooled;
mod rejections;
mod router;
mod routes;
mod session;
mod settings;
mod shared;
mod start;
mod status;
mod view;
pub(crate) mod watcher;
mod window;
mod write_log;

pub(crate) use arrivals::Arrivals;
pub use breaker::{Breaker, BreakerStatus, ShedReads, Signal, Strain};
pub(crate) use breaker::{Gauges, LoadHook};
pub(crate) use builder::Recipe;
pub use builder::RouterBuilder;
pub(crate) use checkout::Request;
use databases::Databases;
pub use flavour::{Async, Blocking};
pub(crate) use flavour::{Flavour, NodePools};
pub use following::DiscoveryStatus;
pub(crate) use following::{Following, Turn};
#[cfg(feature = "hedge")]
pub(crate) use hedges::Hedges;
pub(crate) use lease::{Grant, Lease};
pub(crate) use live::Live;
pub use nodes::Nodes;
pub(crate) use nodes::{Change, Leaving, Seat};
pub(crate) use options::{DELAYED, Options};
#[allow(unused_imports, reason = "only where a flavour has no pool")]
pub(crate) use pooled::NoPool;
pub(crate) use pooled::{Known, Marks, Pooled, pools};
pub(crate) use rejections::Rejections;
pub use router::Router;
pub(crate) use router::WeakRouter;
#[cfg(feature = "edge")]
pub(crate) use routes::RouteCount;
pub(crate) use routes::Routes;
pub use session::Session;
pub(crate) use settings::{Questions, Settings};
pub(crate) use shared::{Server, Shared};
pub(crate) use start::Conditions;
pub use status::{NodeStatus, PoolStatus, Status, Upstream};
pub(crate) use view::View;
pub(crate) use window::Lags;
pub use window::{MeasuredWindow, Window, WindowStatus};
pub(crate) use write_log::{Ending, WriteLog};
