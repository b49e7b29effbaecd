//! A function that reads cannot call one that writes: its handle is too weak.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, Error, consistency};

#[consistency(write)]
async fn write(_conn: &mut WriteConn) -> Result<(), Error> {
    Ok(())
}

#[consistency(session)]
async fn read(conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    write(conn).await
}

fn main() {}
