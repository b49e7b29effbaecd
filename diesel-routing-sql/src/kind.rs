use crate::Finding;
use crate::token::{Token, Word};
use crate::tokens::Tokens;

/// Kinds of statements that may be reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SELECT, VALUES, TABLE, WITH; its parts decide.
    Query,
    /// EXPLAIN of the statement at this token, which does not run.
    Plan(usize),
    /// EXPLAIN of something that does run: the query at this token decides.
    RunPlan(usize),
    /// SHOW, DESCRIBE.
    Show,
    /// A PRAGMA that only answers.
    Pragma,
    /// COPY .. TO STDOUT; its query decides.
    CopyOut,
}

/// The origin of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Somebody wrote it as text.
    Written,
    /// Diesel rendered it.
    Rendered,
}

/// Returns the finding for a statement that is no read by its first words.
pub(crate) fn refuse(tokens: &Tokens<'_>, start: usize) -> Finding {
    let Some(word) = tokens.word(start).filter(Word::is_bare) else {
        return Finding::not_a_read(tokens.get(start).map(text).unwrap_or_default());
    };
    let what = word.text.to_ascii_uppercase();
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

fn two_words(first: &str, tokens: &Tokens<'_>, start: usize) -> String {
    // What follows `LOCK` or `DROP` may be a name, which is not part of what was done.
    const SECOND: [&str; 22] = [
        "AGGREGATE",
        "COLLATION",
        "DATABASE",
        "EVENT",
        "EXTENSION",
        "FUNCTION",
        "INDEX",
        "MATERIALIZED",
        "OR",
        "PROCEDURE",
        "ROLE",
        "SCHEMA",
        "SEQUENCE",
        "SYSTEM",
        "TABLE",
        "TABLES",
        "TEMP",
        "TEMPORARY",
        "TRIGGER",
        "UNIQUE",
        "USER",
        "VIEW",
    ];
    match SECOND
        .iter()
        .find(|second| tokens.are(start + 1, &[second]))
    {
        Some(second) => format!("{first} {second}"),
        None => first.to_owned(),
    }
}

fn text(token: Token<'_>) -> String {
    match token {
        Token::Word(word) => word.text.to_owned(),
        Token::Text(text) => format!("'{}'", text.content),
        Token::Number(text) | Token::Variable(text) | Token::Operator(text) => text.to_owned(),
        Token::Symbol(symbol) => symbol.to_string(),
    }
}
