use diesel_routing_sql::Dialect;
use proc_macro2::TokenStream;

use super::expand;
use crate::snapshot::assert_expansion;

fn expanded(input: &str, dialect: Dialect) -> TokenStream {
    expand(input.parse().unwrap(), dialect)
}

#[test]
fn a_read_becomes_a_checked_value() {
    for (name, dialect, input) in [
        (
            "read_postgres",
            Dialect::Postgres,
            r#""SELECT id FROM users WHERE id = $1""#,
        ),
        (
            "read_mysql",
            Dialect::Mysql,
            r#""SELECT `id` FROM users WHERE id = ?""#,
        ),
        ("read_sqlite", Dialect::Sqlite, r#""PRAGMA user_version""#),
        (
            "read_raw_string",
            Dialect::Postgres,
            r##"r#"SELECT "id" FROM "users""#"##,
        ),
        ("read_trailing_comma", Dialect::Postgres, r#""SELECT 1","#),
    ] {
        assert_expansion!(name, input, expanded(input, dialect));
    }
}

#[test]
fn anything_but_a_read_is_an_error_on_the_literal_next_to_the_value() {
    for (name, dialect, input) in [
        (
            "refused_row_lock",
            Dialect::Postgres,
            r#""SELECT id FROM users FOR UPDATE""#,
        ),
        (
            "refused_share_mode",
            Dialect::Mysql,
            r#""SELECT id FROM users LOCK IN SHARE MODE""#,
        ),
        (
            "refused_write",
            Dialect::Postgres,
            r#""WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d""#,
        ),
        (
            "refused_function",
            Dialect::Postgres,
            r#""SELECT nextval('s')""#,
        ),
        (
            "refused_advisory_lock",
            Dialect::Mysql,
            r#""SELECT GET_LOCK('a', 1)""#,
        ),
        (
            "refused_other_statement",
            Dialect::Sqlite,
            r#""ATTACH 'x' AS x""#,
        ),
        ("refused_table_lock", Dialect::Postgres, r#""LOCK TABLE t""#),
        (
            "refused_several",
            Dialect::Postgres,
            r#""SELECT 1; SELECT 2""#,
        ),
        ("refused_empty", Dialect::Sqlite, r#""""#),
        ("refused_unparsable", Dialect::Postgres, r#""SELECT (1""#),
        (
            "refused_conditional_comment",
            Dialect::Mysql,
            r#""SELECT 1 /*!50000 FOR UPDATE */""#,
        ),
    ] {
        assert_expansion!(name, input, expanded(input, dialect));
    }
}

#[test]
fn anything_but_one_literal_is_an_error_on_the_offending_token() {
    for (name, input) in [
        ("input_nothing", ""),
        ("input_variable", "sql"),
        ("input_concat", r#"concat!("SELECT ", "1")"#),
        ("input_number", "1"),
        ("input_bytes", r#"b"SELECT 1""#),
        ("input_suffix", r#""SELECT 1"sql"#),
        ("input_second_argument", r#""SELECT $1", 5"#),
        ("input_second_word", r#""SELECT $1" 5"#),
        ("input_other_word", r#"path = "a.sql""#),
        ("input_file_of_no_literal", "file = PATH"),
        ("input_file_and_more", r#"file = "a.sql", 5"#),
    ] {
        assert_expansion!(name, input, expanded(input, Dialect::Postgres));
    }
}

#[test]
fn a_file_is_read_and_tracked_and_the_text_that_was_checked_is_the_one_that_runs() {
    for (name, dialect, input) in [
        (
            "file_read",
            Dialect::Postgres,
            r#"file = "tests/queries/adults.sql""#,
        ),
        (
            "file_with_a_byte_order_mark",
            Dialect::Sqlite,
            r#"file = "tests/queries/marked.sql","#,
        ),
        (
            "file_that_writes",
            Dialect::Postgres,
            r#"file = "tests/queries/writes.sql""#,
        ),
        (
            "file_unparsable",
            Dialect::Postgres,
            r#"file = "tests/queries/open.sql""#,
        ),
        (
            "file_empty",
            Dialect::Mysql,
            r#"file = "tests/queries/empty.sql""#,
        ),
        (
            "file_missing",
            Dialect::Postgres,
            r#"file = "tests/queries/nobody.sql""#,
        ),
        (
            "file_not_in_utf8",
            Dialect::Postgres,
            r#"file = "tests/queries/latin.sql""#,
        ),
        (
            "file_that_is_a_directory",
            Dialect::Postgres,
            r#"file = "tests""#,
        ),
        (
            "file_at_an_absolute_path",
            Dialect::Postgres,
            r#"file = "/queries/adults.sql""#,
        ),
        ("file_without_a_name", Dialect::Postgres, r#"file = """#),
    ] {
        assert_expansion!(name, input, expanded(input, dialect));
    }
}

#[test]
fn deep_sql_fits_a_small_stack_of_the_compilers() {
    let expand_all = || {
        for (open, core, close) in [
            ("EXISTS(SELECT ", "1", ")"),
            ("lower(", "a", ")"),
            ("NOT ", "a", ""),
            ("CASE WHEN ", "a", " THEN a END"),
            ("(", "1", ")"),
            ("a", "", " + 1"),
        ] {
            for levels in [12, 200, 100_000] {
                let input = format!(
                    "\"SELECT {}{core}{}\"",
                    open.repeat(levels),
                    close.repeat(levels)
                );
                let literal: TokenStream = input.parse().unwrap();
                let _ = expand(literal, Dialect::Postgres);
            }
        }
    };
    let thread = std::thread::Builder::new()
        .stack_size(512 << 10)
        .spawn(expand_all)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn deep_reads_are_accepted() {
    let sql = format!(
        "\"SELECT {}1{}\"",
        "EXISTS(SELECT ".repeat(100),
        ")".repeat(100)
    );
    let expanded = expanded(&sql, Dialect::Postgres).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
}
