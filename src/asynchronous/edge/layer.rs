//! `SessionLayer`: the edge as a tower layer.

use std::fmt;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::future::Begun;
use super::{SessionBody, SessionFuture};
use crate::asynchronous::RoutedConnection;
use crate::edge::{Edge, EdgeError, Exchange};
use crate::engine::Router;

/// Resumes the session of each request, and adds its new token to the response: for axum, tonic, and
/// every other tower service over HTTP.
///
/// The session is in the request's extensions (feature `axum`: take it as an argument of type `Session`), and in
/// [scope](crate::Session::scope). See the [module](crate::edge) for what is guaranteed, and [`Edge`] for the
/// settings.
///
/// ```no_run
/// # #[cfg(all(feature = "axum", feature = "postgres", feature = "bb8"))]
/// # fn example(router: diesel_routing::pg::Router) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::{consistency, edge::SessionLayer, pg::{Session, WriteConn}, prelude::*, Error};
/// # use axum::{Router, extract::Path, http::StatusCode, routing::put};
///
/// diesel::table! { users { id -> Integer, locale -> Text, } }
///
/// #[consistency(write)]
/// async fn set_locale(conn: &mut WriteConn, id: i32, locale: &str) -> Result<(), Error> {
///     diesel::update(users::table.find(id)).set(users::locale.eq(locale)).execute(conn).await?;
///     Ok(())
/// }
///
/// async fn switch(session: Session, Path((id, locale)): Path<(i32, String)>) -> Result<(), StatusCode> {
///     let set = set_locale(&session, id, &locale).await;
///     set.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
/// }
///
/// let app: Router = Router::new()
///     .route("/users/{id}/locale/{locale}", put(switch))
///     .layer(SessionLayer::new(router)?); // the user's next page shows the new locale, on every node
/// # Ok(()) }
/// ```
pub struct SessionLayer<C: RoutedConnection> {
    edge: Edge<C>,
}

impl<C: RoutedConnection> SessionLayer<C> {
    /// Creates a layer whose tokens travel in the cookie `__Host-db-session`. For other settings, use
    /// `SessionLayer::from(edge)`.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign them with.
    pub fn new(router: Router<C>) -> Result<Self, EdgeError> {
        Edge::new(router).map(Self::from)
    }

    /// Returns its edge, which has the counters.
    pub fn edge(&self) -> &Edge<C> {
        &self.edge
    }
}

impl<C: RoutedConnection> From<Edge<C>> for SessionLayer<C> {
    fn from(edge: Edge<C>) -> Self {
        Self { edge }
    }
}

impl<C: RoutedConnection> Clone for SessionLayer<C> {
    fn clone(&self) -> Self {
        Self::from(self.edge.clone())
    }
}

impl<S, C: RoutedConnection> Layer<S> for SessionLayer<C> {
    type Service = SessionService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService {
            inner,
            edge: self.edge.clone(),
        }
    }
}

/// A service in a [`SessionLayer`].
pub struct SessionService<S, C: RoutedConnection> {
    inner: S,
    edge: Edge<C>,
}

impl<S: Clone, C: RoutedConnection> Clone for SessionService<S, C> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            edge: self.edge.clone(),
        }
    }
}

impl<S, C, I, O> Service<Request<I>> for SessionService<S, C>
where
    S: Service<Request<I>, Response = Response<O>, Future: Send> + Clone + Send + 'static,
    C: RoutedConnection,
    I: Send + 'static,
    O: Send + 'static,
{
    type Response = Response<SessionBody<O>>;
    type Error = S::Error;
    type Future = SessionFuture<S::Future, O, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut exchange = Box::new(self.edge.arrival(&head));
        let request = Request::from_parts(head, body);
        if exchange.key().is_none() {
            return SessionFuture::answering(begin(exchange, request, &mut self.inner));
        }
        // Calls the service that was polled for readiness, not its clone.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        SessionFuture::loading(async move {
            exchange.load().await;
            begin(exchange, request, &mut inner)
        })
    }
}

/// Calls the inner service, with the session in the request's extensions and in scope.
fn begin<S, C, I>(
    exchange: Box<Exchange<C>>,
    mut request: Request<I>,
    inner: &mut S,
) -> Begun<S::Future, C>
where
    S: Service<Request<I>>,
    C: RoutedConnection,
{
    let session = exchange.session();
    request.extensions_mut().insert(session.clone());
    let answer = session.clone().scoped(|| inner.call(request));
    (exchange, answer)
}

impl<C: RoutedConnection> fmt::Debug for SessionLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer")
            .field("edge", &self.edge)
            .finish()
    }
}

impl<S: fmt::Debug, C: RoutedConnection> fmt::Debug for SessionService<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService")
            .field("inner", &self.inner)
            .field("edge", &self.edge)
            .finish()
    }
}
