//! `Choice`: the level and the class of a read.

use std::fmt;

use diesel_routing::pg::{ReadConn, Session};
use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, Primary, Replica, Role, consistency};

use super::schema::beats;

/// The level of a read, and the policy of its class about other regions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Choice {
    Strong,
    Session,
    SessionHere,
    Bounded,
    BoundedOlder,
    Eventual,
}

impl Choice {
    pub(crate) const ALL: [Self; 6] = [
        Self::Strong,
        Self::Session,
        Self::SessionHere,
        Self::Bounded,
        Self::BoundedOlder,
        Self::Eventual,
    ];

    /// Returns when the row was written that is read, and the region that it was read in.
    pub(crate) async fn read(self, session: &Session) -> Result<Seen, Error> {
        match self {
            Self::Strong => strong(session).await,
            Self::Session => in_session(session).await,
            Self::SessionHere => here(session).await,
            Self::Bounded => bounded(session).await,
            Self::BoundedOlder => older(session).await,
            Self::Eventual => eventual(session).await,
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Strong => "strong, pays",
            Self::Session => "session, pays",
            Self::SessionHere => "session, refuses",
            Self::Bounded => "bounded 100 ms, pays",
            Self::BoundedOlder => "bounded 100 ms, else 2 s",
            Self::Eventual => "eventual",
        })
    }
}

/// The age and the place of what a read returned.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The time at which the row was written, in microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) is_primary: bool,
}

async fn seen<R: Role>(conn: &mut ReadConn<R>) -> Result<Seen, Error> {
    let at = beats::table.find(0).select(beats::at).first(&mut *conn);
    Ok(Seen {
        at: at.await?,
        is_primary: conn.route().is_primary,
    })
}

#[consistency(strong)]
async fn strong(conn: &mut ReadConn<Primary>) -> Result<Seen, Error> {
    seen(conn).await
}

#[consistency(session)]
async fn in_session(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    seen(conn).await
}

#[consistency(session, class = "here")]
async fn here(conn: &mut ReadConn<CaughtUp>) -> Result<Seen, Error> {
    seen(conn).await
}

#[consistency(bounded = "100ms")]
async fn bounded(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    seen(conn).await
}

#[consistency(bounded = "100ms", class = "older")]
async fn older(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    seen(conn).await
}

#[consistency(eventual)]
async fn eventual(conn: &mut ReadConn<Replica>) -> Result<Seen, Error> {
    seen(conn).await
}
