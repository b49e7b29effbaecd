//! The kinds of statements, and the finding for one that is of none of them.

use sqlparser::keywords::Keyword;

use crate::Finding;
use crate::tokens::Tokens;

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
