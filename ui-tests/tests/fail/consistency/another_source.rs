//! What is no handle, session or router provides no handle.

use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, consistency};

#[consistency(session)]
async fn read(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

async fn run(raw: &mut diesel_async::AsyncPgConnection) -> Result<(), Error> {
    read(raw).await
}

fn main() {}
