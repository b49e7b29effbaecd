//! Rocket: `SessionFairing` attached, `DbSession` as a guard.

use diesel_routing::Error;
use diesel_routing::edge::EdgeError;
use diesel_routing::sqlite::{Router, Session};
use diesel_routing_rocket::{DbSession, SessionFairing};
use rocket::response::Debug;
use rocket::{Build, Rocket, get, post, routes};

use crate::theme::{set_theme, theme};

/// Builds the service.
///
/// # Errors
///
/// [`EdgeError::NoTokenKeys`], if the router has none.
pub fn app(router: Router) -> Result<Rocket<Build>, EdgeError> {
    Ok(rocket::build()
        .attach(SessionFairing::new(router)?)
        .mount("/", routes![show, darken]))
}

#[get("/theme")]
async fn show(session: DbSession<Session>) -> Result<String, Debug<Error>> {
    Ok(theme(&session.0).await?)
}

#[post("/theme")]
async fn darken(session: DbSession<Session>) -> Result<&'static str, Debug<Error>> {
    set_theme(&session.0, "dark").await?;
    Ok("saved")
}
