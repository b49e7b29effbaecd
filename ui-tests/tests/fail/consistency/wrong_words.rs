//! One error on the word, with the legal ones.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, Error, Primary, Replica, consistency};

#[consistency]
async fn no_level(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(wait = "50ms")]
async fn no_level_but_an_option(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(linearizable)]
async fn misspelt(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(strong, strong)]
async fn twice(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(session, strong)]
async fn two_levels(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(bounded)]
async fn no_bound(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(bounded = "soon")]
async fn no_time(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(session, untracked)]
async fn untracked_read(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(strong, wait = "50ms")]
async fn strong_that_waits(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

#[consistency(write, wait = "1s", wait = "2s")]
async fn an_option_twice(_conn: &mut WriteConn) -> Result<(), Error> {
    Ok(())
}

#[consistency(strong, retry)]
async fn strong_that_retries(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
    Ok(())
}

// The functions are still there: one mistake, one error.
async fn run(session: &diesel_routing::pg::Session) -> Result<(), Error> {
    no_level(&mut session.read().await?).await
}

fn main() {}
