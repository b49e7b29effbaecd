//! Sessions of [`diesel_routing`] for Rocket: a [`SessionFairing`], and the request guard [`DbSession`].
//!
//! A user who saves a setting sees it on the next page, on every node of the service and while every replica is behind: the fairing
//! resumes the session whose token came with the request, and gives the new token to the response if the request wrote.
//!
//! ```no_run
//! # use rocket::{get, post, routes};
//! use diesel_routing::{CaughtUp, Error, consistency, sqlite::{ReadConn, Router, Session, WriteConn}, prelude::*};
//! use diesel_routing_rocket::{DbSession, SessionFairing};
//! use rocket::response::Debug;
//!
//! diesel::table! { settings { id -> Integer, theme -> Text, } }
//!
//! #[consistency(session)]
//! async fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
//!     Ok(settings::table.find(1).select(settings::theme).first(conn).await?)
//! }
//!
//! #[consistency(write)]
//! async fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
//!     diesel::update(settings::table.find(1)).set(settings::theme.eq(theme)).execute(conn).await?;
//!     Ok(())
//! }
//!
//! #[get("/theme")]
//! async fn show(session: DbSession<Session>) -> Result<String, Debug<Error>> {
//!     Ok(theme(&session.0).await?)
//! }
//!
//! #[post("/theme")]
//! async fn darken(session: DbSession<Session>) -> Result<(), Debug<Error>> {
//!     Ok(set_theme(&session.0, "dark").await?)
//! }
//!
//! # async fn example(router: Router) -> Result<(), Box<dyn std::error::Error>> {
//! rocket::build()
//!     .attach(SessionFairing::new(router)?)
//!     .mount("/", routes![show, darken])
//!     .launch()
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! # Settings
//!
//! `SessionFairing::from(edge)` takes an [`Edge`](diesel_routing::edge::Edge) with settings of its own: another cookie, a header, a
//! store, rules by path. Its functions get the request's head as `http::request::Parts`, with the peer's
//! [`SocketAddr`](std::net::SocketAddr) in the extensions.
//!
//! # Blocking Diesel
//!
//! The same fairing takes a router of [`diesel_routing::sync`]. Handlers run repository functions on threads where they may block, as
//! `rocket_sync_db_pools` does:
//!
//! ```no_run
//! # use rocket::post;
//! use diesel_routing::sync::{prelude::*, sqlite::{Session, WriteConn}};
//! use diesel_routing::{Error, consistency};
//! use diesel_routing_rocket::DbSession;
//! use rocket::http::Status;
//! use rocket::tokio::task::spawn_blocking;
//!
//! # diesel::table! { settings { id -> Integer, theme -> Text, } }
//! #[consistency(write)]
//! fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
//!     diesel::update(settings::table.find(1)).set(settings::theme.eq(theme)).execute(conn)?;
//!     Ok(())
//! }
//!
//! #[post("/theme")]
//! async fn darken(session: DbSession<Session>) -> Result<(), Status> {
//!     let saved = spawn_blocking(move || set_theme(&session.0, "dark")).await;
//!     saved.map_err(|_| Status::InternalServerError)?.map_err(|_| Status::InternalServerError)
//! }
//! ```
//!
//! # Scope
//!
//! A fairing is not around the handler: `Session::current()` finds nothing there. Pass the session on, or open the scope with
//! `session.scope(..)`.
//!
//! # Errors
//!
//! Writes before an error count: the response of a catcher has the token too, also after a handler that panicked.

mod fairing;
mod guard;
mod headers;

pub use fairing::SessionFairing;
pub use guard::{DbSession, NoSessionFairing};
