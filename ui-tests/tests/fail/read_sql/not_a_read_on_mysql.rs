//! `mysql::read_sql!` takes one statement that only reads, in the dialect of MySQL and MariaDB.

use diesel_routing::mysql::read_sql;

fn main() {
    let _ = read_sql!("SELECT `id` FROM `users` WHERE `name` = ?");
    let _ = read_sql!("REPLACE INTO users VALUES (1, 'Ann')");
    let _ = read_sql!("SELECT id FROM users INTO OUTFILE '/tmp/users'");
    let _ = read_sql!("SELECT id INTO @id FROM users LIMIT 1");
    let _ = read_sql!("SELECT id FROM users LOCK IN SHARE MODE");
    let _ = read_sql!("SELECT id FROM users FOR UPDATE");
    let _ = read_sql!("LOCK TABLES users READ");
    let _ = read_sql!("SELECT GET_LOCK('users', 1)");
    let _ = read_sql!("SELECT NEXT VALUE FOR users_seq");
    let _ = read_sql!("SELECT 1 /*!40001 FOR UPDATE */");
    let _ = read_sql!("SET SESSION TRANSACTION READ WRITE");
}
