//! The edge of a service on blocking Diesel: [`crate::edge`], for one thread per request.
//!
//! The guarantees and the order of levels are the same. Settings, rules and counters are those of
//! [`crate::edge`].

#[expect(
    clippy::module_inception,
    reason = "named for what it has, as its neighbours are"
)]
mod edge;
mod exchange;
#[cfg(feature = "redis")]
mod redis;
mod store;

pub use edge::Edge;
pub use exchange::Exchange;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use store::TokenStore;
