//! A row lock in a sub-select, which types do not see, in a function that may run on a replica.

mod asynchronous {
    use diesel_routing::pg::ReadConn;
    use diesel_routing::prelude::*;
    use diesel_routing::{CaughtUp, Error, Replica, consistency};

    diesel::table! { users { id -> Integer, } }
    diesel::table! { posts { id -> Integer, author -> Integer, } }
    diesel::allow_tables_to_appear_in_same_query!(users, posts);

    #[consistency(session)]
    async fn nested(conn: &mut ReadConn<CaughtUp>) -> Result<Vec<i32>, Error> {
        let authors = posts::table.select(posts::author).for_update();
        let query = users::table.filter(users::id.eq_any(authors)).select(users::id);
        Ok(query.load(conn).await?)
    }

    #[consistency(eventual)]
    async fn with_skip_locked(conn: &mut ReadConn<Replica>) -> Result<bool, Error> {
        let any = posts::table.select(posts::author).for_share().skip_locked();
        let query = diesel::select(diesel::dsl::exists(any));
        Ok(query.get_result(conn).await?)
    }
}

mod blocking {
    use diesel_routing::sync::pg::ReadConn;
    use diesel_routing::sync::prelude::*;
    use diesel_routing::{CaughtUp, Error, consistency};

    diesel::table! { users { id -> Integer, } }
    diesel::table! { posts { id -> Integer, author -> Integer, } }
    diesel::allow_tables_to_appear_in_same_query!(users, posts);

    #[consistency(session)]
    fn nested(conn: &mut ReadConn<CaughtUp>) -> Result<Vec<i32>, Error> {
        let authors = posts::table.select(posts::author).for_no_key_update();
        let query = users::table.filter(users::id.eq_any(authors)).select(users::id);
        Ok(query.load(conn)?)
    }
}

fn main() {}
