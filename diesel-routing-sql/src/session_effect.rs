//! The traces that SQL leaves behind in the database session that ran it.

use crate::calls::{self, Place};
use crate::inspect::readings;
use crate::pragma;
use crate::quick::is_plain_select;
use crate::token::{Keyword, Token, Word};
use crate::tokens::Tokens;
use crate::{Dialect, Finding, Functions, SideEffect};

/// The traces that a piece of SQL leaves behind in the database session that ran it, for whoever uses that connection next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SessionEffect {
    /// Nothing that is known.
    #[default]
    Nothing,
    /// Traces that a reset of the session undoes: settings, temporary tables, locks, subscriptions, cursors.
    Resettable,
    /// Traces that last as long as the session: loaded libraries, prepared statements, connections to other servers. And a transaction
    /// that the SQL begins and does not end, which drivers do not know of.
    Lasting,
}

/// Returns what a piece of SQL, of one statement or several, leaves behind in the session that runs it.
///
/// The first words of each statement decide, and the listed functions that it calls. What is not known, or not understood, counts as
/// [`SessionEffect::Resettable`]. What is not seen: functions that are not listed, triggers, and what ends with the transaction
/// (`SET LOCAL`), as that is undone anyway.
///
/// # Example
///
/// ```
/// use diesel_routing_sql::{Dialect, Functions, SessionEffect, session_effect};
///
/// let functions = Functions::builtin(Dialect::Postgres);
/// let effect = |sql| session_effect(sql, Dialect::Postgres, &functions);
/// assert_eq!(effect("BEGIN; SET LOCAL search_path = tenant_7; COMMIT"), SessionEffect::Nothing);
/// assert_eq!(effect("SET search_path = tenant_7"), SessionEffect::Resettable);
/// assert_eq!(effect("SELECT set_config('search_path', $1, false)"), SessionEffect::Resettable);
/// assert_eq!(effect("LOAD 'auto_explain'"), SessionEffect::Lasting);
/// ```
#[must_use]
pub fn session_effect(sql: &str, dialect: Dialect, functions: &Functions) -> SessionEffect {
    let assigns = dialect == Dialect::Mysql && sql.contains(":=");
    if !assigns && is_plain_select(sql, functions) {
        return SessionEffect::Nothing;
    }
    let readings = readings(sql, dialect).map(|other| match Tokens::read_as(sql, dialect, other) {
        Ok(tokens) => of_statements(&tokens, dialect, functions),
        // A server that cannot read a statement does not run it; of several, it may run those before.
        Err(refusal) if other && refusal.is_certain && !sql.contains(';') => SessionEffect::Nothing,
        Err(_) => SessionEffect::Resettable,
    });
    readings.max().unwrap_or_default()
}

fn of_statements(tokens: &Tokens<'_>, dialect: Dialect, functions: &Functions) -> SessionEffect {
    let mut begins = true;
    let mut creates = false;
    let mut has_transaction = false;
    let mut worst = SessionEffect::Nothing;
    for index in 0..tokens.len() {
        let effect = match tokens.get(index) {
            Some(Token::Symbol(';')) => {
                begins = true;
                continue;
            }
            // Parentheses may stand around a query.
            Some(Token::Symbol('(')) if begins => continue,
            Some(Token::Symbol('(')) => of_call(tokens, index, dialect, functions),
            Some(Token::Word(word)) if begins => {
                creates = matches!(word.keyword, Keyword::Create | Keyword::Explain);
                has_transaction = transaction(tokens, index, dialect).unwrap_or(has_transaction);
                of_verb(tokens, index, word, dialect)
            }
            Some(Token::Word(word)) => of_word(tokens, index, word, dialect, creates),
            // `@a := 1`; PostgreSQL's names an argument.
            Some(Token::Symbol(':'))
                if dialect == Dialect::Mysql
                    && matches!(tokens.get(index + 1), Some(Token::Operator(next)) if next.starts_with('=')) =>
            {
                SessionEffect::Resettable
            }
            Some(Token::Variable(_)) if tokens.keyword_before(index) == Keyword::Into => {
                SessionEffect::Resettable
            }
            _ => SessionEffect::Nothing,
        };
        begins = false;
        worst = worst.max(effect);
    }
    if has_transaction {
        return SessionEffect::Lasting;
    }
    worst
}

/// Returns whether there is a transaction after a statement that begins or ends one.
fn transaction(tokens: &Tokens<'_>, at: usize, dialect: Dialect) -> Option<bool> {
    let is = |words: &[&str]| tokens.are(at, words);
    let begins = is(&["BEGIN"]) || is(&["START", "TRANSACTION"]);
    let ends = ["COMMIT", "END", "ROLLBACK", "ABORT"];
    let chains = ["COMMIT", "ROLLBACK"]
        .iter()
        .any(|end| is(&[end, "AND", "CHAIN"]) || is(&[end, "WORK", "AND", "CHAIN"]));
    let is_partial = is(&["ROLLBACK", "TO"])
        || is(&["ROLLBACK", "WORK", "TO"])
        || is(&["ROLLBACK", "TRANSACTION", "TO"])
        || is(&["ROLLBACK", "PREPARED"])
        || is(&["COMMIT", "PREPARED"]);
    if begins || chains {
        Some(true)
    } else if is_partial {
        None
    } else if ends.iter().any(|end| is(&[end])) || is(&["PREPARE", "TRANSACTION"]) {
        Some(false)
    } else if dialect == Dialect::Sqlite {
        // A savepoint outside begins a transaction.
        (is(&["SAVEPOINT"]) || is(&["RELEASE"])).then(|| is(&["SAVEPOINT"]))
    } else {
        None
    }
}

/// Returns the effect of a statement, by its first words.
fn of_verb(tokens: &Tokens<'_>, at: usize, word: Word<'_>, dialect: Dialect) -> SessionEffect {
    /// Statements that leave nothing on any server; what they create for the session alone is found by its own word.
    const COMMON: [&str; 33] = [
        "abort",
        "alter",
        "analyse",
        "analyze",
        "begin",
        "comment",
        "commit",
        "create",
        "delete",
        "desc",
        "describe",
        "drop",
        "end",
        "explain",
        "grant",
        "insert",
        "merge",
        "reindex",
        "release",
        "rename",
        "replace",
        "revoke",
        "rollback",
        "savepoint",
        "select",
        "show",
        "start",
        "table",
        "truncate",
        "update",
        "vacuum",
        "values",
        "with",
    ];
    let verb = word.lower();
    if !word.is_bare() {
        return SessionEffect::Resettable;
    }
    let of_its_own = match dialect {
        Dialect::Postgres => of_postgres(tokens, at, &verb),
        Dialect::Mysql => of_mysql(tokens, at, &verb),
        Dialect::Sqlite if verb == "pragma" => Some(match pragma::classify(tokens, at) {
            Ok(_) => SessionEffect::Nothing,
            Err(_) => SessionEffect::Resettable,
        }),
        Dialect::Sqlite => None,
    };
    match of_its_own {
        Some(effect) => effect,
        None if COMMON.binary_search(&&*verb).is_ok() => SessionEffect::Nothing,
        None => SessionEffect::Resettable,
    }
}

fn of_postgres(tokens: &Tokens<'_>, at: usize, verb: &str) -> Option<SessionEffect> {
    let follows = |word: &str| tokens.are(at + 1, &[word]);
    Some(match verb {
        "checkpoint" | "close" | "cluster" | "copy" | "fetch" | "import" | "lock" | "move"
        | "notify" | "reassign" | "refresh" | "security" | "unlisten" | "wait" => {
            SessionEffect::Nothing
        }
        // Undone at the end of the transaction.
        "set"
            if ["LOCAL", "TRANSACTION", "CONSTRAINTS"]
                .into_iter()
                .any(follows) =>
        {
            SessionEffect::Nothing
        }
        "discard"
            if ["TEMP", "TEMPORARY", "PLANS", "SEQUENCES"]
                .into_iter()
                .any(follows) =>
        {
            SessionEffect::Nothing
        }
        "prepare" if follows("TRANSACTION") => SessionEffect::Nothing,
        // A driver goes on with statements that it has prepared.
        // Nor may any statement but these undo what is loaded or prepared.
        "discard" | "deallocate" | "prepare" | "load" => SessionEffect::Lasting,
        _ => return None,
    })
}

fn of_mysql(tokens: &Tokens<'_>, at: usize, verb: &str) -> Option<SessionEffect> {
    Some(match verb {
        "checksum" | "check" | "do" | "kill" | "load" | "optimize" | "repair" | "unlock" => {
            SessionEffect::Nothing
        }
        // A block of statements, which begin behind other words.
        "begin" if tokens.are(at + 1, &["NOT"]) => SessionEffect::Resettable,
        _ => return None,
    })
}

/// Returns the effect of a word inside a statement, which may create something: temporary tables.
fn of_word(
    tokens: &Tokens<'_>,
    at: usize,
    word: Word<'_>,
    dialect: Dialect,
    creates: bool,
) -> SessionEffect {
    let stores = |at: usize| creates || tokens.keyword_before(at) == Keyword::Into;
    let names_a_temporary_table = tokens.is_symbol(at + 1, '.')
        && stores(at)
        && match dialect {
            Dialect::Postgres => word.lower().starts_with("pg_temp"),
            Dialect::Sqlite => word.lower() == "temp",
            Dialect::Mysql => false,
        };
    let is_temporary = tokens.are(at, &["TEMP"]) || tokens.are(at, &["TEMPORARY"]);
    let follows = |word: &str| at > 0 && tokens.are(at - 1, &[word]);
    let is_created = follows("CREATE") || follows("REPLACE") || follows("INTO");
    let is_local = (follows("LOCAL") || follows("GLOBAL")) && stores(at - 1);
    if names_a_temporary_table || (is_temporary && (is_created && stores(at) || is_local)) {
        SessionEffect::Resettable
    } else {
        SessionEffect::Nothing
    }
}

/// Returns the effect of the call whose arguments open here.
fn of_call(
    tokens: &Tokens<'_>,
    open: usize,
    dialect: Dialect,
    functions: &Functions,
) -> SessionEffect {
    let place = Place {
        tokens,
        index: open,
        dialect,
        lists_ctes: false,
    };
    match calls::called_function(place, functions) {
        Some(Finding::SideEffect { function, effect }) => {
            of_function(&function, effect, tokens, open)
        }
        // Its name is hidden.
        Some(_) => SessionEffect::Resettable,
        None => SessionEffect::Nothing,
    }
}

fn of_function(
    function: &str,
    effect: SideEffect,
    tokens: &Tokens<'_>,
    open: usize,
) -> SessionEffect {
    match effect {
        SideEffect::AdvisoryLock if releases(function) || function.contains("_xact_") => {
            SessionEffect::Nothing
        }
        SideEffect::HiddenSql if function.starts_with("dblink") => SessionEffect::Lasting,
        SideEffect::AdvisoryLock | SideEffect::Declared | SideEffect::HiddenSql => {
            SessionEffect::Resettable
        }
        SideEffect::Code => SessionEffect::Lasting,
        SideEffect::Session => match function {
            "set_config" if ends_with_true(tokens, open) => SessionEffect::Nothing,
            "set_config" | "set_limit" => SessionEffect::Resettable,
            // No statement undoes these.
            "setseed" | "isn_weak" | "sepgsql_setcon" => SessionEffect::Lasting,
            _ => SessionEffect::Nothing,
        },
        SideEffect::Replication if function == "pg_replication_origin_session_setup" => {
            SessionEffect::Lasting
        }
        _ => SessionEffect::Nothing,
    }
}

fn releases(function: &str) -> bool {
    function.starts_with("pg_advisory_unlock") || function.starts_with("release_")
}

/// Returns whether the last argument of a call is the word `true`.
fn ends_with_true(tokens: &Tokens<'_>, open: usize) -> bool {
    let close = tokens.after_parenthesis(open).saturating_sub(1);
    close >= 2 && tokens.are(close - 1, &["TRUE"]) && tokens.is_symbol(close - 2, ',')
}

#[cfg(test)]
mod tests;
