//! `AnyEdge` and its relatives: both flavours, as frameworks' adapters use them.

use std::future::Future;

use http::HeaderMap;
use http::request::Parts;

use super::EdgeError;
use crate::context::Scoped;

/// Keeps the traits for the two flavours.
#[expect(unnameable_types, reason = "nobody may implement it")]
pub trait Sealed {}

/// An [`Edge`](super::Edge) of either flavour, for adapters of frameworks that run on tokio: [`SessionLayer`](super::SessionLayer) needs
/// none; `diesel-routing-actix` and `diesel-routing-rocket` are made of it.
///
/// What a blocking edge waits for, its store and the primary's answer, it waits for on tokio's blocking threads.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::edge::{AnyEdge, AnyExchange};
/// use http::{Request, Response};
///
/// /// Calls a handler with the request's session, which is in scope there as well.
/// async fn serve<E: AnyEdge, B>(
///     edge: &E,
///     request: Request<B>,
///     handler: impl AsyncFnOnce(Request<B>) -> Response<String>,
/// ) -> Response<String> {
///     let (head, body) = request.into_parts();
///     let exchange = edge.arrive(head.clone()).await;
///     let mut request = Request::from_parts(head, body);
///     request.extensions_mut().insert(exchange.session().clone());
///
///     let response = exchange.around(handler(request)).await;
///     let (mut head, body) = response.into_parts();
///     let (exchange, headers) = exchange.leave(head.headers).await;
///     head.headers = headers;
///     drop(exchange); // frameworks that stream keep it until the body has been sent
///     Response::from_parts(head, body)
/// }
/// ```
pub trait AnyEdge: Sealed + Clone + Send + Sync + 'static {
    /// The sessions of its requests.
    type Session: AnySession;
    /// One request and its response.
    type Exchange: AnyExchange<Session = Self::Session>;

    /// Resumes the session of a request, as `Edge::begin` does.
    fn arrive(&self, request: Parts) -> impl Future<Output = Self::Exchange> + Send;
}

/// An [`Exchange`](super::Exchange) of either flavour: see [`AnyEdge`].
pub trait AnyExchange: Sealed + Sized + Send + Sync + 'static {
    /// The request's session.
    type Session: AnySession;

    /// Returns the session, at the request's level.
    fn session(&self) -> &Self::Session;

    /// Returns whether [`leave`](Self::leave) has a token to add. If not, it needs no copy of the response's headers: it adds at most
    /// `Server-Timing`, which may be appended to them.
    fn has_news(&self) -> bool;

    /// Wraps `future` so that it runs with the session in [scope](crate::Scope).
    fn around<F: Future>(&self, future: F) -> Scoped<F>;

    /// Adds to a response's headers what the client must know for its next request, as `Exchange::finish` does, and returns them.
    /// Keep the exchange until the body has been sent.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped half-way, the token is lost; the write is saved in the store, or counted.
    fn leave(self, headers: HeaderMap) -> impl Future<Output = (Self, HeaderMap)> + Send;
}

/// A [`Session`](crate::Session) of either flavour, such as `pg::Session` or `sync::pg::Session`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session of diesel-routing",
    label = "name the session's type, such as `diesel_routing::pg::Session`"
)]
pub trait AnySession: Sealed + Clone + Send + Sync + 'static {}

/// A router of either flavour, which becomes an edge with the settings that it has by default.
pub trait AnyRouter: Sealed {
    /// The edge of that flavour.
    type Edge: AnyEdge;

    /// Creates the edge, as `Edge::new` does.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign tokens with.
    fn edge(self) -> Result<Self::Edge, EdgeError>;
}
