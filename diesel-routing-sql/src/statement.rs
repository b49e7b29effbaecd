use crate::kind::{Kind, Source, refuse};
use crate::token::Keyword;
use crate::tokens::Tokens;
use crate::{Dialect, Finding, explain, pragma};

/// Tells by its first words what a statement is.
pub(crate) fn classify(
    tokens: &Tokens<'_>,
    dialect: Dialect,
    source: Source,
) -> Result<Kind, Finding> {
    let start = (0..tokens.len())
        .find(|&index| !tokens.is_symbol(index, '('))
        .ok_or(Finding::Empty)?;
    let mysql = dialect == Dialect::Mysql;
    let postgres = dialect == Dialect::Postgres;
    let sqlite = dialect == Dialect::Sqlite;

    match tokens.keyword(start) {
        Keyword::Select | Keyword::Values | Keyword::With => Ok(Kind::Query),
        Keyword::Table if !sqlite => Ok(Kind::Query),
        // Parentheses may stand around a query only.
        _ if start > 0 => Err(refuse(tokens, start)),
        Keyword::Explain => explain::classify(tokens, start, dialect),
        Keyword::Describe | Keyword::Desc | Keyword::Analyze if mysql => {
            explain::classify(tokens, start, dialect)
        }
        Keyword::Show if !sqlite => Ok(Kind::Show),
        Keyword::Pragma if sqlite => pragma::classify(tokens, start),
        Keyword::Copy if postgres && source == Source::Rendered => copy(tokens, start),
        _ => Err(refuse(tokens, start)),
    }
}

/// Accepts `COPY t TO STDOUT` and `COPY (SELECT ..) TO STDOUT`, which read; files and programs belong to one server.
fn copy(tokens: &Tokens<'_>, start: usize) -> Result<Kind, Finding> {
    let mut index = start + 1;
    while index < tokens.len() {
        if tokens.is_symbol(index, '(') {
            index = tokens.after_parenthesis(index);
        } else if tokens.are(index, &["TO", "STDOUT"]) {
            return Ok(Kind::CopyOut);
        } else {
            index += 1;
        }
    }
    Err(Finding::write("COPY"))
}
