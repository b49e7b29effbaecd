//! An upgrade consumes the handle it upgrades: the connection may have gone back to its pool.

use diesel_routing::{Error, Replica, pg, sync};

async fn upgrade(conn: pg::ReadConn<Replica>, session: &pg::Session) -> Result<bool, Error> {
    let caught_up = conn.upgrade(session).await?;
    Ok(caught_up.route().is_primary && conn.route().is_primary)
}

fn upgrade_blocking(conn: sync::pg::ReadConn<Replica>, session: &sync::pg::Session) -> Result<bool, Error> {
    let caught_up = conn.upgrade(session)?;
    Ok(caught_up.route().is_primary && conn.route().is_primary)
}

fn main() {}
