//! The edge of a service on blocking Diesel: [`crate::edge`], for one thread per request.
//!
//! What is guaranteed, and in what order levels count, is the same. Settings, rules and counts are those of
//! [`crate::edge`].

mod exchange;
mod routed;
mod store;

pub use exchange::Exchange;
pub use routed::Edge;
#[cfg(feature = "redis")]
pub use store::RedisStore;
pub use store::TokenStore;
