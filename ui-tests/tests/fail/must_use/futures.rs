//! A checkout or a statement that is not awaited does not run.

#![deny(unused_must_use)]

use diesel_routing::pg::{ReadConn, Session, WriteConn};
use diesel_routing::{CaughtUp, Error, prelude::*};

diesel::table! {
    users { id -> Integer, }
}

async fn forgotten(session: &Session, write: &mut WriteConn, read: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    session.write().await?;
    session.read();
    diesel::delete(users::table).execute(write);
    users::table.select(users::id).load::<i32>(read);
    session.clone().scope(async {});
    Ok(())
}

fn main() {}
