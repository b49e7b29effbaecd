//! Sessions of diesel-routing.

use std::time::Duration;

use anyhow::Result;
use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::{Node, TokenKeys};

use crate::servers::{Places, counters, url};

/// How the sessions are used.
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
#[derive(Debug)]
pub(crate) enum User {
    Session(Session),
    Token(Router, String),
}

/// Starts a router with up to `connections` to each server, as the other sides have them, and defaults for the rest.
pub(crate) async fn start(places: &Places, connections: u32) -> Result<Router> {
    // Two pools on the primary, in which the others have one.
    let half = (connections / 2).max(1);
    let primary = Node::new("primary", url(places.primary))
        .write_pool_size(half)
        .read_pool_size(half);
    let mut builder = Router::builder()
        .primary(primary)
        .token_keys(TokenKeys::new(1, [7; 32])?);
    for (index, place) in places.standbys.iter().enumerate() {
        let name = format!("standby-{}", index + 1);
        builder = builder.replica(Node::new(name, url(*place)).read_pool_size(connections));
    }
    Ok(builder.build().await?)
}

impl User {
    pub(crate) fn new(router: &Router, mode: Mode) -> Self {
        match mode {
            Mode::Default => Self::Session(router.session()),
            Mode::Waiting(wait) => Self::Session(router.session().waiting(wait)),
            Mode::Tokens => Self::Token(router.clone(), String::new()),
        }
    }

    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        let read = counters::table.find(key).select(counters::version);
        let session = self.session();
        Ok(read.get_result(&mut session.read().await?).await?)
    }

    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        let update = diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .returning(counters::version);
        let session = self.session();
        let version = update.get_result(&mut session.write().await?).await?;
        if let Self::Token(_, token) = self {
            *token = session.token().await?.to_string();
        }
        Ok(version)
    }

    fn session(&self) -> Session {
        match self {
            Self::Session(session) => session.clone(),
            Self::Token(router, token) => router.resume(token),
        }
    }
}
