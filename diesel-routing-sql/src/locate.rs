//! The place of a finding in its SQL.

use crate::token::{Token, Word};
use crate::tokens::Tokens;
use crate::{Dialect, Finding};

impl Finding {
    /// Returns the line and the column, in characters from 1, of what was found in `sql`; where it has no place, that of the
    /// statement's first word.
    ///
    /// # Example
    ///
    /// ```
    /// use diesel_routing_sql::{Dialect, Functions, inspect};
    ///
    /// let sql = "-- All of them.\nSELECT id\n  FROM users\n  FOR UPDATE";
    /// let finding = inspect(sql, Dialect::Postgres, &Functions::builtin(Dialect::Postgres)).unwrap_err();
    /// assert_eq!(finding.position(sql, Dialect::Postgres), (4, 3));
    /// ```
    #[must_use]
    pub fn position(&self, sql: &str, dialect: Dialect) -> (usize, usize) {
        match self {
            Self::Unparsable { message } => {
                if let Some(place) = place_in(message) {
                    return place;
                }
            }
            Self::ConditionalComment { comment } => {
                if let Some(at) = sql.find(comment.as_str()) {
                    return line_and_column(sql, at);
                }
            }
            _ => {}
        }
        let Ok(tokens) = Tokens::read(sql, dialect) else {
            return (1, 1);
        };
        let index = self
            .index(&tokens)
            .or_else(|| first_word(&tokens, |_| true));
        let word = index.and_then(|index| tokens.word(index));
        let at = word.map_or(0, |word| offset(sql, word));
        line_and_column(sql, at)
    }

    /// Returns the token that the finding is about.
    fn index(&self, tokens: &Tokens<'_>) -> Option<usize> {
        match self {
            Self::RowLock { clause: words }
            | Self::TableLock { what: words }
            | Self::Write { what: words }
            | Self::NotARead { what: words } => phrase(tokens, words),
            Self::SideEffect { function, .. } | Self::UnknownCall { function } => {
                let named = |word: Word<'_>| word.lower() == function.as_str();
                first_word(tokens, named).or_else(|| phrase(tokens, function))
            }
            Self::SeveralStatements => {
                let is_end = |index: &usize| tokens.is_symbol(*index, ';');
                let end = (0..tokens.len()).find(is_end)?;
                (end..tokens.len()).find(|index| tokens.word(*index).is_some())
            }
            Self::Empty | Self::Unparsable { .. } | Self::ConditionalComment { .. } => None,
        }
    }
}

/// Returns where these words stand in a row; else the last of them (`SELECT .. INTO`), else the first.
fn phrase(tokens: &Tokens<'_>, words: &str) -> Option<usize> {
    let upper = words.to_ascii_uppercase();
    let words: Vec<&str> = upper.split_whitespace().collect();
    let find = |words: &[&str]| (0..tokens.len()).find(|&index| tokens.are(index, words));
    find(&words)
        .or_else(|| find(&[*words.last()?]))
        .or_else(|| find(&[*words.first()?]))
}

fn first_word(tokens: &Tokens<'_>, is: impl Fn(Word<'_>) -> bool) -> Option<usize> {
    (0..tokens.len()).find(|&index| match tokens.get(index) {
        Some(Token::Word(word)) => is(word),
        _ => false,
    })
}

/// Returns where a word begins: it is a piece of the text.
fn offset(sql: &str, word: Word<'_>) -> usize {
    word.text
        .as_ptr()
        .addr()
        .saturating_sub(sql.as_ptr().addr())
}

/// Returns the place that a message of the parser or the lexer ends with.
fn place_in(message: &str) -> Option<(usize, usize)> {
    let (_, place) = message.rsplit_once("Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    let digits = column
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?;
    Some((line.parse().ok()?, digits.parse().ok()?))
}

/// Returns the line and the column, in characters from 1, of the byte at this offset.
pub(crate) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Functions, inspect};

    #[test]
    fn a_finding_has_the_place_of_what_was_found() {
        use Dialect::{Mysql, Postgres, Sqlite};
        for (dialect, sql, place) in [
            (Postgres, "SELECT 'DELETE';\n\nDELETE FROM users", (3, 1)),
            (Postgres, "/* é */ DELETE FROM users", (1, 9)),
            (
                Postgres,
                "WITH gone AS (\n  DELETE FROM users RETURNING id\n) SELECT id FROM gone",
                (2, 3),
            ),
            (Postgres, "SELECT id\nINTO backup FROM users", (2, 1)),
            (Postgres, "EXPLAIN (ANALYZE)\nDELETE FROM users", (2, 1)),
            (
                Postgres,
                "SELECT id FROM users\n WHERE id IN (SELECT 1 FOR\n NO KEY UPDATE)",
                (2, 24),
            ),
            (
                Postgres,
                "SELECT 1,\n       \"pg_notify\"('a', 'b')",
                (2, 9),
            ),
            (Postgres, "SELECT\n  nextval('ids')", (2, 3)),
            (Postgres, "\n\n  SET search_path = app", (3, 3)),
            (Postgres, "SELECT 1\n FROM 'open", (2, 7)),
            (Mysql, "SELECT 1\n /*!50000 FOR UPDATE */", (2, 2)),
            (Sqlite, "PRAGMA user_version = 1", (1, 1)),
            (Sqlite, "-- Nothing.\n", (1, 1)),
        ] {
            let finding = inspect(sql, dialect, &Functions::builtin(dialect)).unwrap_err();
            assert_eq!(finding.position(sql, dialect), place, "{sql}: {finding}");
        }
    }
}
