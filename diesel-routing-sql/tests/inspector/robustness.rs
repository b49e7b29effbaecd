use diesel_routing_sql::{
    Dialect, Finding, Functions, inspect, inspect_fragment, inspect_rendered,
};
use proptest::prelude::*;

const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

/// Pieces that steer the inspector into its corners.
const PIECES: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "WITH",
    "RECURSIVE",
    "AS",
    "MATERIALIZED",
    "INSERT",
    "INTO",
    "UPDATE",
    "SET",
    "DELETE",
    "MERGE",
    "REPLACE",
    "FOR",
    "NO",
    "KEY",
    "SHARE",
    "LOCK",
    "IN",
    "MODE",
    "NEXT",
    "VALUE",
    "EXPLAIN",
    "ANALYZE",
    "QUERY",
    "PLAN",
    "FORMAT",
    "PRAGMA",
    "COPY",
    "TO",
    "STDOUT",
    "TABLE",
    "VALUES",
    "SHOW",
    "DESCRIBE",
    "substring",
    "nextval",
    "last_insert_id",
    "t",
    "\"update\"",
    "`x`",
    "[y]",
    "(",
    ")",
    ",",
    ".",
    ";",
    "=",
    "@",
    "@a",
    "'text'",
    "'",
    "\"",
    "$$",
    "$1",
    "?",
    ":n",
    "--",
    "\n",
    "/*",
    "*/",
    "/*!50000",
    "#",
    "1",
    "::",
    "+-",
    "\\",
];

fn inspect_everywhere(sql: &str) {
    for dialect in DIALECTS {
        let functions = Functions::builtin(dialect);
        let written = inspect(sql, dialect, &functions);
        let rendered = inspect_rendered(sql, dialect, &functions);
        let _ = inspect_fragment(sql, dialect, &functions);
        assert!(
            written.is_err() || rendered.is_ok(),
            "{dialect:?} refuses where rendered: {sql}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(sql in any::<String>()) {
        inspect_everywhere(&sql);
    }

    #[test]
    fn no_heap_of_sql_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        inspect_everywhere(&pieces.join(" "));
        inspect_everywhere(&pieces.concat());
    }

    #[test]
    fn a_lock_is_found_behind_any_blanks_comments_and_case(
        blanks in prop::collection::vec(prop::sample::select(&[" ", "\n", "\t", "/* ' */", "-- \"\n"][..]), 1..5),
        upper in any::<bool>(),
        depth in 0_usize..8,
    ) {
        let blank = format!(" {} ", blanks.concat());
        let (words, clause) = (["FOR", "NO", "KEY", "UPDATE"].join(&blank), "FOR NO KEY UPDATE");
        let lock = if upper { words } else { words.to_lowercase() };
        let (open, close) = ("SELECT a FROM t WHERE a IN (".repeat(depth), ")".repeat(depth));
        let sql = format!("{open}SELECT a FROM t {lock}{close}");
        let found = inspect_rendered(&sql, Dialect::Postgres, &Functions::builtin(Dialect::Postgres));
        prop_assert_eq!(found, Err(Finding::RowLock { clause: clause.to_owned() }));
    }

    #[test]
    fn text_in_a_string_never_changes_the_verdict(text in "[^'\\\\\0]*") {
        for dialect in DIALECTS {
            let sql = format!("SELECT '{text}' FROM t");
            prop_assert_eq!(inspect_rendered(&sql, dialect, &Functions::builtin(dialect)), Ok(()));
        }
    }
}
