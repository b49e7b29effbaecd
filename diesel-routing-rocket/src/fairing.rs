//! `SessionFairing`: the edge as a fairing of Rocket.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use diesel_routing::edge::{AnyEdge, AnyExchange, AnyRouter, EdgeError};
use http::HeaderMap;
use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Data, Request, Response};

use crate::headers::{append, copied, head, replace};

/// Resumes the session of each request, and adds its new token to the response.
///
/// Attach it after fairings that set `Cache-Control`: a response that gets the cookie is made private, as it is then. See the
/// [crate](crate) for an example, and [`diesel_routing::edge`] for what is guaranteed.
///
/// `E` is an [`Edge`](diesel_routing::edge::Edge), or a [`sync::edge::Edge`](diesel_routing::sync::edge::Edge). Of several of one type, the
/// one that was attached last counts.
#[must_use = "it does nothing until it is attached"]
pub struct SessionFairing<E> {
    edge: E,
}

impl<E: AnyEdge> SessionFairing<E> {
    /// Creates a fairing whose tokens travel in the cookie `__Host-db-session`. For other settings, use
    /// `SessionFairing::from(edge)`.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign them with.
    pub fn new(router: impl AnyRouter<Edge = E>) -> Result<Self, EdgeError> {
        router.edge().map(Self::from)
    }

    /// Returns its edge, which has the counters.
    pub fn edge(&self) -> &E {
        &self.edge
    }
}

impl<E: AnyEdge> From<E> for SessionFairing<E> {
    fn from(edge: E) -> Self {
        Self { edge }
    }
}

impl<E: Clone> Clone for SessionFairing<E> {
    fn clone(&self) -> Self {
        Self {
            edge: self.edge.clone(),
        }
    }
}

/// The exchange of a request, which lives as long as the request: until the response's body has been sent.
struct Visit<X>(Mutex<Option<X>>);

impl<X> Visit<X> {
    fn exchange(&self) -> MutexGuard<'_, Option<X>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[rocket::async_trait]
impl<E: AnyEdge> Fairing for SessionFairing<E> {
    fn info(&self) -> Info {
        Info {
            name: "Sessions of diesel-routing",
            kind: Kind::Request | Kind::Response | Kind::Singleton,
        }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let exchange = self.edge.arrive(head(request)).await;
        let session = exchange.session().clone();
        request.local_cache(|| Some(session));
        request.local_cache(|| Visit(Mutex::new(Some(exchange))));
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let visit = request.local_cache(|| Visit::<E::Exchange>(Mutex::new(None)));
        let Some(exchange) = visit.exchange().take() else {
            return;
        };
        let exchange = if exchange.has_news() {
            let before = copied(response.headers());
            let (exchange, after) = exchange.leave(before.clone()).await;
            replace(response, &before, &after);
            exchange
        } else {
            let (exchange, added) = exchange.leave(HeaderMap::new()).await;
            append(response, &added);
            exchange
        };
        *visit.exchange() = Some(exchange);
    }
}

impl<E: fmt::Debug> fmt::Debug for SessionFairing<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionFairing")
            .field("edge", &self.edge)
            .finish()
    }
}
