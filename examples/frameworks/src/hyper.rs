//! Plain hyper: `SessionLayer` around a function, by hyper-util's adapter for tower.

use std::convert::Infallible;

use anyhow::{Context, Result};
use diesel_routing::edge::SessionLayer;
use diesel_routing::sqlite::{Router, Session};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

use crate::theme::{set_theme, theme};

/// Serves the connections of a listener, each in a task.
///
/// # Errors
///
/// Those of the listener, and that the router has no keys.
pub async fn serve(listener: TcpListener, router: Router) -> Result<()> {
    let sessions = SessionLayer::new(router)?;
    let service = ServiceBuilder::new()
        .layer(sessions)
        .service(service_fn(answer));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let answer = route(&request).await;
    Ok(answer.unwrap_or_else(|error| {
        let mut response = Response::new(format!("{error:#}"));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }))
}

async fn route(request: &Request<Incoming>) -> Result<Response<String>> {
    let session = request.extensions().get::<Session>();
    let session = session.context("no `SessionLayer` around it")?;
    if request.method() == Method::POST {
        set_theme(session, "dark").await?;
        return Ok(Response::new("saved".to_owned()));
    }
    Ok(Response::new(theme(session).await?))
}
