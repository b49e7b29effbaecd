//! A read that may run again fails with an error that can say that there was no connection.

mod asynchronous {
    use diesel_routing::pg::Session;

    async fn read(session: &Session) -> std::io::Result<()> {
        session.reading(async |_| std::io::Result::Ok(())).await
    }
}

mod blocking {
    use diesel_routing::sync::pg::Session;

    fn read(session: &Session) -> std::io::Result<()> {
        session.reading(|_| std::io::Result::Ok(()))
    }
}

fn main() {}
