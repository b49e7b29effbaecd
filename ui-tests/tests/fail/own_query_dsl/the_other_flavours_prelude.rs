//! Blocking handles want the blocking prelude, and async handles the other one.

mod asynchronous {
    use diesel_routing::{Replica, prelude::*, sync};
    use ui_tests::{User, users};

    async fn find(blocking: &mut sync::pg::ReadConn<Replica>) -> QueryResult<User> {
        users::table.find(1).first(blocking).await
    }
}

mod blocking {
    use diesel_routing::{Replica, pg, sync::prelude::*};
    use ui_tests::{User, users};

    fn find(asynchronous: &mut pg::ReadConn<Replica>) -> QueryResult<User> {
        users::table.find(1).first(asynchronous)
    }
}

fn main() {}
