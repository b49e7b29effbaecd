//! poem: a middleware on `AnyEdge`. poem's tower-compat hands layers poem's own requests, which `SessionLayer` does not take.

use std::mem;

use diesel_routing::edge::{AnyEdge, AnyExchange, Edge, EdgeError, SessionBody};
use diesel_routing::sqlite::{Connection, Router, Session};
use http_body_util::combinators::BoxBody;
use poem::http::StatusCode;
use poem::http::request::Parts;
use poem::web::Data;
use poem::{Body, Endpoint, EndpointExt, Middleware, Request, Response, Route, get, handler};

use crate::theme::{set_theme, theme};

/// Builds the service.
///
/// # Errors
///
/// [`EdgeError::NoTokenKeys`], if the router has none.
pub fn app(router: Router) -> Result<impl Endpoint, EdgeError> {
    let sessions = Sessions::<Edge<Connection>>(Edge::new(router)?);
    let routes = Route::new().at("/theme", get(show).post(darken));
    Ok(routes.with(sessions))
}

#[handler]
async fn show(Data(session): Data<&Session>) -> poem::Result<String> {
    theme(session).await.map_err(failed)
}

#[handler]
async fn darken(Data(session): Data<&Session>) -> poem::Result<&'static str> {
    set_theme(session, "dark").await.map_err(failed)?;
    Ok("saved")
}

fn failed(error: diesel_routing::Error) -> poem::Error {
    poem::Error::new(error, StatusCode::INTERNAL_SERVER_ERROR)
}

/// Resumes the session of each request, and adds its new token to the response. It takes an edge of either flavour.
#[derive(Debug, Clone)]
pub struct Sessions<E>(pub E);

impl<E: AnyEdge, P: Endpoint> Middleware<P> for Sessions<E> {
    type Output = SessionEndpoint<E, P>;

    fn transform(&self, inner: P) -> Self::Output {
        SessionEndpoint {
            edge: self.0.clone(),
            inner,
        }
    }
}

/// An endpoint in [`Sessions`].
#[derive(Debug)]
pub struct SessionEndpoint<E, P> {
    edge: E,
    inner: P,
}

impl<E: AnyEdge, P: Endpoint> Endpoint for SessionEndpoint<E, P> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let exchange = self.edge.arrive(head(&request)).await;
        request.set_data(exchange.session().clone());
        // As a response also if it failed: what was written before an error is written.
        let mut response = exchange.around(self.inner.get_response(request)).await;
        let headers = mem::take(response.headers_mut());
        let (exchange, headers) = exchange.leave(headers).await;
        *response.headers_mut() = headers;
        let body = SessionBody::holding(BoxBody::from(response.take_body()), exchange);
        response.set_body(Body::from(BoxBody::new(body)));
        Ok(response)
    }
}

fn head(request: &Request) -> Parts {
    let (mut head, ()) = poem::http::Request::new(()).into_parts();
    head.method = request.method().clone();
    head.uri = request.uri().clone();
    head.headers = request.headers().clone();
    head
}
