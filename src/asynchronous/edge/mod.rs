//! The edge of a service on diesel-async.

mod adapter;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "tower")]
mod body;
#[expect(
    clippy::module_inception,
    reason = "named for what it has, as its neighbours are"
)]
mod edge;
mod exchange;
#[cfg(feature = "tower")]
mod future;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "axum")]
pub use axum::NoSessionLayer;
#[cfg(feature = "tower")]
pub use body::SessionBody;
pub(crate) use exchange::save_late;
#[cfg(feature = "tower")]
pub use future::SessionFuture;
#[cfg(feature = "tower")]
pub use layer::{SessionLayer, SessionService};
#[cfg(feature = "redis")]
pub use redis::RedisStore;
