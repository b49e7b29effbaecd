use diesel_routing_sql::Dialect;

use crate::table::Is::{Effect, NotARead, Read, RowLock, Several, Unparsable, Write};
use crate::table::{Is, check};

fn sqlite(cases: &[(&str, Is)]) {
    check(Dialect::Sqlite, cases);
}

#[test]
fn plain_reads_pass() {
    sqlite(&[
        ("SELECT 1", Read),
        (
            "SELECT `id`, \"update\", [for update] FROM users WHERE id = ?1 OR id = :id",
            Read,
        ),
        ("VALUES (1), (2)", Read),
        ("WITH a AS (SELECT 1) SELECT * FROM a", Read),
        ("SELECT replace(a, 'x', 'y'), random() FROM t", Read),
        (
            "SELECT 'FOR UPDATE', 'DELETE FROM t' -- writefile('a', 'b')",
            Read,
        ),
        ("SELECT * FROM pragma_table_info('users')", Read),
        ("EXPLAIN QUERY PLAN SELECT 1", Read),
        ("EXPLAIN SELECT 1", Read),
        ("EXPLAIN QUERY PLAN DELETE FROM t", Read),
    ]);
}

#[test]
fn pragmas_that_only_answer_pass() {
    sqlite(&[
        ("PRAGMA user_version", Read),
        ("PRAGMA main.journal_mode;", Read),
        ("PRAGMA table_info(users)", Read),
        ("PRAGMA main.table_info('users')", Read),
        ("PRAGMA integrity_check = 5", Read),
        (
            "PRAGMA user_version = 5",
            NotARead("PRAGMA user_version = .."),
        ),
        (
            "PRAGMA main.journal_mode(wal)",
            NotARead("PRAGMA journal_mode = .."),
        ),
        ("PRAGMA query_only = 0", NotARead("PRAGMA query_only = ..")),
        ("PRAGMA wal_checkpoint", NotARead("PRAGMA wal_checkpoint")),
        ("PRAGMA optimize", NotARead("PRAGMA optimize")),
        (
            "PRAGMA incremental_vacuum(5)",
            NotARead("PRAGMA incremental_vacuum = .."),
        ),
        ("PRAGMA", NotARead("PRAGMA ")),
    ]);
}

#[test]
fn writes_are_found_wherever_they_stand() {
    sqlite(&[
        ("INSERT OR REPLACE INTO t VALUES (1)", Write("INSERT")),
        ("REPLACE INTO t VALUES (1)", Write("REPLACE")),
        (
            "WITH a AS (SELECT 1) REPLACE INTO t SELECT * FROM a",
            Write("REPLACE"),
        ),
        (
            "WITH a AS (SELECT 1) INSERT OR IGNORE INTO t SELECT * FROM a",
            Write("INSERT"),
        ),
        (
            "WITH a AS (SELECT 1) UPDATE OR FAIL t SET a = 1",
            Write("UPDATE"),
        ),
        ("UPDATE t SET a = 1 RETURNING a", Write("UPDATE")),
        ("CREATE TEMP TABLE t (a)", Write("CREATE TEMP")),
        ("REINDEX", Write("REINDEX")),
        ("ATTACH 'x.db' AS x", NotARead("ATTACH")),
        ("VACUUM INTO 'x.db'", NotARead("VACUUM")),
        ("BEGIN IMMEDIATE", NotARead("BEGIN")),
        ("TABLE t", NotARead("TABLE")),
        ("SHOW TABLES", NotARead("SHOW")),
        ("SELECT 1; DROP TABLE t", Several),
        ("SELECT 'for, open", Unparsable),
    ]);
}

#[test]
fn functions_that_reach_outside_are_found() {
    sqlite(&[
        ("SELECT load_extension('x')", Effect("load_extension")),
        ("SELECT writefile('a', 'b')", Effect("writefile")),
        ("SELECT \"load_extension\"('x')", Effect("load_extension")),
        ("SELECT [writefile]('a', 'b')", Effect("writefile")),
        (
            "SELECT fts3_tokenizer('simple', ?1)",
            Effect("fts3_tokenizer"),
        ),
        ("SELECT * FROM t FOR UPDATE", RowLock("FOR UPDATE")),
    ]);
}
