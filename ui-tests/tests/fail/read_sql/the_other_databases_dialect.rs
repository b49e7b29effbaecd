//! SQL checked for one database does not run on a handle of another.

use diesel::sql_types::Integer;
use diesel_routing::{Replica, mysql, pg, prelude::*};

#[derive(QueryableByName)]
struct One {
    #[diesel(sql_type = Integer)]
    one: i32,
}

async fn one(conn: &mut pg::ReadConn<Replica>) -> QueryResult<One> {
    pg::read_sql!("SELECT 1 AS one").get_result::<One>(conn).await?;
    mysql::read_sql!("SELECT 1 AS one").get_result::<One>(conn).await
}

fn main() {}
