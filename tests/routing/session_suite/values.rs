//! Values of a database session, as tests ask for them.

use diesel::sql_types::{Nullable, Text};

use super::*;

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

/// Returns the value of an SQL expression.
pub(crate) async fn value(conn: &mut ReadConn<Replica>, expression: &str) -> String {
    let sql = format!("SELECT {expression} AS value");
    let value = wait!(ReadSql::check(sql).unwrap().get_result::<Value>(conn));
    value.unwrap().value.unwrap_or_else(|| "NULL".to_owned())
}
