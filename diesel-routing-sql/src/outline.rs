use crate::Dialect;
use crate::lexer::{Pieces, has_other_reading};
use crate::summary::Summary;
use crate::token::Token;

/// The most of a text that is kept, in bytes: more is no help to who reads a log. Chosen.
const LONGEST: usize = 8 * 1024;

/// The outline of SQL that logs and traces may have.
///
/// It is for people: unlike the other functions here, it takes any text, and what is not understood is left out.
///
/// # Example
///
/// ```
/// use diesel_routing_sql::{Dialect, Outline};
///
/// let sql = "SELECT u.name FROM users u JOIN posts ON true WHERE u.email = 'ann@example.com' LIMIT 10";
/// let outline = Outline::of(sql, Dialect::Postgres);
/// assert_eq!(outline.text, "SELECT u.name FROM users u JOIN posts ON true WHERE u.email = ? LIMIT ?");
/// assert_eq!(outline.summary, "SELECT users posts");
/// assert_eq!(outline.operation.as_deref(), Some("SELECT"));
/// assert_eq!(outline.table, None); // there are two
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outline {
    /// The text with `?` in place of each string and each number, and without comments. It ends in `..` where the rest is not
    /// understood, or too long.
    pub text: String,
    /// The verbs and the names of tables in the order of the text, such as `INSERT orders SELECT carts`; OpenTelemetry's `db.query.summary`.
    pub summary: String,
    /// The verb of the statement, of the first one if there are several; such as `SELECT` or `CREATE TABLE`.
    pub operation: Option<String>,
    /// The table, if the statement names one and no other.
    pub table: Option<String>,
}

impl Outline {
    /// Returns the outline of a text of one statement or several.
    #[must_use]
    pub fn of(sql: &str, dialect: Dialect) -> Self {
        let mut pieces = Pieces::new(sql, dialect, false);
        // Where strings end may depend on a setting: what follows the first that may end elsewhere may be a value.
        let mut other = has_other_reading(sql, dialect).then(|| Pieces::new(sql, dialect, true));
        let mut text = String::with_capacity(sql.len().min(LONGEST));
        let (mut tokens, mut end, mut is_cut) = (Vec::new(), 0, false);
        for (token, place) in &mut pieces {
            let also = other.as_mut().map(Iterator::next);
            let differs = also.is_some_and(|also| also.is_none_or(|(_, other)| other != place));
            if differs || text.len() > LONGEST {
                is_cut = true;
                break;
            }
            let between = sql.get(end..place.start).unwrap_or_default();
            if between.bytes().all(|byte| byte.is_ascii_whitespace()) {
                text.push_str(between);
            } else if !text.is_empty() {
                text.push(' ');
            }
            end = place.end;
            text.push_str(match token {
                Token::Text(_) | Token::Number(_) => "?",
                _ => sql.get(place).unwrap_or_default(),
            });
            tokens.push(token);
        }
        if is_cut || pieces.is_cut {
            text.push_str(" ..");
        }
        let Summary {
            text: summary,
            operation,
            table,
        } = Summary::of(&tokens);
        Self {
            text: text.trim().to_owned(),
            summary,
            operation,
            table,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIALECTS: [Dialect; 3] = [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite];

    fn text(sql: &str, dialect: Dialect) -> String {
        Outline::of(sql, dialect).text
    }

    #[test]
    fn values_in_any_spelling_are_left_out() {
        use Dialect::{Mysql, Postgres, Sqlite};
        for (dialect, sql, expected) in [
            (
                Postgres,
                "SELECT 'a''b', E'x\\'y', $t$ z $t$, B'01', 1.5e3, -7, $1",
                "SELECT ?, ?, ?, ?, ?, -?, $1",
            ),
            (
                Postgres,
                "SELECT \"a b\" FROM t WHERE x=U&'d'",
                "SELECT \"a b\" FROM t WHERE x=?",
            ),
            (
                Mysql,
                "SELECT `a`, 'b', \"c\", x'00', 0x1F, ? FROM t",
                "SELECT `a`, ?, ?, ?, ?, ? FROM t",
            ),
            (
                Sqlite,
                "SELECT [a], 'b', x'00', ?1, :n FROM t",
                "SELECT [a], ?, ?, ?1, :n FROM t",
            ),
            (
                Postgres,
                "SELECT 1 -- ann\n, /* bob */ 2 /* cleo */",
                "SELECT ? , ?",
            ),
            (Postgres, "  /* x */ SELECT\n  1;  ", "SELECT\n  ?;"),
        ] {
            assert_eq!(text(sql, dialect), expected, "{sql}");
        }
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        use Dialect::{Mysql, Postgres, Sqlite};
        for (dialect, sql, expected) in [
            (
                Postgres,
                "SELECT a FROM t WHERE b = 'open",
                "SELECT a FROM t WHERE b = ..",
            ),
            (
                Mysql,
                "SELECT a /*!50000 , 'secret' */ FROM t",
                "SELECT a ..",
            ),
            (
                Mysql,
                "SELECT a FROM t WHERE b = 'O\\'Brien' AND c",
                "SELECT a FROM t WHERE b = ..",
            ),
            (
                Postgres,
                "SELECT a FROM t WHERE b = 'O\\'Brien lives here'",
                "SELECT a FROM t WHERE b = ..",
            ),
            (Sqlite, "SELECT 1x", "SELECT .."),
            (Sqlite, "", ""),
        ] {
            let text = text(sql, dialect);
            assert!(text.starts_with(expected.trim_end_matches("..")), "{text}");
            assert_eq!(text.ends_with(".."), expected.ends_with(".."), "{text}");
            assert!(
                !text.contains("secret") && !text.contains("Brien"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let sql = format!("SELECT a FROM t WHERE b IN ({})", "$1, ".repeat(10_000));
        let text = text(&sql, Dialect::Postgres);
        assert!(
            text.len() < LONGEST + 100 && text.ends_with(" .."),
            "{}",
            text.len()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_string_leaves_anything_behind(
            pieces in prop::collection::vec(prop::sample::select(&[
                "SELECT", "a", "'", "''", "\\", "E'", "$$", "\"", "--", "/*", "*/", "#", "\n", "1", "(", ")", ";", "?", "U&", "`",
            ][..]), 0..10),
        ) {
            let quoted = pieces.join(" ").replace('\'', "''").replace('\\', "\\\\");
            for dialect in DIALECTS {
                let text = text(&format!("SELECT x, 'secret {quoted} secret', y FROM t"), dialect);
                prop_assert!(!text.contains("secret"), "{dialect:?} {text}");
            }
        }
    }
}
