//! With a class alone, the type of the handle has the level: it must be a handle.

use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, consistency};

#[consistency(class = "payments")]
async fn one_role(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(class = "payments")]
fn no_handle(_conn: &mut diesel::PgConnection) -> Result<(), Error> {
    Ok(())
}

fn main() {}
