//! `SessionMiddleware`: the edge as a middleware of actix-web.

use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::InternalError;
use actix_web::http::header::HeaderMap;
use actix_web::{Error, HttpMessage};
use diesel_routing::edge::{AnyEdge, AnyExchange, AnyRouter, EdgeError};

use crate::SessionBody;
use crate::headers::{append, copied, head};

/// Resumes the session of each request, and adds its new token to the response.
///
/// Make it once, outside the factory of `HttpServer::new`, and clone it into each `App`: clones share the edge's store and counts. It
/// fits `App::wrap`, `Scope::wrap` and `Resource::wrap`. Of several middlewares, those that are wrapped after it see its cookie. See
/// the [crate](crate) for an example, and [`diesel_routing::edge`] for what is guaranteed.
///
/// `E` is an [`Edge`](diesel_routing::edge::Edge), or a [`sync::edge::Edge`](diesel_routing::sync::edge::Edge).
#[must_use = "it does nothing until an `App` is wrapped in it"]
pub struct SessionMiddleware<E> {
    edge: E,
}

impl<E: AnyEdge> SessionMiddleware<E> {
    /// Creates a middleware whose tokens travel in the cookie `__Host-db-session`. For other settings, use
    /// `SessionMiddleware::from(edge)`.
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

impl<E: AnyEdge> From<E> for SessionMiddleware<E> {
    fn from(edge: E) -> Self {
        Self { edge }
    }
}

impl<E: Clone> Clone for SessionMiddleware<E> {
    fn clone(&self) -> Self {
        Self {
            edge: self.edge.clone(),
        }
    }
}

impl<S, B, E> Transform<S, ServiceRequest> for SessionMiddleware<E>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
    E: AnyEdge,
{
    type Response = ServiceResponse<SessionBody<B>>;
    type Error = Error;
    type Transform = SessionService<S, E>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(SessionService {
            service: Rc::new(service),
            edge: self.edge.clone(),
        }))
    }
}

/// A service in a [`SessionMiddleware`].
pub struct SessionService<S, E> {
    service: Rc<S>,
    edge: E,
}

impl<S, B, E> Service<ServiceRequest> for SessionService<S, E>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
    E: AnyEdge,
{
    type Response = ServiceResponse<SessionBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (service, edge) = (Rc::clone(&self.service), self.edge.clone());
        Box::pin(async move {
            let exchange = edge.arrive(head(&request)).await;
            let session = exchange.session().clone();
            request.extensions_mut().insert(session);
            let answer = exchange.around(async { service.call(request).await });
            match answer.await {
                Ok(mut response) => {
                    let exchange = leave(exchange, response.headers_mut()).await;
                    Ok(response.map_body(|_, body| SessionBody::new(body, exchange)))
                }
                // Of a middleware inside: handlers' errors are responses by now.
                Err(error) if exchange.has_news() => {
                    let mut response = error.error_response();
                    let _exchange = leave(exchange, response.headers_mut()).await;
                    Err(InternalError::from_response(error, response).into())
                }
                Err(error) => Err(error),
            }
        })
    }
}

/// Adds to a response's headers what the client must know for its next request.
async fn leave<X: AnyExchange>(exchange: X, headers: &mut HeaderMap) -> X {
    if !exchange.has_news() {
        let (exchange, added) = exchange.leave(http::HeaderMap::new()).await;
        append(headers, &added);
        return exchange;
    }
    let (exchange, all) = exchange.leave(copied(headers)).await;
    headers.clear();
    append(headers, &all);
    exchange
}

impl<E: fmt::Debug> fmt::Debug for SessionMiddleware<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionMiddleware")
            .field("edge", &self.edge)
            .finish()
    }
}

impl<S: fmt::Debug, E: fmt::Debug> fmt::Debug for SessionService<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService")
            .field("service", &self.service)
            .field("edge", &self.edge)
            .finish()
    }
}
