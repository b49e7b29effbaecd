use diesel_routing_sql::Dialect;
use fastrand::Rng;

/// Makes statements at random.
pub(crate) struct Generator {
    rng: Rng,
    templates: Vec<Vec<&'static str>>,
    pieces: Vec<&'static str>,
}

impl Generator {
    pub(crate) fn new(dialect: Dialect, seed: u64) -> Self {
        let (templates, pieces) = match dialect {
            Dialect::Mysql => (MYSQL, MYSQL_PIECES),
            Dialect::Sqlite => (SQLITE, SQLITE_PIECES),
            _ => (POSTGRES, POSTGRES_PIECES),
        };
        let templates = templates.iter().chain(COMMON);
        Self {
            rng: Rng::with_seed(seed),
            templates: templates.map(|template| cut(template)).collect(),
            pieces: pieces.iter().chain(COMMON_PIECES).copied().collect(),
        }
    }

    /// Returns a statement and the number of its pieces.
    pub(crate) fn statement(&mut self) -> (String, usize) {
        let mut parts = self.template();
        for _ in 0..self.rng.usize(0..5) {
            self.mutate(&mut parts);
        }
        let mut sql = String::new();
        // Most texts have ordinary blanks.
        let odd = self.rng.u8(0..6) == 0;
        for part in &parts {
            let recased = self.rng.u8(0..12) == 0;
            if recased {
                sql.push_str(&part.to_lowercase());
            } else {
                sql.push_str(part);
            }
            if odd && !part.trim().is_empty() {
                sql.push_str(self.blank());
            }
        }
        if self.rng.u8(0..25) == 0 {
            self.break_a_character(&mut sql);
        }
        (sql, parts.len())
    }

    fn template(&mut self) -> Vec<&'static str> {
        let at = self.rng.usize(0..self.templates.len());
        self.templates[at].clone()
    }

    fn mutate(&mut self, parts: &mut Vec<&'static str>) {
        let at = self.rng.usize(0..=parts.len());
        let piece = self.pieces[self.rng.usize(0..self.pieces.len())];
        match self.rng.u8(0..10) {
            0 | 1 => parts.insert(at, piece),
            2 => {
                parts.insert(at, " ");
                parts.insert(at, piece);
                parts.insert(at, " ");
            }
            3 if at < parts.len() => parts[at] = piece,
            4 if at < parts.len() => {
                parts.remove(at);
            }
            5 if at < parts.len() => {
                let other = self.rng.usize(0..parts.len());
                parts.swap(at, other);
            }
            6 => {
                let other = self.template();
                let from = self.rng.usize(0..other.len());
                parts.splice(at.., other[from..].iter().copied());
            }
            7 => {
                let other = self.template();
                let inside = other.iter().copied();
                let wrapped: Vec<_> = ["("].into_iter().chain(inside).chain([")"]).collect();
                parts.splice(at..at, wrapped);
            }
            8 => {
                let prefix = PREFIXES[self.rng.usize(0..PREFIXES.len())];
                parts.splice(0..0, cut(prefix));
            }
            _ => {
                // Glue what a blank kept apart.
                if let Some(blank) = (at..parts.len()).find(|&index| parts[index].trim().is_empty())
                {
                    parts.remove(blank);
                }
            }
        }
    }

    fn blank(&mut self) -> &'static str {
        const BLANKS: [&str; 12] = [
            "", "", "", " ", " ", "\n", "\t", "/**/", "/* ' */", "-- x\n", "\r", "\x0c",
        ];
        BLANKS[self.rng.usize(0..BLANKS.len())]
    }

    fn break_a_character(&mut self, sql: &mut String) {
        const ODD: [char; 14] = [
            '\'', '"', '`', '\\', '\u{a0}', '\u{b}', '\u{1}', '$', '.', '(', ')', ';', '\u{e9}',
            '\n',
        ];
        let places: Vec<usize> = sql.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return;
        }
        let at = places[self.rng.usize(0..places.len())];
        let odd = ODD[self.rng.usize(0..ODD.len())];
        if self.rng.bool() {
            sql.insert(at, odd);
        } else {
            sql.remove(at);
        }
    }
}

/// Words, numbers, blanks and single characters.
fn cut(template: &'static str) -> Vec<&'static str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let end = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (part, tail) = rest.split_at(end);
        parts.push(part);
        rest = tail;
    }
    parts
}

const PREFIXES: &[&str] = &[
    "EXPLAIN ",
    "EXPLAIN ANALYZE ",
    "ANALYZE ",
    "EXPLAIN QUERY PLAN ",
    "EXPLAIN (ANALYZE off) ",
    "EXPLAIN (\"analyze\") ",
    "EXPLAIN (COSTS off, ANALYZE 'on') ",
    "EXPLAIN FORMAT=JSON ",
    "DESCRIBE ",
    "WITH x AS (SELECT 1) ",
    "WITH x(a) AS (SELECT 1), y AS (SELECT 2) ",
    "SELECT 1 UNION ",
    "SELECT 1; ",
    "SELECT * FROM ",
    "SELECT ",
    "(",
];

const COMMON: &[&str] = &[
    "SELECT 1",
    "SELECT a, b FROM t WHERE a = 1 ORDER BY b LIMIT 2",
    "SELECT t.a AS x, count(*) FROM t GROUP BY t.a HAVING count(*) > 0",
    "SELECT * FROM t JOIN u ON t.a = u.a",
    "SELECT a FROM t WHERE a IN (SELECT a FROM u WHERE b = 'x') AND b <> 'y'",
    "SELECT EXISTS (SELECT 1 FROM t)",
    "SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END FROM t",
    "SELECT 1.5, 2e0, .5, 0x1F, 'it''s'",
    "WITH x AS (SELECT a FROM t) SELECT * FROM x",
    "WITH x(a, b) AS (SELECT 1, 2), y AS (SELECT a FROM x) SELECT * FROM y",
    "VALUES (1, 2)",
    "SELECT coalesce(a, 0), lower(b) FROM t UNION ALL SELECT 1, 'x'",
    "SELECT * FROM (SELECT a FROM t) AS x",
    "SELECT a AS \"update\" FROM t",
    "INSERT INTO t VALUES (7, 7, 'z')",
    "UPDATE t SET a = a + 1",
    "DELETE FROM t",
    "CREATE TABLE made (a int)",
    "DROP TABLE u",
    "SELECT a FROM t FOR UPDATE",
];

const COMMON_PIECES: &[&str] = &[
    "INTO",
    "FOR",
    "UPDATE",
    "DELETE",
    "INSERT",
    "SELECT",
    "FROM",
    "WHERE",
    "WITH",
    "AS",
    "SET",
    "TABLE",
    "VALUES",
    "UNION",
    "SHARE",
    "(",
    ")",
    ",",
    ".",
    ";",
    "*",
    "=",
    "-",
    "--",
    "/*",
    "*/",
    "#",
    "@",
    ":",
    "?",
    "'",
    "\"",
    "`",
    "''",
    "'x'",
    "\"a\"",
    "\\",
    "\\'",
    "1",
    "1.",
    "1e0",
    "0x1",
    "1.5",
    ".5",
    "$$",
    "$a$",
    "$1",
    "t",
    "a",
    "as",
    "\n",
    "-- x\n",
    "/* x */",
    "/*!",
    "E'a'",
    "[",
    "]",
    "||",
    "SELECT 1",
    "DELETE FROM t",
    "INSERT INTO t VALUES (8, 8, 'q')",
    "UPDATE t SET a = 5",
    "FOR UPDATE",
    "FOR UPDATE OF t",
    "INTO made2",
    "DROP TABLE t",
    "é",
];

const POSTGRES: &[&str] = &[
    "SELECT a FROM t WHERE b = E'a\\'b' AND a::text ~ '^1'",
    "SELECT $$x$$, $a$y$a$, U&'\\0061', U&\"a\" FROM t",
    "SELECT * FROM json_to_record('{}') x(a int)",
    "SELECT (t).a, (t).* FROM t",
    "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b",
    "SELECT substring(b FROM 1 FOR 2), overlay(b PLACING 'x' FROM 1 FOR 1) FROM t",
    "SELECT sum(a) OVER (ORDER BY a ROWS UNBOUNDED PRECEDING EXCLUDE TIES) FROM t",
    "SELECT a FROM t WHERE a ISNULL OR a BETWEEN SYMMETRIC 5 AND 1",
    "SELECT * FROM ROWS FROM (generate_series(1, 2)) AS x(a)",
    "WITH RECURSIVE x(n) AS (VALUES (1) UNION SELECT 2 FROM x) CYCLE n SET c USING p SELECT * FROM x",
    "WITH RECURSIVE x(n) AS (VALUES (1) UNION SELECT 2 FROM x) SEARCH DEPTH FIRST BY n SET o SELECT * FROM x",
    "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x",
    "WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x",
    "WITH x AS (INSERT INTO t VALUES (9, 9, 'w') RETURNING a) SELECT * FROM x",
    "WITH x AS (SELECT 1) UPDATE t SET a = 1",
    "TABLE t ORDER BY a",
    "SHOW search_path",
    "EXPLAIN (COSTS off) SELECT a FROM t",
    "EXPLAIN ANALYZE SELECT a FROM t",
    "EXPLAIN (ANALYZE, COSTS off) INSERT INTO t VALUES (5, 5, 'v')",
    "EXPLAIN (ANALYZE off) DELETE FROM t",
    "SELECT a INTO made3 FROM t",
    "SELECT 1 AS into INTO made4",
    "SELECT a FROM t FOR NO KEY UPDATE SKIP LOCKED",
    "SELECT a FROM t FOR KEY SHARE",
    "SELECT nextval('s'), s.last_value FROM s",
    "SELECT pg_advisory_lock(77)",
    "SELECT pg_catalog.pg_try_advisory_xact_lock(77), set_config('work_mem', '1MB', false)",
    "SELECT ('s'::regclass).nextval",
    "SELECT U&\"pg_advisory_loc\\006b\"(82)",
    "SELECT U&\"pg_advisory_loc!006b\" UESCAPE '!' (82)",
    "SELECT query_to_xml('DELETE FROM t', true, true, '')",
    "SELECT ts_stat('SELECT to_tsvector(b) FROM t')",
    "SELECT * FROM txid_current()",
    "SELECT E'a'\n'\\' , pg_advisory_lock(1) , E'",
    "LOCK TABLE t IN SHARE MODE",
    "SET work_mem = '1MB'",
    "SELECT lo_create(0)",
    "SELECT 1 OPERATOR(pg_catalog.+) nextval('s')",
    "SELECT * FROM t AS x (a, b), LATERAL generate_series(1, 2) WITH ORDINALITY AS y (n, o)",
];

const POSTGRES_PIECES: &[&str] = &[
    "nextval('s')",
    "setval('s', 9)",
    "pg_advisory_lock(1)",
    ".nextval",
    "('s'::regclass)",
    "INTO made",
    "FOR SHARE",
    "FOR NO KEY UPDATE",
    "NOWAIT",
    "SKIP LOCKED",
    "WITH x AS (DELETE FROM t RETURNING a)",
    "RETURNING a",
    "\"analyze\"",
    "ANALYZE",
    "EXPLAIN",
    "VERBOSE",
    "U&",
    "U&\"nextva\\006c\"",
    "UESCAPE '!'",
    "MATERIALIZED",
    "CYCLE a SET c USING p",
    "SEARCH BREADTH FIRST BY a SET o",
    "LATERAL",
    "ONLY",
    "OPERATOR(pg_catalog.+)",
    "VARIADIC",
    "::int",
    "::regclass",
    "setseed(0.5)",
    "lo_create(0)",
    "txid_current()",
    "set_config('work_mem', '1MB', false)",
    "substring(",
    "E'\\''",
    "U&'\\0061'",
    "B'1'",
    "X'1'",
    "N'x'",
    "$1FOR UPDATE",
    "1.FOR UPDATE",
    "\"nextval\"('s')",
    "pg_catalog.",
    "DISTINCT ON (a)",
    "LISTEN x",
    "pg_notify('a', 'b')",
    "\r",
    "COPY t TO STDOUT",
    "COPY (DELETE FROM t RETURNING a) TO STDOUT",
    "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "PREPARE p AS SELECT 1",
    "pg_export_snapshot()",
    "currval('s')",
    "EXECUTE p",
];

const MYSQL: &[&str] = &[
    "SELECT `a`, \"x\" FROM t WHERE b = 'it\\'s' LIMIT 1, 2",
    "SELECT 5 DIV 2, 5 MOD 2, a XOR 1, !a FROM t",
    "SELECT a FROM t WHERE b SOUNDS LIKE 'b' AND b RLIKE 'c'",
    "SELECT NOW() - INTERVAL '1:30' MINUTE_SECOND, CHAR(77 USING utf8mb4)",
    "SELECT GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ',') FROM t",
    "SELECT a FROM t USE INDEX FOR ORDER BY (PRIMARY) WHERE a = 1",
    "SELECT @@sql_mode, @x, @'y', @`z`, @@session.sql_mode",
    "SELECT _utf8mb4'x', N'x', X'41', b'01', 0x41, \\N",
    "SELECT INSERT('abc', 1, 2, 'x'), REPLACE(b, 'a', 'b') FROM t",
    "SELECT {fn lower('A')}, {d '2020-01-01'}",
    "SELECT a FROM t WHERE (a, b) IN ((1, 'x'), (2, 'y'))",
    "SHOW TABLES WHERE 1 = 1",
    "SHOW VARIABLES LIKE 'read_only'",
    "DESCRIBE t",
    "EXPLAIN SELECT * FROM (SELECT a FROM t) AS x",
    "ANALYZE SELECT a FROM t",
    "ANALYZE TABLE t",
    "ANALYZE FORMAT=JSON DELETE FROM t",
    "SELECT a FROM t LOCK IN SHARE MODE",
    "SELECT a FROM t WHERE a = 1.LOCK IN SHARE MODE",
    "SELECT a FROM t WHERE a = 1e0LOCK IN SHARE MODE",
    "SELECT a FROM t /*!50000 FOR UPDATE */",
    "SELECT a FROM t /*M!100100 LOCK IN SHARE MODE */",
    "SELECT GET_LOCK('a', 0)",
    "SELECT `GET_LOCK`('a', 0), \"b\"",
    "SELECT NEXT VALUE FOR s, NEXTVAL(s), LASTVAL(s), PREVIOUS VALUE FOR s",
    "SELECT a FROM t INTO @x",
    "SELECT a INTO OUTFILE '/nowhere/x' FROM t",
    "SET @@sql_mode = ''",
    "CALL p()",
    "DO GET_LOCK('a', 0)",
    "SELECT LAST_INSERT_ID(5)",
    "SELECT a FROM t FOR UPDATE NOWAIT",
    "LOCK TABLES t READ",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "SELECT SQL_NO_CACHE STRAIGHT_JOIN a FROM t",
    "REPLACE INTO t VALUES (3, 3, 'r')",
];

const MYSQL_PIECES: &[&str] = &[
    "LOCK IN SHARE MODE",
    "LOCK",
    "IN SHARE MODE",
    "GET_LOCK('a', 0)",
    "NEXTVAL(s)",
    "NEXT VALUE FOR s",
    "LAST_INSERT_ID(3)",
    "INTO @x",
    "@x := 1",
    "@",
    "@@",
    "/*!50000",
    "/*M!",
    "*/",
    "/*+",
    "1.LOCK",
    "1e0LOCK",
    "--\n",
    "-- ",
    "--x",
    "#x\n",
    "\\N",
    "\\'",
    "\"x\\\"\"",
    "`x`",
    "\"",
    "DIV",
    "BINARY",
    "{fn",
    "}",
    "ANALYZE",
    "FORMAT=JSON",
    "EXTENDED",
    "s.NEXTVAL",
    "SETVAL(s, 9)",
    "RELEASE_LOCK('a')",
    "GÉT_LOCK('a', 0)",
    "`get_lock `('a', 0)",
    "INTO OUTFILE '/nowhere/y'",
    "FOR SHARE",
    "SKIP LOCKED",
    "NOWAIT",
    "SET @@sql_mode = ''",
    "SET STATEMENT max_statement_time=1 FOR",
    "DO",
    "CALL p()",
    "HANDLER t OPEN",
    "REPLACE INTO t VALUES (6, 6, 'r')",
    "EXECUTE IMMEDIATE 'DELETE FROM t'",
    "PROCEDURE ANALYSE()",
    "_utf8mb4",
    "N",
    "x",
    "0x",
    "SOUNDS LIKE",
    "CREATE TEMPORARY TABLE tt (a int)",
    "f()",
];

const SQLITE: &[&str] = &[
    "SELECT `a`, [b], \"a\" FROM t WHERE a IS NOT 30 AND b GLOB 'x*'",
    "SELECT 1 << 2, 8 >> 1, a & 1 | 2, ~a, a == 1 FROM t",
    "SELECT a FROM t INDEXED BY i WHERE b = 'x'",
    "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x",
    "WITH edit(a) AS (SELECT 1) SELECT a FROM edit",
    "SELECT x'41', CAST(a AS TEXT), b COLLATE NOCASE FROM t",
    "SELECT * FROM pragma_table_info('t')",
    "SELECT * FROM pragma_optimize",
    "SELECT * FROM pragma_journal_mode",
    "SELECT * FROM json_each('[1]')",
    "EXPLAIN SELECT a FROM t",
    "EXPLAIN QUERY PLAN DELETE FROM t",
    "EXPLAIN PRAGMA query_only = 1",
    "EXPLAIN PRAGMA foreign_keys(1)",
    "PRAGMA user_version",
    "PRAGMA user_version = 5",
    "PRAGMA main.table_info(t)",
    "PRAGMA recursive_triggers = 1",
    "PRAGMA journal_mode",
    "PRAGMA cache_size = 5",
    "PRAGMA integrity_check",
    "PRAGMA optimize",
    "ATTACH ':memory:' AS other",
    "VACUUM",
    "BEGIN",
    "REPLACE INTO t VALUES (3, 3, 'r')",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT 6, 6, 'w' FROM x",
    "INSERT INTO t VALUES (4, 4, 's') RETURNING a",
    "SELECT load_extension('x')",
    "SELECT a FROM t ORDER BY a NULLS LAST LIMIT 1 OFFSET 0",
    "REINDEX",
    "ANALYZE",
];

const SQLITE_PIECES: &[&str] = &[
    "PRAGMA",
    "query_only",
    "= 1",
    "(1)",
    "PRAGMA query_only = 1",
    "PRAGMA user_version = 7",
    "EXPLAIN",
    "QUERY PLAN",
    "main.",
    "temp.",
    "pragma_optimize",
    "pragma_wal_checkpoint",
    "pragma_query_only",
    "pragma_user_version",
    "pragma_journal_mode('delete')",
    "load_extension('x')",
    "[x]",
    "`x`",
    "$a(x)",
    "@a",
    ":a",
    "?1",
    "x'41'",
    "REPLACE",
    "ATTACH ':memory:' AS o",
    "VACUUM",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "OR REPLACE",
    "RETURNING a",
    "MATERIALIZED",
    "INDEXED BY i",
    "IS NOT 30",
    "GLOB",
    "changes()",
    "->>",
    "case_sensitive_like",
    "foreign_keys",
    "recursive_triggers",
    "writable_schema",
    "1.",
    "1_0",
    "SAVEPOINT x",
    "DETACH main",
    "CREATE TEMP TABLE tt (a)",
];
