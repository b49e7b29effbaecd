//! `read_sql!` takes exactly one statement, and one that it can read.

use diesel_routing::pg::read_sql;

fn main() {
    let _ = read_sql!("SELECT 1;");
    let _ = read_sql!("");
    let _ = read_sql!("-- SELECT 1");
    let _ = read_sql!("SELECT 1; DELETE FROM users");
    let _ = read_sql!("SELECT id FROM users WHERE");
    let _ = read_sql!("SELECT 'open");
}
