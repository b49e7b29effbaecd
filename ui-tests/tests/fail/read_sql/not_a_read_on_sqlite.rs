//! `sqlite::read_sql!` takes one statement that only reads, in SQLite's dialect.

use diesel_routing::sqlite::read_sql;

fn main() {
    let _ = read_sql!("PRAGMA table_info(users)");
    let _ = read_sql!("INSERT OR IGNORE INTO users VALUES (1, 'Ann')");
    let _ = read_sql!("DROP TABLE users");
    let _ = read_sql!("PRAGMA query_only = OFF");
    let _ = read_sql!("ATTACH 'other.db' AS other");
    let _ = read_sql!("SELECT load_extension('mod')");
    let _ = read_sql!("VACUUM");
}
