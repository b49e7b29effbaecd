//! Texts that servers, their versions or their settings cut into tokens in ways of their own.

use diesel_routing_sql::Dialect;

use crate::table::Is::{Conditional, Effect, Read, RowLock, Unparsable, Write};
use crate::table::check;

#[test]
fn a_keyword_glued_to_a_number_is_refused() {
    for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
        check(
            dialect,
            &[
                ("SELECT a FROM t WHERE a = 1.LOCK IN SHARE MODE", Unparsable),
                (
                    "SELECT a FROM t WHERE a = 1e0LOCK IN SHARE MODE",
                    Unparsable,
                ),
                ("SELECT a FROM t WHERE a = 1.5FOR UPDATE", Unparsable),
                ("SELECT a FROM t WHERE a = 0x1FOR UPDATE", Unparsable),
                ("SELECT 1.INTO t", Unparsable),
                ("SELECT 1INTO t", Unparsable),
                (
                    "SELECT a FROM t WHERE a = 1. LOCK IN SHARE MODE",
                    RowLock("LOCK IN SHARE MODE"),
                ),
                (
                    "SELECT a FROM t WHERE a = 1.5/**/LOCK IN SHARE MODE",
                    RowLock("LOCK IN SHARE MODE"),
                ),
                ("SELECT 1.5, .5, 1., 1e5, 1.5E-3, 0x1F, 1+2", Read),
                ("SELECT 1, 1 ,1.5,a FROM t", Read),
            ],
        );
    }
}

#[test]
fn postgres_strings_keep_their_escapes_over_lines() {
    check(
        Dialect::Postgres,
        &[
            (
                "SELECT E'a'\n'\\' || pg_advisory_lock(1) || \\''",
                Unparsable,
            ),
            ("SELECT E'a' -- c\n '\\' , nextval(''s'') , '", Unparsable),
            (
                "SELECT E'a'\n'\\', ' , pg_advisory_lock(1) -- '",
                Unparsable,
            ),
            ("SELECT U&'a'\n'b'", Unparsable),
            ("SELECT 'a'\n'b' FROM t", Read),
            ("SELECT 'a'\n'b' FROM t FOR UPDATE", RowLock("FOR UPDATE")),
            ("SELECT E'a\\'b', E'c\\\\', 'd\\e', U&'\\0061'", Read),
        ],
    );
}

#[test]
fn unicode_names_are_no_way_to_call_a_function() {
    check(
        Dialect::Postgres,
        &[
            ("SELECT U&\"pg_advisory_loc\\006b\"(82)", Unparsable),
            (
                "SELECT u&\"pg_advisory_loc!006b\" UESCAPE '!' (82)",
                Unparsable,
            ),
            ("SELECT pg_catalog.U&\"nextva\\006c\"('s')", Unparsable),
            ("SELECT ('s'::regclass).U&\"nextva\\006c\"", Unparsable),
            ("SELECT U&\"pg_notif\\0079\"('a', 'b')", Unparsable),
            ("SELECT U&\"d\\0061t\\+000061\" FROM t", Read),
            ("SELECT U&'d\\0061t\\+000061' FROM t", Read),
        ],
    );
}

#[test]
fn settings_that_turn_backslashes_round_open_no_door() {
    check(
        Dialect::Postgres,
        &[
            // With standard_conforming_strings off, the string goes on to the second quote.
            ("SELECT '\\' || ' FOR UPDATE --'", RowLock("FOR UPDATE")),
            ("SELECT 'a\\b', 'c\\d'", Read),
            ("SELECT a LIKE '%\\%'", Read),
        ],
    );
    check(
        Dialect::Mysql,
        &[
            // With NO_BACKSLASH_ESCAPES, the string ends at its second quote.
            ("SELECT '\\' FOR UPDATE -- '", RowLock("FOR UPDATE")),
            ("SELECT '\\', GET_LOCK(1, 1), \\N, '\\'", Unparsable),
            ("SELECT '\\', GET_LOCK(1, 1) -- '", Effect("get_lock")),
            ("SELECT '\\', 1.LOCK -- '", Unparsable),
            ("SELECT 'it\\'s', \"a\\\"b\", 'c\\\\'", Read),
            // With ANSI_QUOTES, it is a name.
            ("SELECT \"get_lock\"('a', 1)", Effect("get_lock")),
        ],
    );
}

#[test]
fn comments_that_some_servers_run_are_refused() {
    check(
        Dialect::Mysql,
        &[
            ("SELECT 1 /*!99999 FOR UPDATE */", Conditional),
            ("SELECT 1 /*M!110000 FOR UPDATE */", Conditional),
            ("SELECT /*+ QB_NAME(`*/ FOR UPDATE /*`) */ 1", Unparsable),
            ("SELECT 1 --\u{1} FOR UPDATE", Unparsable),
            ("SELECT /*+ MAX_EXECUTION_TIME(1000) */ 1", Read),
            ("SELECT 1 /* /* */ FOR UPDATE", RowLock("FOR UPDATE")),
        ],
    );
    check(
        Dialect::Postgres,
        &[
            ("SELECT 1 /* /* */ FOR UPDATE */", Read),
            ("SELECT 1 /* /* */ */ FOR UPDATE", RowLock("FOR UPDATE")),
            ("SELECT 1 -- x\rFOR UPDATE", RowLock("FOR UPDATE")),
            ("SELECT 1 +-- x\nFOR UPDATE", RowLock("FOR UPDATE")),
            ("SELECT 1 */* x */ FOR UPDATE", RowLock("FOR UPDATE")),
        ],
    );
    check(
        Dialect::Sqlite,
        &[
            ("SELECT 1 -- x\rFOR UPDATE", Read),
            ("SELECT 1 /* open", Unparsable),
        ],
    );
}

#[test]
fn a_nul_ends_no_statement_unseen() {
    for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
        check(
            dialect,
            &[
                ("SELECT 1\0", Unparsable),
                ("SELECT '\0'", Unparsable),
                ("SELECT 1 -- \0\n", Unparsable),
                ("SELECT 1 /* \0 */", Unparsable),
            ],
        );
    }
}

#[test]
fn odd_blanks_are_refused_and_ordinary_ones_are_not() {
    for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
        check(
            dialect,
            &[
                ("SELECT a\u{b}b", Unparsable),
                ("SELECT a\u{3000}b", Unparsable),
                ("SELECT a\u{200b}b", Unparsable),
                ("SELECT 1\u{feff}", Unparsable),
                ("SELECT \\N", Unparsable),
                ("SELECT 'a\u{a0}b', größe FROM straße", Read),
                ("SELECT\t1\r\n\x0c", Read),
            ],
        );
    }
}

#[test]
fn placeholders_and_variables_end_where_the_server_ends_them() {
    check(
        Dialect::Postgres,
        &[
            ("SELECT $1FOR UPDATE", Unparsable),
            ("SELECT a FROM t FOR$$x$$UPDATE", Read),
            ("SELECT $a$ FOR UPDATE $a$", Read),
            ("SELECT $a$ x $b$ FOR UPDATE", Unparsable),
        ],
    );
    check(
        Dialect::Sqlite,
        &[
            ("SELECT $a(nextval)", Unparsable),
            ("SELECT :a, @b, $c, ?1", Read),
        ],
    );
    check(
        Dialect::Mysql,
        &[
            ("SELECT @ FOR UPDATE", Unparsable),
            ("SELECT @a FOR UPDATE", RowLock("FOR UPDATE")),
            ("SELECT @a.b, @@global.read_only, @'a b', @`c`", Read),
            ("SELECT 1 INTO @a", Write("SELECT INTO @variable")),
            ("SELECT 1 INTO @`a`", Write("SELECT INTO @variable")),
            ("SELECT {fn GET_LOCK('a', 1)}", Effect("get_lock")),
        ],
    );
}
