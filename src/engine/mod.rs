//! The engine: what all handles of a router share, whatever the flavour of their connections.

mod lease;
mod options;
mod pooled;
mod rejections;
mod routes;
mod settings;
mod shared;
mod status;
mod view;
mod write_log;

pub(crate) use lease::{Grant, Lease};
pub(crate) use options::{DELAYED, Options};
#[allow(unused_imports, reason = "only where a flavour has no pool")]
pub(crate) use pooled::NoPool;
pub(crate) use pooled::{Pooled, pools};
pub(crate) use rejections::Rejections;
pub(crate) use routes::{RouteCount, Routes};
pub(crate) use settings::{Settings, setting_methods};
pub(crate) use shared::{Request, Shared};
pub use status::{NodeStatus, PoolStatus, Status};
pub(crate) use view::View;
pub(crate) use write_log::{Ending, WriteLog};
