//! `pg::read_sql!` takes one statement that only reads, in PostgreSQL's dialect.

use diesel_routing::pg::read_sql;

fn main() {
    let _ = read_sql!("WITH old AS (SELECT id FROM users) SELECT count(*) FROM old");
    let _ = read_sql!("DELETE FROM users");
    let _ = read_sql!("WITH gone AS (DELETE FROM users RETURNING id) SELECT id FROM gone");
    let _ = read_sql!("SELECT id INTO backup FROM users");
    let _ = read_sql!("EXPLAIN ANALYZE DELETE FROM users");
    let _ = read_sql!("COPY users FROM STDIN");
    let _ = read_sql!("CREATE TABLE backup (id int)");
    let _ = read_sql!("SELECT id FROM users FOR NO KEY UPDATE SKIP LOCKED");
    let _ = read_sql!("SELECT id FROM users WHERE id IN (SELECT user_id FROM posts FOR SHARE)");
    let _ = read_sql!("LOCK TABLE users");
    let _ = read_sql!("SELECT nextval('users_id_seq')");
    let _ = read_sql!("SELECT pg_advisory_lock(1)");
    let _ = read_sql!("SELECT lo_unlink(1)");
    let _ = read_sql!("SELECT pg_notify('users', '')");
    let _ = read_sql!("NOTIFY users");
    let _ = read_sql!("SET search_path = app");
    let _ = read_sql!("BEGIN READ WRITE");
}
