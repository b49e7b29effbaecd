use diesel_routing_sql::Dialect;

use crate::table::Is::{
    Conditional, Effect, NotARead, Read, RowLock, Several, TableLock, Unparsable, Write,
};
use crate::table::{Is, check};

fn mysql(cases: &[(&str, Is)]) {
    check(Dialect::Mysql, cases);
}

#[test]
fn plain_reads_pass() {
    mysql(&[
        ("SELECT 1", Read),
        (
            "SELECT `id`, `update` FROM `users` WHERE `id` = ? LIMIT 5, 10;",
            Read,
        ),
        (
            "SELECT * FROM t USE INDEX FOR ORDER BY (i) WHERE a = 1",
            Read,
        ),
        ("SELECT SQL_NO_CACHE * FROM t", Read),
        ("SELECT /*+ MAX_EXECUTION_TIME(1000) */ * FROM t", Read),
        ("WITH a AS (SELECT 1) SELECT * FROM a", Read),
        ("SELECT @@gtid_executed, @row", Read),
        (
            "SELECT SLEEP(0.1), CONNECTION_ID(), IS_FREE_LOCK('a')",
            Read,
        ),
        (
            "SELECT INSERT('abc', 1, 2, 'x'), REPLACE(name, 'a', 'b') FROM t",
            Read,
        ),
        ("SELECT (INSERT('abc', 1, 2, 'x'))", Read),
        ("SHOW VARIABLES LIKE 'read_only'", Read),
        ("SHOW SLAVE STATUS", Read),
        ("SHOW INDEX FROM t WHERE Key_name = 'x'", Read),
        ("DESCRIBE users", Read),
        ("DESC users", Read),
        ("EXPLAIN SELECT 1", Read),
        ("EXPLAIN FORMAT=JSON SELECT 1", Read),
        ("EXPLAIN ANALYZE SELECT 1", Read),
    ]);
}

#[test]
fn row_locks_are_found_at_any_depth() {
    mysql(&[
        ("SELECT * FROM t FOR UPDATE", RowLock("FOR UPDATE")),
        ("SELECT * FROM t FOR UPDATE WAIT 3", RowLock("FOR UPDATE")),
        (
            "SELECT * FROM t FOR SHARE SKIP LOCKED",
            RowLock("FOR SHARE"),
        ),
        (
            "SELECT * FROM t LOCK IN SHARE MODE",
            RowLock("LOCK IN SHARE MODE"),
        ),
        (
            "select * from t lock  in\nshare /* c */ mode",
            RowLock("LOCK IN SHARE MODE"),
        ),
        (
            "SELECT * FROM a WHERE id IN (SELECT id FROM b LOCK IN SHARE MODE)",
            RowLock("LOCK IN SHARE MODE"),
        ),
        (
            "SELECT (SELECT a FROM b LIMIT 1 FOR SHARE OF b NOWAIT)",
            RowLock("FOR SHARE"),
        ),
        ("SELECT 1 # FOR UPDATE\nFROM t", Read),
        ("SELECT 1 --x\n FOR UPDATE", RowLock("FOR UPDATE")),
    ]);
}

#[test]
fn text_and_quoted_names_raise_no_alarm() {
    mysql(&[
        ("SELECT \"FOR UPDATE\", 'LOCK IN SHARE MODE'", Read),
        ("SELECT 'it\\'s FOR UPDATE'", Read),
        ("SELECT `for update` FROM `lock in share mode`", Read),
        ("SELECT `get_lock` FROM `t`", Read),
        ("SELECT 1 -- FOR UPDATE", Read),
        ("SELECT 1 /* GET_LOCK('a', 1) */", Read),
        ("SELECT t.for, t.lock FROM t", Read),
    ]);
}

#[test]
fn code_in_conditional_comments_is_refused() {
    mysql(&[
        ("SELECT 1 /*! FOR UPDATE */", Conditional),
        ("SELECT 1 /*!50000 FOR UPDATE */", Conditional),
        ("SELECT 1 /*M!100100 FOR UPDATE */", Conditional),
        ("SELECT /*!40001 SQL_NO_CACHE */ * FROM t", Conditional),
        ("SELECT 1 /*!99999 ' */ FOR UPDATE -- '", Conditional),
        ("SELECT '/*! FOR UPDATE */'", Read),
    ]);
}

#[test]
fn writes_are_found_wherever_they_stand() {
    mysql(&[
        ("INSERT INTO t VALUES (1)", Write("INSERT")),
        ("INSERT IGNORE t SET a = 1", Write("INSERT")),
        ("REPLACE INTO t VALUES (1)", Write("REPLACE")),
        ("UPDATE t SET a = 1", Write("UPDATE")),
        ("DELETE t FROM t JOIN u", Write("DELETE")),
        ("TRUNCATE TABLE t", Write("TRUNCATE")),
        ("LOAD DATA INFILE 'x' INTO TABLE t", Write("LOAD")),
        ("OPTIMIZE TABLE t", Write("OPTIMIZE TABLE")),
        ("RENAME TABLE a TO b", Write("RENAME TABLE")),
        ("CALL p()", Write("CALL")),
        ("WITH a AS (SELECT 1) UPDATE t SET a = 1", Write("UPDATE")),
        ("WITH a AS (SELECT 1) DELETE FROM t", Write("DELETE")),
        (
            "SELECT * FROM t INTO OUTFILE '/tmp/x'",
            Write("SELECT INTO OUTFILE"),
        ),
        (
            "SELECT a INTO DUMPFILE '/tmp/x' FROM t",
            Write("SELECT INTO DUMPFILE"),
        ),
        ("SELECT a INTO @a FROM t", Write("SELECT INTO @variable")),
        ("EXPLAIN UPDATE t SET a = 1", Write("EXPLAIN UPDATE")),
        ("EXPLAIN FORMAT=TREE DELETE FROM t", Write("EXPLAIN DELETE")),
        ("DESCRIBE INSERT INTO t VALUES (1)", Write("EXPLAIN INSERT")),
        ("ANALYZE TABLE t", NotARead("ANALYZE")),
        (
            "ANALYZE FORMAT=JSON UPDATE t SET a = 1",
            Write("ANALYZE UPDATE"),
        ),
    ]);
}

#[test]
fn locks_and_sequences_by_function_are_found() {
    mysql(&[
        ("SELECT GET_LOCK('a', 1)", Effect("get_lock")),
        (
            "SELECT a FROM t WHERE RELEASE_LOCK(a)",
            Effect("release_lock"),
        ),
        ("SELECT `get_lock`('a', 1)", Effect("get_lock")),
        ("SELECT RELEASE_ALL_LOCKS()", Effect("release_all_locks")),
        ("SELECT LAST_INSERT_ID(5)", Effect("last_insert_id")),
        ("SELECT NEXTVAL(s)", Effect("nextval")),
        ("SELECT SETVAL(s, 5)", Effect("setval")),
        ("SELECT NEXT VALUE FOR s", Effect("NEXT VALUE FOR")),
        ("SELECT next value for update", Effect("NEXT VALUE FOR")),
        ("SELECT PREVIOUS VALUE FOR s", Effect("PREVIOUS VALUE FOR")),
        ("SHOW STATUS WHERE GET_LOCK('a', 1)", Effect("get_lock")),
        (
            "EXPLAIN SELECT * FROM (SELECT GET_LOCK('a', 1)) AS x",
            Effect("get_lock"),
        ),
    ]);
}

#[test]
fn statements_of_other_kinds_are_no_reads() {
    mysql(&[
        ("SET @a = 1", NotARead("SET")),
        ("START TRANSACTION READ WRITE", NotARead("START")),
        ("DO GET_LOCK('a', 1)", NotARead("DO")),
        ("HANDLER t OPEN", NotARead("HANDLER")),
        ("FLUSH TABLES WITH READ LOCK", NotARead("FLUSH")),
        ("KILL 5", NotARead("KILL")),
        ("LOCK TABLES t READ", TableLock("LOCK TABLES")),
        ("UNLOCK TABLES", NotARead("UNLOCK")),
        ("SELECT 1; SELECT 2", Several),
        ("SELECT 'for, open", Unparsable),
    ]);
}
