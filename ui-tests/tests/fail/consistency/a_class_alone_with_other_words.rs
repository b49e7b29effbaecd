//! With a class alone, options have no level to go with, and neither has a session, nor a handle of any role.

use diesel_routing::pg::{ReadConn, Session, WriteConn};
use diesel_routing::{CaughtUp, Error, Replica, Role, consistency};

#[consistency(session, class = "payments", wait = "50ms")]
async fn with_a_level(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(class = "payments", wait = "50ms")]
async fn waits(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(on = "reporting", class = "payments")]
async fn on_some(_conn: &mut ReadConn<Replica>) -> Result<(), Error> {
    Ok(())
}

#[consistency(class = "payments", untracked)]
async fn untracked(_conn: &mut WriteConn) -> Result<(), Error> {
    Ok(())
}

#[consistency(class = "payments", retry)]
async fn retry(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
    Ok(())
}

#[consistency(class = "payments")]
async fn of_any_role<R: Role>(_conn: &mut ReadConn<R>) -> Result<(), Error> {
    Ok(())
}

trait Payments {
    async fn find(&self, session: &Session) -> Result<(), Error>;
}

impl Payments for () {
    #[consistency(class = "payments")]
    async fn find(&self, session: &Session) -> Result<(), Error> {
        let _ = session;
        Ok(())
    }
}

fn main() {}
