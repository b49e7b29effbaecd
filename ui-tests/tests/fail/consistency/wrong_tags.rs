//! A tag goes with reads that a replica may serve, and one word says where they go otherwise.

use diesel_routing::pg::ReadConn;
use diesel_routing::{Error, Primary, Replica, consistency};

#[consistency(eventual, on = "reporting", or_primary)]
async fn right(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(strong, on = "reporting")]
async fn on_the_primary(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual, on)]
async fn no_tag(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual, on = reporting)]
async fn no_text(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual, on = "reporting", on = "search")]
async fn two_tags(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual, or_fail)]
async fn nothing_to_fall_back_from(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual, on = "reporting", or_primary, or_fail)]
async fn two_places(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(eventual, on = "reporting", or_nothing)]
async fn misspelt(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

fn main() {}
