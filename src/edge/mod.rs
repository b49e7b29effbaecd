//! The edge of a service: sessions that arrive with a request, and leave with its response.
//!
//! An [`Edge`] resumes the session whose token arrives with a request (in a cookie, a header, or from a
//! [store](TokenStore)), and adds the new token to the response if the request wrote. [`SessionLayer`]
//! (feature `tower`) does this for every tower service; without a framework, call [`Edge::begin`] and
//! [`Exchange::finish`]. For blocking Diesel, see [`sync::edge`](crate::sync::edge); for actix-web, Rocket, gRPC and others,
//! [`docs/frameworks.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/frameworks.md).
//!
//! # What reads observe
//!
//! | | reads observe |
//! |---|---|
//! | the same request, and what it puts into the session's [scope](crate::Session::scope) | its writes, and never less than it has read |
//! | later requests with the token: other tabs, other nodes | its writes |
//! | the same, with [`Edge::carry_reads`] | its writes, and never less than it has read |
//!
//! The token is sent with the response's head. It cannot include what a handler writes later, while its
//! body streams or on an upgraded connection:
//!
//! - A write that is under way when the head is sent counts as written then, at an unknown position: reads
//!   go to the primary for the router's window.
//! - A write that begins after that is saved in the store, if there is one; otherwise it is counted in
//!   [`EdgeStatus::late_writes`], and logged.
//! - Once the body has ended, nothing is tracked: on a WebSocket, send
//!   [`Session::token`](crate::Session::token) yourself.
//!
//! A browser keeps one cookie of a name. If two requests of one user write at the same time, the token of the
//! response that arrives last replaces the other. If its position was asked for first, the other's write may be
//! missed until a replica has it. A store joins both.
//!
//! A client that keeps no cookies, such as another service, may send `X-Write-Timestamp` of a response back
//! ([`Edge::write_timestamp`]): from callers that [`Edge::trust`] trusts, reads then observe everything that was acknowledged
//! up to that time.
//!
//! A handler that panics produces no response to carry a token: put the layer that turns panics into
//! responses inside this one. The store does not need a response.
//!
//! # Levels
//!
//! A read is as fresh as the strongest of these asks for:
//!
//! - the attribute of a repository function, [`#[consistency(..)]`](macro@crate::consistency), and its class;
//! - the explicit call (`read`, `read_eventual`, `read_bounded`, `read_primary`), and the type of its handle;
//! - the session's view: `at_level`, `class`;
//! - the request header `X-DB-Consistency`, from callers that [`Edge::trust`] trusts (by default none);
//! - the [`Rule`] of the request's path and method.
//!
//! [`Session::read_default`](crate::Session::read_default) asks for nothing itself: it reads at the level that the last three have
//! set, and at [`Level::Session`](crate::Level::Session) where they set none.

#[cfg(feature = "__async")]
mod adapter;
mod cacheable;
mod cookie;
mod counts;
#[expect(
    clippy::module_inception,
    reason = "named for what it has, as its neighbours are"
)]
mod edge;
mod exchange;
mod inner;
mod outage;
mod requested_level;
mod rule;
mod settings;
mod store;
mod store_breaker;
mod timestamp;
pub(crate) mod timing;

#[cfg(feature = "__async")]
pub(crate) use adapter::Sealed;
#[cfg(feature = "__async")]
pub use adapter::{AnyEdge, AnyExchange, AnyRouter, AnySession};

#[cfg(all(feature = "__async", any(feature = "tower", feature = "redis")))]
pub use crate::asynchronous::edge::*;
pub use cacheable::Cacheable;
pub use cookie::{SameSite, TokenCookie};
pub(crate) use counts::Counts;
pub use counts::EdgeStatus;
pub use edge::Edge;
pub(crate) use edge::StoreOf;
pub use exchange::Exchange;
pub(crate) use exchange::Save;
pub(crate) use inner::Inner;
pub(crate) use outage::Outage;
#[cfg(feature = "config")]
pub(crate) use rule::ConfiguredRules;
pub use rule::Rule;
pub(crate) use rule::Rules;
pub(crate) use settings::{
    LEFT_ALONE, SERVER_TIMING, Settings, TOO_SLOW, WRITE_TIMESTAMP, written_at,
};
#[cfg(feature = "moka")]
pub use store::MemoryStore;
#[cfg(feature = "redis")]
pub(crate) use store::redis_script;
pub use store::{StoreDown, StoreFuture, TokenStore};
pub(crate) use store_breaker::StoreBreaker;

pub use crate::error::{EdgeError, StoreError};
