//! SQL in a file has to be there, in UTF-8, and one statement that only reads.

use diesel_routing::pg::read_sql;

const PATH: &str = "queries/users.sql";

fn main() {
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/users.sql");
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/writes.sql");
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/locks.sql");
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/open.sql");
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/two.sql");
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/latin1.sql");
    let _ = read_sql!(file = "../../../../ui-tests/tests/queries/empty.sql");
    let _ = read_sql!(file = "queries/nobody.sql");
    let _ = read_sql!(file = "/queries/users.sql");
    let _ = read_sql!(file = "");
    let _ = read_sql!(file = PATH);
    let _ = read_sql!(file = "queries/users.sql", 1);
    let _ = read_sql!(path = "queries/users.sql");
}
