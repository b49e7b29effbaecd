//! Statements that nest deep or go on for long, on a small stack.

use diesel_routing_sql::{
    Dialect, Finding, Functions, inspect, inspect_fragment, inspect_rendered,
};

const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

/// What begins a statement, what is repeated, its core, what is repeated behind it, and how many tokens
/// one level has.
const CONSTRUCTS: &[(&str, &str, &str, &str, usize)] = &[
    ("SELECT ", "(", "1", ")", 2),
    ("SELECT ", "f(", "1", ")", 3),
    ("SELECT ", "EXISTS(SELECT ", "1", ")", 4),
    ("SELECT ", "(SELECT ", "1", ")", 3),
    ("SELECT ", "a IN (SELECT ", "1", ")", 5),
    ("SELECT ", "NOT ", "a", "", 1),
    ("SELECT ", "- ", "a", "", 1),
    ("SELECT ", "~ ", "a", "", 1),
    ("SELECT ", "CASE WHEN ", "a", " THEN a END", 5),
    ("SELECT ", "CASE a WHEN a THEN ", "a", " END", 6),
    ("SELECT ", "CAST(", "a", " AS int)", 5),
    ("SELECT ", "EXTRACT(day FROM ", "a", ")", 5),
    ("SELECT ", "ARRAY[", "1", "]", 3),
    ("SELECT ", "INTERVAL ", "1", "", 1),
    ("SELECT ", "a BETWEEN ", "1", " AND 2", 4),
    ("SELECT ", "f() OVER (PARTITION BY ", "1", ")", 8),
    ("SELECT ", "coalesce(a, ", "1", ")", 5),
    ("SELECT ", "{fn ", "1", "}", 3),
    ("SELECT a", " + 1", "", "", 2),
    ("SELECT a", " || 'x'", "", "", 2),
    ("SELECT a", " AND a", "", "", 2),
    ("SELECT a", " = a", "", "", 2),
    ("SELECT a", "::int", "", "", 3),
    ("SELECT a", "[1]", "", "", 3),
    ("SELECT a", ".a", "", "", 2),
    ("SELECT a", " COLLATE c", "", "", 2),
    ("SELECT a", " IS NULL", "", "", 2),
    ("SELECT a", ", a", "", "", 2),
    ("SELECT 1", " UNION SELECT 1", "", "", 3),
    ("SELECT 1", " EXCEPT SELECT 1", "", "", 3),
    ("SELECT * FROM ", "(SELECT * FROM ", "t", ") AS x", 7),
    ("SELECT * FROM ", "(", "t", ")", 2),
    ("SELECT * FROM ", "(t JOIN ", "t", " ON a)", 6),
    ("SELECT * FROM t", " JOIN t ON a", "", "", 4),
    ("SELECT * FROM t", ", LATERAL f(1)", "", "", 6),
    ("SELECT * FROM t WHERE a = ", "ANY(SELECT ", "1", ")", 4),
    ("", "WITH a AS (", "SELECT 1", ") SELECT 1", 7),
    ("", "(", "SELECT 1", ")", 2),
    ("", "EXPLAIN ", "SELECT 1", "", 1),
    ("", "EXPLAIN ANALYZE ", "SELECT 1", "", 2),
    ("VALUES ", "((", "1", "))", 4),
    ("SELECT a::", "ARRAY<", "int", ">", 3),
    ("SELECT a::", "STRUCT<a ", "int", ">", 4),
    ("TABLE ", "a.", "a", "", 2),
    ("SHOW ", "a.", "a", "", 2),
    ("PRAGMA ", "table_info(", "a", ")", 3),
    ("COPY ", "(SELECT ", "1", ") TO STDOUT", 5),
    ("SELECT ", "a AS ", "a", "", 2),
    ("SELECT 1 ", "FOR UPDATE ", "", "", 2),
    ("SELECT ", "'a' ", "", "", 1),
    ("", "SELECT ", "1", "", 1),
    ("WITH ", "a AS (UPDATE ", "a", ")", 5),
];

fn look(sql: &str, dialect: Dialect) -> [Result<(), Finding>; 3] {
    let functions = Functions::builtin(dialect);
    [
        inspect(sql, dialect, &functions),
        inspect_rendered(sql, dialect, &functions),
        inspect_fragment(sql, dialect, &functions),
    ]
}

fn on_a_small_stack(check: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    let ended = thread.spawn(check).map(|thread| thread.join().is_ok());
    assert!(matches!(ended, Ok(true)), "{ended:?}");
}

fn nested(construct: (&str, &str, &str, &str, usize), levels: usize) -> String {
    let (begin, open, core, close, _) = construct;
    format!(
        "{begin}{}{core}{}",
        open.repeat(levels),
        close.repeat(levels)
    )
}

#[test]
fn a_hundred_thousand_levels_of_anything_fit_a_small_stack() {
    on_a_small_stack(|| {
        for (index, construct) in CONSTRUCTS.iter().enumerate() {
            let sql = nested(*construct, 100_000);
            let dialect = DIALECTS[index % DIALECTS.len()];
            let _ = inspect(
                &sql,
                Dialect::Postgres,
                &Functions::builtin(Dialect::Postgres),
            );
            let _ = inspect_rendered(&sql, dialect, &Functions::builtin(dialect));
        }
    });
}

#[test]
fn the_longest_statement_that_is_parsed_fits_whatever_nests_in_it() {
    on_a_small_stack(|| {
        for construct in CONSTRUCTS {
            // The parser reads up to 1,000 tokens; a construct that it reads differently counts once more.
            for levels in [20, 45, 990 / construct.4] {
                let sql = nested(*construct, levels);
                for dialect in DIALECTS {
                    let _ = look(&sql, dialect);
                }
            }
        }
    });
}

#[test]
fn valid_reads_pass_however_deep_and_long_they_are() {
    on_a_small_stack(|| {
        for (construct, levels) in [
            (("SELECT ", "EXISTS(SELECT ", "1", ")", 4), 12),
            (("SELECT ", "EXISTS(SELECT ", "1", ")", 4), 1_000),
            (("SELECT ", "lower(", "a", ")", 3), 23),
            (("SELECT ", "lower(", "a", ")", 3), 100_000),
            (("SELECT a", " + 1", "", "", 2), 1_132),
            (("SELECT a", " + 1", "", "", 2), 100_000),
            (("SELECT a FROM t WHERE a = 1", " OR a = 2", "", "", 4), 990),
            (("SELECT 1", " UNION ALL SELECT 1", "", "", 4), 10_000),
        ] {
            let sql = nested(construct, levels);
            for dialect in DIALECTS {
                assert!(
                    look(&sql, dialect)[..2].iter().all(Result::is_ok),
                    "{levels} {}",
                    construct.1
                );
            }
        }
    });
}

#[test]
fn what_hides_in_the_depth_is_found() {
    on_a_small_stack(|| {
        for (begin, open, close) in [
            ("SELECT ", "EXISTS(SELECT ", ")"),
            ("SELECT ", "lower(", ")"),
            ("SELECT 1 FROM ", "(SELECT 1 FROM ", ")"),
        ] {
            for levels in [10, 1_000, 100_000] {
                let deep = |core| nested((begin, open, core, close, 0), levels);
                for (core, dialect) in [
                    ("(SELECT a FROM t FOR UPDATE)", Dialect::Postgres),
                    ("nextval('s')", Dialect::Postgres),
                    ("get_lock('s', 1)", Dialect::Mysql),
                    ("load_extension('s')", Dialect::Sqlite),
                ] {
                    let found = look(&deep(core), dialect);
                    assert!(found.iter().all(Result::is_err), "{levels} {open} {core}");
                }
            }
        }
    });
}

#[test]
fn deep_statements_that_do_not_close_are_wrong() {
    on_a_small_stack(|| {
        let sql = format!("SELECT {}1", "(".repeat(20_000));
        for dialect in DIALECTS {
            let [written, rendered, _] = look(&sql, dialect);
            assert!(
                matches!(written, Err(Finding::Unparsable { .. })),
                "{written:?}"
            );
            assert_eq!(rendered, Ok(()));
        }
    });
}
