//! actix-web: `SessionMiddleware` around the `App`, `DbSession` as an argument.

use actix_web::{error, web};
use diesel_routing::sqlite::Session;
use diesel_routing_actix::DbSession;

use crate::theme::{set_theme, theme};

/// Adds the service's routes: `App::new().wrap(SessionMiddleware::new(router)?).configure(routes)`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/theme", web::get().to(show))
        .route("/theme", web::post().to(darken));
}

async fn show(DbSession(session): DbSession<Session>) -> actix_web::Result<String> {
    let theme = theme(&session).await;
    theme.map_err(error::ErrorInternalServerError)
}

async fn darken(DbSession(session): DbSession<Session>) -> actix_web::Result<String> {
    let saved = set_theme(&session, "dark").await;
    saved.map_err(error::ErrorInternalServerError)?;
    Ok("saved".to_owned())
}
