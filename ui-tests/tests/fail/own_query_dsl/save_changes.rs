//! Diesel's and diesel-async's own `SaveChangesDsl` check no effect, and take no read handle.

mod asynchronous {
    use diesel::QueryResult;
    use diesel_async::SaveChangesDsl;
    use diesel_routing::{Primary, pg::ReadConn};
    use ui_tests::User;

    async fn save(primary: &mut ReadConn<Primary>, user: User) -> QueryResult<User> {
        user.save_changes(primary).await
    }
}

mod blocking {
    use diesel::prelude::*;
    use diesel_routing::{Primary, sync::pg::ReadConn};
    use ui_tests::User;

    fn save(primary: &mut ReadConn<Primary>, user: User) -> QueryResult<User> {
        user.save_changes(primary)
    }
}

fn main() {}
