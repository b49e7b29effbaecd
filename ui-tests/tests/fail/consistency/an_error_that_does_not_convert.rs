//! The function's error type needs `From<diesel_routing::Error>`.

use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, consistency};

enum Mine {}

#[consistency(session)]
async fn read(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Mine> {
    Ok(())
}

fn main() {}
