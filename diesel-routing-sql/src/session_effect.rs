//! What SQL leaves behind in the database session that ran it.

use crate::calls::{self, Place};
use crate::lexer::has_other_reading;
use crate::pragma;
use crate::quick::is_plain_select;
use crate::token::{Keyword, Token, Word};
use crate::tokens::Tokens;
use crate::{Dialect, Finding, Functions, SideEffect};

/// What a piece of SQL leaves behind in the database session that ran it, for whoever uses that connection next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SessionEffect {
    /// Nothing that is known.
    #[default]
    Nothing,
    /// What a reset of the session undoes: settings, temporary tables, locks, subscriptions, cursors.
    Resettable,
    /// What lasts as long as the session: loaded libraries, prepared statements, connections to other servers.
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
    let both = has_other_reading(sql, dialect);
    let readings = [false, true]
        .into_iter()
        .filter(|other| both || !other)
        .map(|other| match Tokens::read_as(sql, dialect, other) {
            Ok(tokens) => of_statements(&tokens, dialect, functions),
            // A server that cannot read a statement does not run it; of several, it may run those before.
            Err(refusal) if other && refusal.is_certain && !sql.contains(';') => {
                SessionEffect::Nothing
            }
            Err(_) => SessionEffect::Resettable,
        });
    readings.max().unwrap_or_default()
}

fn of_statements(tokens: &Tokens<'_>, dialect: Dialect, functions: &Functions) -> SessionEffect {
    let mut begins = true;
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
            Some(Token::Word(word)) if begins => of_verb(tokens, index, word, dialect),
            Some(Token::Word(word)) => of_word(tokens, index, word, dialect),
            // `@a := 1`
            Some(Token::Symbol(':')) if matches!(tokens.get(index + 1), Some(Token::Operator(next)) if next.starts_with('=')) => {
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
    worst
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
        "discard" | "deallocate" => SessionEffect::Lasting,
        // Only `DISCARD ALL` and `DEALLOCATE` undo it.
        "prepare" | "load" => SessionEffect::Lasting,
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

/// Returns the effect of a word inside a statement: temporary tables.
fn of_word(tokens: &Tokens<'_>, at: usize, word: Word<'_>, dialect: Dialect) -> SessionEffect {
    let is_schema = tokens.is_symbol(at + 1, '.');
    let names_a_temporary_table = match dialect {
        Dialect::Postgres => is_schema && word.lower().starts_with("pg_temp"),
        Dialect::Sqlite => is_schema && word.lower() == "temp",
        Dialect::Mysql => false,
    };
    let is_temporary = word.is_bare()
        && ["temp", "temporary"]
            .iter()
            .any(|temporary| word.text.eq_ignore_ascii_case(temporary))
        && ["CREATE", "INTO", "REPLACE", "LOCAL", "GLOBAL"]
            .iter()
            .any(|before| at > 0 && tokens.are(at - 1, &[before]));
    if names_a_temporary_table || is_temporary {
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
        SideEffect::AdvisoryLock | SideEffect::Declared => SessionEffect::Resettable,
        SideEffect::Code => SessionEffect::Lasting,
        SideEffect::Session => match function {
            "set_config" if ends_with_true(tokens, open) => SessionEffect::Nothing,
            "set_config" | "set_limit" => SessionEffect::Resettable,
            // No statement undoes these.
            "setseed" | "isn_weak" | "sepgsql_setcon" => SessionEffect::Lasting,
            _ => SessionEffect::Nothing,
        },
        SideEffect::HiddenSql if function.starts_with("dblink") => SessionEffect::Lasting,
        SideEffect::HiddenSql => SessionEffect::Resettable,
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
mod tests {
    use super::SessionEffect::{Lasting, Nothing, Resettable};
    use super::*;

    fn check(dialect: Dialect, cases: &[(&str, SessionEffect)]) {
        let functions = Functions::builtin(dialect).with("become_tenant");
        for (sql, effect) in cases {
            assert_eq!(
                session_effect(sql, dialect, &functions),
                *effect,
                "{dialect:?}: {sql}"
            );
        }
    }

    #[test]
    fn postgres() {
        check(
            Dialect::Postgres,
            &[
                ("SELECT 1", Nothing),
                ("(SELECT 1) UNION (SELECT 2)", Nothing),
                ("SELECT 'SET a = 1; LISTEN b'", Nothing),
                ("INSERT INTO t VALUES (1) RETURNING id", Nothing),
                ("UPDATE t SET a = 1", Nothing),
                (
                    "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
                    Nothing,
                ),
                (
                    "CREATE TABLE t (temp int); CREATE INDEX ON t (temp)",
                    Nothing,
                ),
                (
                    "CREATE FUNCTION f() RETURNS int AS $$ SET a = 1 $$ LANGUAGE sql",
                    Nothing,
                ),
                (
                    "SELECT pg_advisory_xact_lock(1), pg_advisory_unlock(2)",
                    Nothing,
                ),
                ("SELECT nextval('s')", Nothing),
                ("NOTIFY a, 'b'", Nothing),
                (
                    "BEGIN; SET LOCAL a.b = '1'; SET CONSTRAINTS ALL DEFERRED; COMMIT",
                    Nothing,
                ),
                ("SELECT set_config('a.b', $1, true)", Nothing),
                ("SELECT set_config('a.b', $1, false)", Resettable),
                ("SELECT set_config('a.b', $1, is_local(true))", Resettable),
                ("SELECT pg_catalog.set_config('a.b', $1, $2)", Resettable),
                ("SELECT become_tenant(1)", Resettable),
                ("INSERT INTO t SELECT become_tenant(1)", Resettable),
                ("INSERT INTO t VALUES (1); SET a.b = '1'", Resettable),
                ("set search_path to a", Resettable),
                ("RESET ALL", Resettable),
                ("LISTEN a", Resettable),
                ("CREATE TEMP TABLE t (a int)", Resettable),
                ("CREATE OR REPLACE TEMPORARY VIEW v AS SELECT 1", Resettable),
                ("CREATE TABLE pg_temp.t (a int)", Resettable),
                ("SELECT a INTO TEMP b FROM c", Resettable),
                ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", Resettable),
                ("SELECT pg_advisory_lock(1)", Resettable),
                ("DO $$ BEGIN END $$", Resettable),
                ("CALL p()", Resettable),
                ("SELECT 1; SELECT 'never closed", Resettable),
                ("PREPARE p AS SELECT 1", Lasting),
                ("PREPARE TRANSACTION 'a'", Nothing),
                ("DISCARD ALL", Lasting),
                ("DISCARD TEMP", Nothing),
                ("DEALLOCATE ALL", Lasting),
                ("LOAD 'a'", Lasting),
                ("SELECT dblink_connect('a', 'b')", Lasting),
                ("SELECT setseed(0.5)", Lasting),
                ("SET a.b = 1; LOAD 'a'", Lasting),
            ],
        );
    }

    #[test]
    fn mysql_and_mariadb() {
        check(
            Dialect::Mysql,
            &[
                ("SELECT 1 FROM t WHERE a = @b", Nothing),
                (
                    "INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1",
                    Nothing,
                ),
                ("SELECT RELEASE_LOCK('a')", Nothing),
                ("DROP TEMPORARY TABLE t", Nothing),
                ("LOAD DATA INFILE 'a' INTO TABLE t", Nothing),
                ("SELECT @a := 1", Resettable),
                ("SELECT @a:=a FROM t", Resettable),
                ("SELECT a, b INTO @a, @b FROM t", Resettable),
                ("SET @a = 1", Resettable),
                ("SET SESSION sql_mode = ''", Resettable),
                ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", Resettable),
                ("USE other", Resettable),
                ("LOCK TABLES t READ", Resettable),
                ("CREATE TEMPORARY TABLE t (a INT)", Resettable),
                ("SELECT GET_LOCK('a', 1)", Resettable),
                ("DO GET_LOCK('a', 1)", Resettable),
                ("CALL p()", Resettable),
                ("BEGIN NOT ATOMIC SET @a = 1; END", Resettable),
                ("SELECT 1 /*! , @a := 2 */", Resettable),
                (r"SELECT 'it\'s'", Nothing),
                // Where the server takes backslashes for themselves, there are two statements.
                (r"SELECT '\'; SET @a = 1; SELECT '", Resettable),
            ],
        );
    }

    #[test]
    fn sqlite() {
        check(
            Dialect::Sqlite,
            &[
                ("SELECT 1", Nothing),
                ("CREATE TABLE t (a)", Nothing),
                ("PRAGMA table_info(t)", Nothing),
                ("PRAGMA foreign_keys = ON", Resettable),
                ("ATTACH 'a' AS b", Resettable),
                ("CREATE TEMP TABLE t (a)", Resettable),
                ("CREATE TABLE temp.t (a)", Resettable),
                ("SELECT load_extension('a')", Lasting),
            ],
        );
    }
}
