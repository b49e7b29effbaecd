use std::cell::OnceCell;

use crate::lexer::{Refusal, lex};
use crate::token::{Keyword, Token, Word};
use crate::{Dialect, Finding};

/// The tokens of a piece of SQL, without blanks and comments.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    tokens: Vec<Token<'a>>,
    /// For each opening parenthesis, the index behind the one that closes it.
    ends: OnceCell<Vec<usize>>,
}

impl<'a> Tokens<'a> {
    /// Cuts SQL into tokens.
    pub(crate) fn read(sql: &'a str, dialect: Dialect) -> Result<Self, Finding> {
        Ok(Self::read_as(sql, dialect, false)?)
    }

    /// Cuts SQL into tokens; in the other reading backslashes in plain strings count the other way.
    pub(crate) fn read_as(
        sql: &'a str,
        dialect: Dialect,
        other_reading: bool,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            tokens: lex(sql, dialect, other_reading)?,
            ends: OnceCell::new(),
        })
    }

    /// Drops the semicolons at the end, and checks that there are no others.
    pub(crate) fn one_statement(mut self) -> Result<Self, Finding> {
        while self.tokens.last() == Some(&Token::Symbol(';')) {
            self.tokens.pop();
        }
        if self.tokens.contains(&Token::Symbol(';')) {
            return Err(Finding::SeveralStatements);
        }
        Ok(self)
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<Token<'a>> {
        self.tokens.get(index).copied()
    }

    /// Returns the token before `index`.
    pub(crate) fn before(&self, index: usize) -> Option<Token<'a>> {
        self.get(index.checked_sub(1)?)
    }

    /// Returns whether the token at `index` is this character.
    pub(crate) fn is_symbol(&self, index: usize, symbol: char) -> bool {
        self.get(index) == Some(Token::Symbol(symbol))
    }

    /// Returns the name or keyword at `index`.
    pub(crate) fn word(&self, index: usize) -> Option<Word<'a>> {
        match self.get(index)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Returns the keyword at `index`; `Other` for all else, quoted names included.
    pub(crate) fn keyword(&self, index: usize) -> Keyword {
        keyword_of(self.get(index))
    }

    /// Returns the keyword before `index`.
    pub(crate) fn keyword_before(&self, index: usize) -> Keyword {
        keyword_of(self.before(index))
    }

    /// Returns whether the bare words from `index` on are `words` (upper case).
    pub(crate) fn are(&self, index: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(offset, expected)| {
            self.word(index + offset)
                .is_some_and(|word| word.is_bare() && word.text.eq_ignore_ascii_case(expected))
        })
    }

    /// Returns whether the word at `index` is a name because of what stands before it: a point, or `AS`.
    ///
    /// A word behind `AS` is a label, even another `AS`: `SELECT 1 AS as INTO t` stores a result.
    pub(crate) fn is_label(&self, index: usize) -> bool {
        if self.follows_point(index) {
            return true;
        }
        let mut first = index;
        while self.keyword_before(first) == Keyword::As {
            first -= 1;
        }
        // Of several `AS` in a row every second one is a label; one behind a point is one too.
        let count = index - first;
        (count % 2 == 1) != (count > 0 && self.follows_point(first))
    }

    pub(crate) fn follows_point(&self, index: usize) -> bool {
        self.before(index) == Some(Token::Symbol('.'))
    }

    /// Returns the index behind the parenthesis that closes the one at `open`.
    pub(crate) fn after_parenthesis(&self, open: usize) -> usize {
        let ends = self.ends.get_or_init(|| self.ends());
        ends.get(open).copied().unwrap_or(self.len())
    }

    fn ends(&self) -> Vec<usize> {
        let mut ends = vec![self.len(); self.len()];
        let mut open = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            match token {
                Token::Symbol('(') => open.push(index),
                Token::Symbol(')') => {
                    if let Some(end) = open.pop().and_then(|start: usize| ends.get_mut(start)) {
                        *end = index + 1;
                    }
                }
                _ => {}
            }
        }
        ends
    }
}

fn keyword_of(token: Option<Token<'_>>) -> Keyword {
    match token {
        Some(Token::Word(word)) => word.keyword,
        _ => Keyword::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_label(sql: &str, word: &str) -> bool {
        let tokens = Tokens::read(sql, Dialect::Postgres).unwrap();
        let at = (0..tokens.len()).find(|&at| tokens.are(at, &[word]));
        tokens.is_label(at.unwrap())
    }

    #[test]
    fn labels_stand_behind_a_point_or_the_keyword_as() {
        for (sql, label) in [
            ("1 INTO t", false),
            ("1 AS INTO", true),
            ("1 AS as INTO t", false),
            ("t.as INTO t", false),
            ("t.as AS INTO", true),
            ("t.into", true),
            ("1 AS \"as\" INTO t", false),
        ] {
            assert_eq!(is_label(sql, "INTO"), label, "{sql}");
        }
    }

    #[test]
    fn parentheses_that_stay_open_reach_to_the_end() {
        let tokens = Tokens::read("(a (b) c", Dialect::Postgres).unwrap();
        assert_eq!(tokens.after_parenthesis(0), 6);
        assert_eq!(tokens.after_parenthesis(2), 5);
    }
}
