//! A handle that is weaker than the level cannot serve the function.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::{CaughtUp, Error, Primary, Replica, consistency};

    #[consistency(session)]
    async fn by_session(_conn: &mut ReadConn<CaughtUp>) -> Result<(), Error> {
        Ok(())
    }

    #[consistency(strong)]
    async fn strong(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
        Ok(())
    }

    #[consistency(write)]
    async fn write(_conn: &mut WriteConn) -> Result<(), Error> {
        Ok(())
    }

    async fn run(
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
    ) -> Result<(), Error> {
        by_session(&mut *replica).await?;
        strong(&mut *replica).await?;
        strong(&mut *caught_up).await?;
        write(&mut *primary).await
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::{Error, Primary, Replica, consistency};

    #[consistency(strong)]
    fn strong(_conn: &mut ReadConn<Primary>) -> Result<(), Error> {
        Ok(())
    }

    #[consistency(write)]
    fn write(_conn: &mut WriteConn) -> Result<(), Error> {
        Ok(())
    }

    fn run(replica: &mut ReadConn<Replica>) -> Result<(), Error> {
        strong(&mut *replica)?;
        write(replica)
    }
}

fn main() {}
