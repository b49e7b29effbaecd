//! A fragment that has the effect of a field locks what the statement in that field locks.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel_routing::{Replica, Statement, pg::ReadConn, prelude::*};
use ui_tests::{User, users};

#[derive(Clone, Copy, QueryId, Statement)]
struct Commented<T>(#[statement(effect)] T);

impl<T: Query> Query for Commented<T> {
    type SqlType = T::SqlType;
}

impl<T: QueryFragment<Pg>> QueryFragment<Pg> for Commented<T> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("/* hot */ ");
        self.0.walk_ast(pass)
    }
}

async fn lock(replica: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
    Commented(users::table.filter(users::id.eq(1))).load::<User>(replica).await?;
    Commented(users::table.filter(users::id.eq(1)).for_update()).load(replica).await
}

fn main() {}
