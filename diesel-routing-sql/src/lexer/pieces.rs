use std::ops::Range;

use super::cursor::Cursor;
use super::{mysql, next, postgres, sqlite};
use crate::Dialect;
use crate::token::Token;

/// The tokens of a text with their places, up to the first that is not understood.
#[derive(Debug)]
pub(crate) struct Pieces<'a> {
    cursor: Cursor<'a>,
    dialect: Dialect,
    other_reading: bool,
    before: Option<Token<'a>>,
    /// Set once there was a token that is not understood.
    pub(crate) is_cut: bool,
}

impl<'a> Pieces<'a> {
    /// Cuts `sql` into tokens; `other_reading` is that of [`lex`](super::lex).
    pub(crate) fn new(sql: &'a str, dialect: Dialect, other_reading: bool) -> Self {
        Self {
            cursor: Cursor::new(sql),
            dialect,
            other_reading,
            before: None,
            is_cut: false,
        }
    }

    fn skip_comments(&mut self) -> bool {
        let skipped = match self.dialect {
            Dialect::Postgres => postgres::skip_comments(&mut self.cursor),
            Dialect::Mysql => mysql::skip_comments(&mut self.cursor),
            Dialect::Sqlite => sqlite::skip_comments(&mut self.cursor),
        };
        skipped.is_ok()
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (Token<'a>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_cut {
            return None;
        }
        self.is_cut = !self.skip_comments();
        let start = self.cursor.at();
        let token = next(
            &mut self.cursor,
            self.dialect,
            self.before,
            self.other_reading,
        );
        self.is_cut |= token.is_err();
        self.before = token.ok().flatten().filter(|_| !self.is_cut);
        self.before.map(|token| (token, start..self.cursor.at()))
    }
}
