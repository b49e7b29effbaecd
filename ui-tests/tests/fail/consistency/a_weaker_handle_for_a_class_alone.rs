//! With a class alone, the function takes handles that are as strong as its own.

use diesel_routing::pg::{ReadConn, Session, WriteConn};
use diesel_routing::{CaughtUp, Error, Primary, Replica, consistency};

#[consistency(class = "payments")]
async fn caught_up(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(class = "payments")]
async fn write(_conn: &mut WriteConn) -> Result<(), Error> {
    Ok(())
}

async fn run(session: &Session, replica: &mut ReadConn<Replica>) -> Result<(), Error> {
    caught_up(session).await?;
    caught_up(replica).await?;
    Ok(())
}

async fn run_on(primary: &mut ReadConn<Primary>) -> Result<(), Error> {
    caught_up(&mut *primary).await?;
    write(primary).await?;
    Ok(())
}

fn main() {}
