//! The schemas of a server.

use diesel::sql_types::BigInt;

use super::*;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Returns the number of schemas that are tests'.
pub(crate) async fn schemas(cluster: &Cluster) -> i64 {
    let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
    let count =
        "SELECT count(*) AS n FROM information_schema.schemata WHERE schema_name LIKE 'diesel%'";
    let count = ReadSql::vouch(count);
    let count: Count = wait!(count.get_result(&mut wait!(router.read_primary()).unwrap())).unwrap();
    count.n
}
