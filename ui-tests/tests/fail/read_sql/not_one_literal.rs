//! `read_sql!` reads its SQL while the program is compiled, so that has to be a literal.

use diesel_routing::pg::{ReadSql, read_sql};

const SQL: &str = "SELECT 1";

fn main() {
    let _ = ReadSql::check(SQL);
    let _ = read_sql!(SQL);
    let _ = read_sql!(concat!("SELECT ", 1));
    let _ = read_sql!(format!("SELECT {}", 1));
    let _ = read_sql!("SELECT ", 1);
    let _ = read_sql!(b"SELECT 1");
    let _ = read_sql!("SELECT 1"sql);
    let _ = read_sql!();
}
