//! Salvo: `SessionLayer` as a hoop, by salvo's tower-compat; `Session` from the request's extensions, or in scope.

use diesel_routing::edge::{EdgeError, SessionLayer};
use diesel_routing::sqlite::{Router, Session};
use salvo::prelude::*;

use crate::theme::{set_theme, theme};

/// Builds the service. Call it in a runtime: salvo's adapter spawns a task.
///
/// # Errors
///
/// [`EdgeError::NoTokenKeys`], if the router has none.
pub fn app(router: Router) -> Result<salvo::Router, EdgeError> {
    let sessions = SessionLayer::new(router)?;
    Ok(salvo::Router::with_path("theme")
        .hoop(sessions.compat())
        .get(show)
        .post(darken))
}

fn session(request: &Request) -> Result<Session, StatusError> {
    let session = request.extensions().get::<Session>().cloned();
    session.ok_or_else(|| StatusError::internal_server_error().brief("no `SessionLayer` around it"))
}

fn failed(error: diesel_routing::Error) -> StatusError {
    StatusError::internal_server_error().cause(error)
}

#[handler]
async fn show(request: &mut Request) -> Result<String, StatusError> {
    theme(&session(request)?).await.map_err(failed)
}

#[handler]
async fn darken(request: &mut Request) -> Result<&'static str, StatusError> {
    let saved = set_theme(&session(request)?, "dark").await;
    saved.map_err(failed)?;
    Ok("saved")
}
