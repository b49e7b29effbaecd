//! axum: `SessionLayer` around the routes, `Session` as an argument.

use axum::Router as App;
use axum::http::StatusCode;
use axum::routing::get;
use diesel_routing::edge::{EdgeError, SessionLayer};
use diesel_routing::sqlite::{Router, Session};

use crate::theme::{set_theme, theme};

/// Builds the service.
///
/// # Errors
///
/// [`EdgeError::NoTokenKeys`], if the router has none.
pub fn app(router: Router) -> Result<App, EdgeError> {
    Ok(App::new()
        .route("/theme", get(show).post(darken))
        .layer(SessionLayer::new(router)?))
}

async fn show(session: Session) -> Result<String, StatusCode> {
    let theme = theme(&session).await;
    theme.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn darken(session: Session) -> Result<&'static str, StatusCode> {
    let saved = set_theme(&session, "dark").await;
    saved.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("saved")
}
