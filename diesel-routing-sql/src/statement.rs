//! Classifies statements by their first words.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::kind::{Kind, Source, refuse};
use crate::tokens::Tokens;
use crate::{Dialect, Finding, explain, pragma};

/// Classifies a statement by its first words.
pub(crate) fn classify(tokens: &Tokens, dialect: Dialect, source: Source) -> Result<Kind, Finding> {
    let start = (0..tokens.len())
        .find(|&index| tokens.get(index) != Some(&Token::LParen))
        .ok_or(Finding::Empty)?;
    let mysql = dialect == Dialect::Mysql;
    let postgres = dialect == Dialect::Postgres;
    let sqlite = dialect == Dialect::Sqlite;

    match tokens.keyword(start) {
        Keyword::SELECT | Keyword::VALUES | Keyword::WITH => Ok(Kind::Query),
        Keyword::TABLE if !sqlite => Ok(Kind::Query),
        Keyword::EXPLAIN => explain::classify(tokens, start, dialect),
        Keyword::DESCRIBE | Keyword::DESC if mysql => explain::classify(tokens, start, dialect),
        Keyword::SHOW if !sqlite => Ok(Kind::Show),
        Keyword::PRAGMA if sqlite => pragma::classify(tokens, start),
        Keyword::COPY if postgres && source == Source::Rendered => copy(tokens, start),
        _ => Err(refuse(tokens, start)),
    }
}

/// Classifies a COPY: `COPY t TO STDOUT` and `COPY (SELECT ..) TO STDOUT` read; files and programs belong to
/// one server.
fn copy(tokens: &Tokens, start: usize) -> Result<Kind, Finding> {
    let mut index = start + 1;
    while index < tokens.len() {
        if tokens.get(index) == Some(&Token::LParen) {
            index = tokens.after_parenthesis(index);
        } else if tokens.are(index, &["TO", "STDOUT"]) {
            return Ok(Kind::CopyOut);
        } else {
            index += 1;
        }
    }
    Err(Finding::write("COPY"))
}
