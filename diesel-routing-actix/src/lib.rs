//! Sessions of [`diesel_routing`] for actix-web: a [`SessionMiddleware`], and the extractor [`DbSession`].
//!
//! A user who saves a setting sees it on the next page, on every node of the service and while every replica is behind: the middleware
//! resumes the session whose token came with the request, and gives the new token to the response if the request wrote.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, error, web};
//! use diesel_routing::{CaughtUp, Error, consistency, sqlite::{ReadConn, Router, Session, WriteConn}, prelude::*};
//! use diesel_routing_actix::{DbSession, SessionMiddleware};
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
//! async fn show(DbSession(session): DbSession<Session>) -> actix_web::Result<String> {
//!     theme(&session).await.map_err(error::ErrorInternalServerError)
//! }
//!
//! async fn darken(DbSession(session): DbSession<Session>) -> actix_web::Result<String> {
//!     set_theme(&session, "dark").await.map_err(error::ErrorInternalServerError)?;
//!     Ok("saved".to_owned())
//! }
//!
//! # async fn example(router: Router) -> Result<(), Box<dyn std::error::Error>> {
//! let sessions = SessionMiddleware::new(router)?; // outside the factory: all workers share it
//! HttpServer::new(move || {
//!     App::new()
//!         .wrap(sessions.clone())
//!         .route("/theme", web::get().to(show))
//!         .route("/theme", web::post().to(darken))
//! })
//! .bind(("127.0.0.1", 8080))?
//! .run()
//! .await?;
//! # Ok(()) }
//! ```
//!
//! # Settings
//!
//! `SessionMiddleware::from(edge)` takes an [`Edge`](diesel_routing::edge::Edge) with settings of its own: another cookie, a header, a
//! store, rules by path. Its functions get the request's head as `http::request::Parts` of http 1.x, with the peer's
//! [`SocketAddr`](std::net::SocketAddr) in the extensions.
//!
//! # Blocking Diesel
//!
//! The same middleware takes a router of [`diesel_routing::sync`]. Handlers run repository functions on actix-web's blocking threads,
//! as with a plain `r2d2::Pool`:
//!
//! ```no_run
//! use actix_web::{App, error, web};
//! use diesel_routing::sync::{prelude::*, sqlite::{Router, Session, WriteConn}};
//! use diesel_routing::{Error, consistency};
//! use diesel_routing_actix::{DbSession, SessionMiddleware};
//!
//! # diesel::table! { settings { id -> Integer, theme -> Text, } }
//! #[consistency(write)]
//! fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
//!     diesel::update(settings::table.find(1)).set(settings::theme.eq(theme)).execute(conn)?;
//!     Ok(())
//! }
//!
//! async fn darken(DbSession(session): DbSession<Session>) -> actix_web::Result<String> {
//!     web::block(move || set_theme(&session, "dark")).await?.map_err(error::ErrorInternalServerError)?;
//!     Ok("saved".to_owned())
//! }
//!
//! # fn example(router: Router) -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::new().wrap(SessionMiddleware::new(router)?).route("/theme", web::post().to(darken));
//! # Ok(()) }
//! ```
//!
//! # Scope
//!
//! The session is in [scope](diesel_routing::Scope) while a handler runs: `Session::current()` finds it. Tasks and blocking threads
//! inherit nothing; give them [`Scope::current`](diesel_routing::Scope::current), or the session.
//!
//! # Errors
//!
//! Writes before an error count: an error response has the token too, also one of an inner middleware. A handler that
//! panics makes actix-web close the connection, and the write is counted in
//! [`EdgeStatus::late_writes`](diesel_routing::edge::EdgeStatus::late_writes); with a store, it is saved there.

mod body;
mod extractor;
mod headers;
mod middleware;

pub use body::SessionBody;
pub use extractor::{DbSession, NoSessionMiddleware};
pub use middleware::{SessionMiddleware, SessionService};
