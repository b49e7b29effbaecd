//! With `retry`, the body may run twice: it cannot give an argument away.

use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, consistency};

#[consistency(session, retry)]
async fn kept(_conn: &mut ReadConn<CaughtUp>, name: String) -> Result<String, Error> {
    Ok(name.clone())
}

#[consistency(session, retry)]
async fn given_away(_conn: &mut ReadConn<CaughtUp>, name: String) -> Result<String, Error> {
    Ok(name)
}

fn main() {}
