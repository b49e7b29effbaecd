//! The edge of a service on blocking Diesel: [`crate::edge`], for one thread per request.
//!
//! The guarantees and the order of levels are the same. Settings, rules and counters are those of
//! [`crate::edge`].

#[cfg(feature = "__async")]
mod adapter;
#[expect(
    clippy::module_inception,
    reason = "named for what it has, as its neighbours are"
)]
mod edge;
mod exchange;
#[cfg(feature = "redis")]
mod redis;
mod store;

pub(crate) use exchange::save_late;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
pub use store::TokenStore;

use crate::engine::Blocking;

/// Resumes sessions from requests, and hands their tokens to responses. See [`Edge`](crate::edge::Edge).
///
/// Cheap to clone; clones share the store and the counts.
///
/// ```no_run
/// # #[cfg(all(feature = "sync-postgres", feature = "r2d2"))]
/// # fn example(
/// #     router: diesel_routing::sync::pg::Router,
/// #     request: http::request::Parts,
/// #     response: &mut http::response::Parts,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::sync::edge::Edge;
///
/// let edge = Edge::new(router)?;
///
/// // For each request:
/// let mut exchange = edge.begin(&request);
/// let scope = exchange.session().clone().enter(); // for `Session::current()`
/// // .. handle the request ..
/// drop(scope);
/// exchange.finish(&mut response.headers);
/// # Ok(()) }
/// ```
pub type Edge<C> = crate::edge::Edge<C, Blocking>;

/// One request and its response, returned by [`Edge::begin`]; see [`Exchange`](crate::edge::Exchange).
pub type Exchange<C> = crate::edge::Exchange<C, Blocking>;
