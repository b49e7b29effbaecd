use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use crate::tokens::Tokens;
use crate::{Dialect, Finding, explain, pragma};

/// A kind of statement that may be a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SELECT, VALUES, TABLE, WITH: its parts decide.
    Query,
    /// EXPLAIN of a statement that is not run.
    Plan,
    /// EXPLAIN of a statement that is run: the query at this token decides.
    RunPlan(usize),
    /// SHOW, DESCRIBE.
    Show,
    /// A PRAGMA that only reads.
    Pragma,
    /// COPY .. TO STDOUT: its query decides.
    CopyOut,
}

/// The origin of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Text written by a person.
    Written,
    /// SQL rendered by Diesel.
    Rendered,
}

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

/// Returns the finding for a statement that is not a read, judging by its first words.
pub(crate) fn refuse(tokens: &Tokens, start: usize) -> Finding {
    let Some(word) = tokens.word(start).filter(|word| word.quote_style.is_none()) else {
        return Finding::not_a_read(
            tokens
                .get(start)
                .map(ToString::to_string)
                .unwrap_or_default(),
        );
    };
    let what = word.value.to_ascii_uppercase();
    match what.as_str() {
        "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "REPLACE" | "TRUNCATE" | "COPY" | "LOAD"
        | "CALL" | "IMPORT" => Finding::write(what),
        "CREATE" | "ALTER" | "DROP" | "RENAME" | "REFRESH" | "REINDEX" | "OPTIMIZE" | "REPAIR" => {
            Finding::write(two_words(&what, tokens, start))
        }
        "LOCK" => Finding::TableLock {
            what: two_words(&what, tokens, start),
        },
        _ => Finding::not_a_read(what),
    }
}

fn two_words(first: &str, tokens: &Tokens, start: usize) -> String {
    match tokens.word(start + 1) {
        Some(second) if second.keyword != Keyword::NoKeyword => {
            format!("{first} {}", second.value.to_ascii_uppercase())
        }
        _ => first.to_owned(),
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
