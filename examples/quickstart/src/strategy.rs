//! Three ways to get a handle to read with.

use anyhow::Result;
use diesel_routing::Replica;
use diesel_routing::sync::sqlite::{ReadConn, Session};

use crate::settings;

/// Where a user's reads go. Writes always go to the primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// Fast, and wrong after a write.
    RandomReplica,
    /// Right, and the replicas idle.
    AlwaysPrimary,
    /// To a replica, unless the user's own write may be missing there.
    Session,
}

/// The page that one read found, and its node.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) theme: String,
    pub(crate) node: String,
    pub(crate) is_primary: bool,
    pub(crate) reason: &'static str,
}

impl Strategy {
    pub(crate) fn read(self, session: &Session, user: i32) -> Result<Page> {
        match self {
            Self::RandomReplica => {
                let mut conn = session.read_eventual()?;
                view(&mut conn, user)
            }
            Self::AlwaysPrimary => {
                let mut conn = session.read_primary()?;
                view(&mut conn, user)
            }
            Self::Session => {
                let mut conn = session.read()?;
                view(&mut conn, user)
            }
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RandomReplica => "random replica",
            Self::AlwaysPrimary => "always the primary",
            Self::Session => "session",
        }
    }
}

/// Reads through what all handles above can become: they have three types, and all can do what this one can.
fn view(conn: &mut ReadConn<Replica>, user: i32) -> Result<Page> {
    let theme = settings::theme(conn, user)?;
    let route = conn.route();
    Ok(Page {
        theme,
        node: route.node.to_owned(),
        is_primary: route.is_primary,
        reason: route.reason.as_str(),
    })
}
