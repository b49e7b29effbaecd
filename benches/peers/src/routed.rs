//! Sessions of diesel-routing.

use std::time::Duration;

use anyhow::Result;
use diesel_routing::{Node, Router, Session, TokenKeys};

use crate::backend::Backend;
use crate::servers::Places;

/// The use of the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A user's session lives as long as the user.
    Default,
    /// The same, with reads that may wait so long for a replica.
    Waiting(Duration),
    /// Each act is a request: it resumes the session of a signed token, and ends with a new one if it has written, as a
    /// response of the layer does unless it is told to carry reads.
    Tokens,
}

/// A user.
pub(crate) enum User<B: Backend> {
    Session(Session<B::Connection>),
    Token(Router<B::Connection>, String),
}

/// Starts a router with up to `connections` to each server, as the other sides have them, and defaults for the rest.
pub(crate) async fn start<B: Backend>(
    places: &Places,
    connections: u32,
) -> Result<Router<B::Connection>> {
    // Two pools on the primary, in which the others have one.
    let half = (connections / 2).max(1);
    let primary = Node::new("primary", B::url(places.primary, "app"))
        .write_pool_size(half)
        .read_pool_size(half);
    let mut builder = Router::<B::Connection>::builder()
        .primary(primary)
        .token_keys(TokenKeys::new(1, [7; 32])?);
    for (index, place) in places.replicas.iter().enumerate() {
        let name = format!("replica-{}", index + 1);
        let replica = Node::new(name, B::url(*place, "app"));
        builder = builder.replica(replica.read_pool_size(connections));
    }
    Ok(builder.build().await?)
}

impl<B: Backend> User<B> {
    pub(crate) fn new(router: &Router<B::Connection>, mode: Mode) -> Self {
        match mode {
            Mode::Default => Self::Session(router.session()),
            Mode::Waiting(wait) => Self::Session(router.session().waiting(wait)),
            Mode::Tokens => Self::Token(router.clone(), String::new()),
        }
    }

    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        let session = self.session();
        Ok(B::read_by(&mut session.read().await?, key).await?)
    }

    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        let session = self.session();
        let version = B::write_by(&mut session.write().await?, key).await?;
        if let Self::Token(_, token) = self {
            *token = session.token().await?.to_string();
        }
        Ok(version)
    }

    fn session(&self) -> Session<B::Connection> {
        match self {
            Self::Session(session) => session.clone(),
            Self::Token(router, token) => router.resume(token),
        }
    }
}
