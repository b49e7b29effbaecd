//! Queries run on a handle or on a connection.

use diesel_routing::{
    pg::{Session, WriteConn},
    prelude::*,
};
use ui_tests::{User, users};

async fn find(write: &mut WriteConn, session: &mut Session) -> QueryResult<User> {
    users::table.find(1).first::<User>(write).await?;
    users::table.find(1).first::<User>(session).await
}

fn main() {}
