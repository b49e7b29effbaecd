//! Level and handle go together.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{Error, Primary, Replica, consistency};

#[consistency(strong)]
async fn too_weak(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual)]
async fn too_strong(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(write)]
async fn reads_only(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(session)]
async fn writes(_conn: &mut WriteConn) -> Result<(), Error> {
    Ok(())
}

fn main() {}
