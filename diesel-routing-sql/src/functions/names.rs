//! The names of the servers' own functions that change nothing, and the words that are no function's name.
//!
//! Texts and not tables, since a text costs the compiler nothing. Their names are sorted, one a line.
//!
//! Sources: PostgreSQL's functions are those of `pg_catalog` in `pg_proc` of 14 to 19 that SQL can call, its words those that
//! `pg_get_keywords()` calls reserved or "cannot be function or type name". MySQL's and MariaDB's functions are from the
//! function chapters of MySQL's manual and from MariaDB's `information_schema.SQL_FUNCTIONS`, their words those that are reserved
//! in both. SQLite's functions are those of `pragma_function_list`, its words those that it does not take for a function's name.

use std::cmp::Ordering;

use crate::Dialect;

/// Returns whether this is a function of the server's own that changes nothing.
pub(super) fn is_pure(lower_name: &str, dialect: Dialect) -> bool {
    holds(pure(dialect), lower_name)
}

/// Returns the server's own functions that change nothing, sorted, one a line.
pub(super) fn pure(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => include_str!("pure/postgres.txt"),
        Dialect::Mysql => include_str!("pure/mysql.txt"),
        Dialect::Sqlite => include_str!("pure/sqlite.txt"),
    }
}

/// Returns whether no function has this bare word for a name.
pub(super) fn is_reserved(lower_word: &str, dialect: Dialect) -> bool {
    holds(reserved(dialect), lower_word)
}

/// Returns the words that are no function's name, sorted, one a line.
pub(super) fn reserved(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => include_str!("keywords/postgres.txt"),
        Dialect::Mysql => include_str!("keywords/mysql.txt"),
        Dialect::Sqlite => include_str!("keywords/sqlite.txt"),
    }
}

/// Returns whether a line of a sorted text is this name.
fn holds(mut lines: &str, name: &str) -> bool {
    while !lines.is_empty() {
        // Of ASCII alone, so any index is a character's.
        let middle = lines.len() / 2;
        let start = lines[..middle].rfind('\n').map_or(0, |before| before + 1);
        let end = lines[start..]
            .find('\n')
            .map_or(lines.len(), |length| start + length);
        match name.cmp(&lines[start..end]) {
            Ordering::Equal => return true,
            Ordering::Less => lines = &lines[..start],
            Ordering::Greater => lines = lines.get(end + 1..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Functions;

    const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

    #[test]
    fn each_line_is_found_and_nothing_else() {
        let lines = "a\nabc\nb\nd_e\n";
        for name in ["a", "abc", "b", "d_e"] {
            assert!(holds(lines, name), "{name}");
        }
        for name in ["", "ab", "abcd", "c", "d", "d_e_", "e", "a\nabc", "\n"] {
            assert!(!holds(lines, name), "{name}");
        }
        assert!(!holds("", "a"));
    }

    #[test]
    fn the_texts_are_sorted_and_of_plain_names() {
        for text in [
            include_str!("pure/postgres.txt"),
            include_str!("pure/mysql.txt"),
            include_str!("pure/sqlite.txt"),
            include_str!("keywords/postgres.txt"),
            include_str!("keywords/mysql.txt"),
            include_str!("keywords/sqlite.txt"),
        ] {
            assert!(text.lines().is_sorted_by(|one, other| one < other));
            assert!(text.lines().all(|name| holds(text, name)));
            assert!(text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'\n')
            }));
        }
    }

    #[test]
    fn no_function_is_both_pure_and_listed() {
        for dialect in DIALECTS {
            let functions = Functions::builtin(dialect);
            let both: Vec<&str> = functions
                .iter()
                .map(|(name, _)| name)
                .filter(|name| is_pure(name, dialect))
                .collect();
            assert!(both.is_empty(), "{dialect:?}: {both:?}");
        }
    }
}
