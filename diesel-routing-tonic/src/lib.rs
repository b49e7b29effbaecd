//! Sessions of [`diesel_routing`] for gRPC with tonic: the token of a session travels in the metadata `x-db-session`, both ways.
//!
//! A client that changes a setting sees it with its next call, on every node of the service and while every replica is behind.
//!
//! # Servers
//!
//! [`layer`] makes the tower layer that resumes the session of each call, and adds its new token to the response's metadata if the call
//! wrote; to those of a [`Status`], too. Handlers ask the request for the session:
//!
//! ```no_run
//! use diesel_routing::{Error, consistency, sqlite::{Router, Session, WriteConn}, prelude::*};
//! use diesel_routing_tonic::DbSessionExt;
//! use tonic::{Request, Response, Status};
//!
//! diesel::table! { settings { id -> Integer, theme -> Text, } }
//!
//! #[consistency(write)]
//! async fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
//!     diesel::update(settings::table.find(1)).set(settings::theme.eq(theme)).execute(conn).await?;
//!     Ok(())
//! }
//!
//! struct Themes;
//!
//! impl Themes {
//!     // As in the trait that tonic generates.
//!     async fn set(&self, request: Request<String>) -> Result<Response<()>, Status> {
//!         let session = request.db_session::<Session>()?;
//!         let saved = set_theme(&session, request.get_ref()).await;
//!         saved.map_err(|error| Status::internal(error.to_string()))?;
//!         Ok(Response::new(()))
//!     }
//! }
//!
//! # async fn example<S>(router: Router, themes_server: S) -> Result<(), Box<dyn std::error::Error>>
//! # where
//! #     S: tower_service::Service<http::Request<tonic::body::Body>, Response = http::Response<tonic::body::Body>, Error = std::convert::Infallible>
//! #         + tonic::server::NamedService + Clone + Send + Sync + 'static,
//! #     S::Future: Send + 'static,
//! # {
//! tonic::transport::Server::builder()
//!     .layer(diesel_routing_tonic::layer(router)?)
//!     .add_service(themes_server)
//!     .serve("[::1]:50051".parse()?)
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! [`edge`] is for other settings: `SessionLayer::from(edge(router)?.rules(..)?)`. Paths in rules are those of gRPC,
//! `/package.Service/Method`, and the method of the request is POST.
//!
//! The token is sent when a call's response begins. What a streaming call writes after that is counted in
//! [`EdgeStatus::late_writes`](diesel_routing::edge::EdgeStatus::late_writes), and saved if the edge has a store: write first, then
//! stream; or send [`Session::token`](diesel_routing::Session::token) in the last message.
//!
//! For blocking Diesel, handlers resume the session themselves, from the metadata: tonic has no blocking handlers.
//!
//! # Clients
//!
//! A [`TokenJar`] keeps the token between calls. It is a layer for the channel:
//!
//! ```no_run
//! use diesel_routing_tonic::TokenJar;
//! use tonic::transport::Channel;
//! use tower_layer::Layer;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let channel = Channel::from_static("http://[::1]:50051").connect().await?;
//! let jar = TokenJar::new(); // one for each user, or each unit of work
//! let channel = jar.layer(channel);
//! // let client = ThemesClient::new(channel);
//! # let _ = channel;
//! # Ok(()) }
//! ```

mod client;
mod jar;
mod server;

pub use client::{TokenChannel, TokenFuture};
pub use jar::TokenJar;
pub use server::{DbSessionExt, edge, layer};

#[cfg(doc)]
use tonic::Status;

/// The name of the metadata that carry tokens.
pub const METADATA: &str = "x-db-session";
