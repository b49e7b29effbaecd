//! A fast check that spares most SELECTs the scan.

use crate::Functions;

/// Returns whether the text alone shows that the scan will find nothing: it is a SELECT with none of the
/// words that findings need, and with nothing that hides words.
///
/// `false` means that the scan must decide. Statements without a static query id are checked each time they run,
/// and splitting them into tokens costs ten times as much.
pub(crate) fn is_plain_select(sql: &str, functions: &Functions) -> bool {
    if functions.lists_odd_names() {
        return false;
    }
    let bytes = sql.trim_start_matches(['(', ' ']).as_bytes();
    let mut words = bytes.split(|byte| !is_word_byte(*byte));
    let selects = words
        .next()
        .is_some_and(|first| first.eq_ignore_ascii_case(b"select"));
    selects
        && !hides_words(bytes)
        && words.all(|word| word.is_empty() || is_harmless(word, functions))
}

/// Returns whether there may be comments, several statements, operators that look like comments, escapes or odd characters.
pub(crate) fn hides_words(bytes: &[u8]) -> bool {
    const HIDES: [bool; 256] = {
        let mut hides = [false; 256];
        let mut byte = 0;
        while byte < 32 {
            hides[byte] = !matches!(byte as u8, b'\t' | b'\n' | b'\r');
            byte += 1;
        }
        hides[b';' as usize] = true;
        hides[b'#' as usize] = true;
        hides[b'\\' as usize] = true;
        hides[127] = true;
        hides
    };
    bytes.iter().any(|&byte| HIDES[usize::from(byte)])
        || bytes
            .windows(2)
            .any(|pair| matches!(pair, b"--" | b"/*" | b"&\"" | b"&'"))
}

pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

fn is_harmless(word: &[u8], functions: &Functions) -> bool {
    const SUSPECT: [&str; 8] = [
        "for", "lock", "into", "insert", "update", "delete", "merge", "replace",
    ];
    // Names beyond ASCII may change case in ways that bytes don't show.
    let Some(word) = std::str::from_utf8(word)
        .ok()
        .filter(|word| word.is_ascii())
    else {
        return false;
    };
    if word.contains('$') || word.starts_with(|first: char| first.is_ascii_digit()) {
        // Servers may read `1INTO` as two words.
        return is_number(word.strip_prefix('$').unwrap_or(word));
    }
    // SQLite runs a pragma that is read like a table.
    let is_pragma = word
        .get(..7)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("pragma_"));
    !is_pragma
        && !SUSPECT
            .iter()
            .any(|suspect| word.eq_ignore_ascii_case(suspect))
        && (!functions.may_list(word) || !functions.contains(word))
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scan::scan;
    use crate::tokens::Tokens;
    use crate::{Dialect, Finding};

    const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

    const PIECES: &[&str] = &[
        "SELECT",
        "FROM",
        "t",
        "WITH",
        "AS",
        "(",
        ")",
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
        "nextval",
        "NextVal",
        "get_lock",
        "load_extension",
        "bump",
        "\"nextval\"",
        "[writefile]",
        "`get_lock`",
        "'",
        "\"",
        "$$",
        "E'",
        ".",
        ",",
        ";",
        "--",
        "/*",
        "*/",
        "/*!",
        "#",
        "\n",
        "||",
        "@a",
        ":=",
        "é",
        "1",
        "$1",
        "?",
        "\\",
        "U&",
        "U&\"next",
        "\\0079",
        "pragma_optimize",
        "1.",
        "1e0",
        "E'a'",
        "\u{a0}",
    ];

    #[test]
    fn ordinary_queries_are_plain() {
        let functions = Functions::builtin(Dialect::Postgres);
        for sql in [
            r#"SELECT "users"."id", "users"."updated_at" FROM "users" WHERE ("users"."id" = $1) LIMIT $2"#,
            r#"(SELECT "a"."id" FROM "a") UNION (SELECT "b"."information" FROM "b")"#,
        ] {
            assert!(is_plain_select(sql, &functions), "{sql}");
        }
    }

    #[test]
    fn whatever_may_matter_is_not_plain() {
        let functions = Functions::builtin(Dialect::Postgres).with("bump");
        assert!(!is_plain_select(
            "SELECT 1",
            &functions.clone().with("my function")
        ));
        for sql in [
            "",
            "SELECT a FROM t FOR$$x$$UPDATE",
            "SELECT 1INTO t",
            "SELECT $1FOR UPDATE",
            "SELECT a FROM t FOR UPDATE",
            "SELECT pg_catalog.NextVal('s')",
            "SELECT bump()",
            "SELECT 1;",
            "SELECT 1 -- x",
            "SELECT /* x */ 1",
            "SELECTED",
            "WITH a AS (SELECT 1) SELECT 1",
            "SELECT é",
            "SELECT U&\"pg_notif\\0079\"('a', 'b')",
            "SELECT U&\"pg_notif!0079\" UESCAPE '!' ('a', 'b')",
            "SELECT 1\u{b}",
            "SELECT a FROM pragma_optimize",
        ] {
            assert!(!is_plain_select(sql, &functions), "{sql}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_scan_finds_nothing_in_a_plain_select(
            pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
            blank in prop::sample::select(&["", " "][..]),
        ) {
            let sql = format!("SELECT {}", pieces.join(blank));
            for dialect in DIALECTS {
                let functions = Functions::builtin(dialect).with("bump");
                if is_plain_select(&sql, &functions) {
                    let found = Tokens::read(&sql, dialect).and_then(|tokens| scan(&tokens, 0, dialect, &functions));
                    let unreadable = matches!(found, Err(Finding::Unparsable { .. }));
                    prop_assert!(found.is_ok() || unreadable, "{dialect:?} {found:?}: {sql}");
                }
            }
        }
    }
}
