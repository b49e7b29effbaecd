//! `Tokens`: SQL split into tokens.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace, Word};

use crate::{Dialect, Finding};

/// The tokens of a piece of SQL, without blanks and comments.
#[derive(Debug)]
pub(crate) struct Tokens {
    tokens: Vec<Token>,
}

impl Tokens {
    /// Splits SQL into tokens.
    pub(crate) fn read(sql: &str, dialect: Dialect) -> Result<Self, Finding> {
        let mut tokens = Tokenizer::new(dialect.lexer(), sql)
            .tokenize()
            .map_err(|error| Finding::Unparsable {
                message: error.to_string(),
            })?;
        for token in &tokens {
            refuse_hidden_code(token, dialect)?;
        }
        tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
        Ok(Self { tokens })
    }

    /// Drops the semicolons at the end, and checks that there are no others.
    pub(crate) fn one_statement(mut self) -> Result<Self, Finding> {
        while self.tokens.last() == Some(&Token::SemiColon) {
            self.tokens.pop();
        }
        if self.tokens.contains(&Token::SemiColon) {
            return Err(Finding::SeveralStatements);
        }
        Ok(self)
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index)
    }

    /// Returns the token before `index`.
    pub(crate) fn before(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index.checked_sub(1)?)
    }

    /// Returns the name or keyword at `index`.
    pub(crate) fn word(&self, index: usize) -> Option<&Word> {
        match self.get(index)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Returns the keyword at `index`; `NoKeyword` for everything else, including quoted names.
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
            self.word(index + offset).is_some_and(|word| {
                word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected)
            })
        })
    }

    /// Returns the index after the parenthesis that closes the one at `open`.
    pub(crate) fn after_parenthesis(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (offset, token) in self.tokens.iter().enumerate().skip(open) {
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return offset + 1;
            }
        }
        self.len()
    }
}

fn keyword_of(token: Option<&Token>) -> Keyword {
    match token {
        Some(Token::Word(word)) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

/// Refuses tokens that a server may split in another way.
fn refuse_hidden_code(token: &Token, dialect: Dialect) -> Result<(), Finding> {
    match token {
        Token::Whitespace(Whitespace::MultiLineComment(text))
            if dialect == Dialect::Mysql && (text.starts_with('!') || text.starts_with("M!")) =>
        {
            let marker = text
                .chars()
                .take_while(|c| matches!(c, 'M' | '!' | '0'..='9'));
            Err(Finding::ConditionalComment {
                comment: format!("/*{}", marker.collect::<String>()),
            })
        }
        Token::CustomBinaryOperator(operator)
            if operator.contains("--") || operator.contains("/*") =>
        {
            let message =
                format!("`{operator}` mixes an operator with a comment: put a blank between them");
            Err(Finding::Unparsable { message })
        }
        _ => Ok(()),
    }
}
