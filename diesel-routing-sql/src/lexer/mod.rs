//! Cuts SQL into tokens as the server does, or refuses.
//!
//! The rules of each server, and where they stand, are in `docs/lexical-rules.md`. Wherever a server
//! may cut a text in another way than this, because of its version, of a setting or of a rule that
//! is not known here, the text is refused.

mod cursor;
mod mysql;
mod number;
mod pieces;
mod postgres;
mod sqlite;

use crate::token::Token;
use crate::{Dialect, Finding};
use cursor::Cursor;

pub(crate) use pieces::Pieces;

/// The reason why a text was not cut into tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) finding: Finding,
    /// No server takes it; else one may, and read it in a way of its own.
    pub(crate) is_certain: bool,
}

impl From<Refusal> for Finding {
    fn from(refusal: Refusal) -> Self {
        refusal.finding
    }
}

/// Cuts `sql` into tokens; `other_reading` takes backslashes in plain strings the other way than the
/// server does by default.
pub(crate) fn lex(
    sql: &str,
    dialect: Dialect,
    other_reading: bool,
) -> Result<Vec<Token<'_>>, Refusal> {
    let mut cursor = Cursor::new(sql);
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(sql.len() / 4);
    loop {
        let before = tokens.last().copied();
        match next(&mut cursor, dialect, before, other_reading)? {
            Some(token) => tokens.push(token),
            None => return Ok(tokens),
        }
    }
}

/// Cuts off the next token.
fn next<'a>(
    cursor: &mut Cursor<'a>,
    dialect: Dialect,
    before: Option<Token<'a>>,
    other_reading: bool,
) -> Result<Option<Token<'a>>, Refusal> {
    let token = match dialect {
        Dialect::Postgres => postgres::next(cursor, before, other_reading)?,
        Dialect::Mysql => mysql::next(cursor, before, !other_reading)?,
        Dialect::Sqlite => sqlite::next(cursor, before)?,
    };
    if let (Some(Token::Text(before)), Some(Token::Text(text))) = (before, token)
        && (before.escapes || text.escapes)
    {
        return Err(cursor.refuse(
            "strings in a row of which one has escapes: join them, since a string that goes on \
             keeps the escapes of its beginning",
        ));
    }
    Ok(token)
}

/// Returns whether a backslash may make the two readings of `sql` differ.
pub(crate) fn has_other_reading(sql: &str, dialect: Dialect) -> bool {
    dialect != Dialect::Sqlite && sql.contains(['\\'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Word;

    fn words(sql: &str, dialect: Dialect) -> Vec<String> {
        let tokens = lex(sql, dialect, false).unwrap();
        let bare = tokens.iter().filter_map(|token| match token {
            Token::Word(word) if word.is_bare() => Some(word.text.to_owned()),
            _ => None,
        });
        bare.collect()
    }

    fn refused(sql: &str, dialect: Dialect) -> bool {
        matches!(
            lex(sql, dialect, false),
            Err(Refusal {
                finding: Finding::Unparsable { .. } | Finding::ConditionalComment { .. },
                ..
            })
        )
    }

    #[test]
    fn what_is_quoted_or_commented_out_is_no_word() {
        for (dialect, sql) in [
            (
                Dialect::Postgres,
                "a 'x' \"x\" $$x$$ $t$x $$ x$t$ , E'\\'x' , U&'x' , B'0' -- x\r b",
            ),
            (Dialect::Postgres, "a /* x /* x */ x */ b"),
            (Dialect::Postgres, "a ||-- x\n b"),
            (Dialect::Mysql, "a 'x\\'x' \"x\\\"x\" `x``x` # x\n b"),
            (Dialect::Mysql, "a -- x\r x\n b /* x /* x */"),
            (Dialect::Mysql, "a @x @@x @'x' @`x` ? b"),
            (
                Dialect::Sqlite,
                "a 'x''x' \"x\" `x` [x] ?1 :x @x $x -- x\r x\n b /* x /* */",
            ),
        ] {
            assert_eq!(words(sql, dialect), ["a", "b"], "{dialect:?} {sql}");
        }
    }

    #[test]
    fn names_with_dollars_are_one_word() {
        assert_eq!(
            words("FOR$$x$$UPDATE", Dialect::Postgres),
            ["FOR$$x$$UPDATE"]
        );
        assert_eq!(words("FOR$UPDATE", Dialect::Mysql), ["FOR$UPDATE"]);
    }

    #[test]
    fn two_minus_signs_begin_a_comment_in_mysql_only_before_a_blank() {
        assert_eq!(words("1 --x\n y", Dialect::Mysql), ["x", "y"]);
        assert_eq!(words("1 -- x\n y", Dialect::Mysql), ["y"]);
        assert_eq!(words("1 --x\n y", Dialect::Sqlite), ["y"]);
    }

    #[test]
    fn numbers_end_where_every_server_ends_them() {
        for sql in ["1", "1.5", ".5", "1. ", "1e5", "1.5E-3", "0x1F", "1+2"] {
            for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
                let tokens = lex(sql, dialect, false).unwrap();
                assert!(matches!(tokens[0], Token::Number(_)), "{sql}");
            }
        }
        for sql in [
            "1.LOCK", "1LOCK", "1e0LOCK", "1.e5", "1..2", "1.2.3", "1 .x", "0xg", "0b2", "1_x",
            "1$", "1\u{e9}", "1.\u{e9}", "1e", "t.1",
        ] {
            for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
                assert!(refused(sql, dialect), "{dialect:?} {sql}");
            }
        }
    }

    #[test]
    fn odd_characters_are_refused() {
        for sql in [
            "a\0",
            "'a\0'",
            "a\u{b}b",
            "a\u{1}",
            "a\u{a0}b",
            "a\u{feff}b",
            "a\u{200b}b",
            "\\N",
            "a\u{2028}b",
        ] {
            for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
                assert!(refused(sql, dialect), "{dialect:?} {sql:?}");
            }
        }
    }

    #[test]
    fn strings_in_a_row_with_escapes_are_refused() {
        assert!(refused("E'a'\n'\\' FOR UPDATE --'", Dialect::Postgres));
        assert!(refused("U&'a'\n'b'", Dialect::Postgres));
        assert!(refused("'a'\nE'b'", Dialect::Postgres));
        assert!(!refused("'a'\n'b'", Dialect::Postgres));
    }

    #[test]
    fn the_other_reading_turns_backslashes_round() {
        let sql = "'\\' x '";
        let count = |dialect, other| lex(sql, dialect, other).map(|tokens| tokens.len());
        assert_eq!(count(Dialect::Postgres, true), Ok(1));
        assert_eq!(count(Dialect::Mysql, false), Ok(1));
        assert!(count(Dialect::Postgres, false).is_err());
        assert!(count(Dialect::Mysql, true).is_err());
    }

    #[test]
    fn what_a_server_may_read_in_another_way_is_refused() {
        for sql in [
            "$1FOR",
            "$a",
            "$a b$",
            "{",
            "'open",
            "\"open",
            "/* /* */",
            "$$ open $",
        ] {
            assert!(refused(sql, Dialect::Postgres), "{sql}");
        }
        for sql in [
            "/*!1 */",
            "/*M!1 */",
            "@ a",
            "@",
            "/*+ `*/` */",
            "'open",
            "`open",
            "/* open",
        ] {
            assert!(refused(sql, Dialect::Mysql), "{sql}");
        }
        for sql in ["$a(x)", "@a::b", "#1", "?1a", "[open", "/* open", "{"] {
            assert!(refused(sql, Dialect::Sqlite), "{sql}");
        }
    }

    #[test]
    fn unicode_names_are_marked() {
        let tokens = lex("U&\"a\\0062\"", Dialect::Postgres, false).unwrap();
        let [Token::Word(Word { quote, .. })] = tokens[..] else {
            panic!("{tokens:?}");
        };
        assert_eq!(quote, crate::token::Quote::Unicode);
    }
}
