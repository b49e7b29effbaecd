//! What the attribute does not go on.

use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, consistency};

#[consistency(session)]
async fn no_handle(_id: i32) -> Result<(), Error> {
    Ok(())
}

#[consistency(session)]
async fn two_handles(
    _one: &mut ReadConn<CaughtUp>,
    _other: &mut ReadConn<CaughtUp>,
) -> Result<(), Error> {
    Ok(())
}

#[consistency(session)]
async fn a_pattern((_conn, _id): (&mut ReadConn<CaughtUp>, i32)) -> Result<(), Error> {
    Ok(())
}

#[consistency(session)]
struct Users;

#[consistency(session)]
trait Repository {}

fn main() {}
