//! The second check: the statement as sqlparser parses it.

use std::ops::ControlFlow;
use std::thread;

use sqlparser::ast::{Query, Select, SetExpr, Statement, Visit, Visitor};
use sqlparser::dialect::{MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use crate::kind::Kind;
use crate::tokens::Tokens;
use crate::{Dialect, Finding};

/// Statements longer than this, in tokens, are not parsed, so that parsing, walking and dropping
/// them fits [`STACK`] in a debug build, whatever nests in them.
const MAX_TOKENS: usize = 1_000;

/// Bytes of address space; the system gives memory for what is used.
const STACK: usize = 256 << 20;

/// Parses a statement that passed the scan of its tokens, and checks it again.
///
/// A second net under the scan, with holes: the parser knows less than the servers do. What it does
/// not take counts as a read, as the scan found, unless its tokens show `why` it is wrong for every server. If it takes that
/// all the same, it is right.
pub(crate) fn confirm(
    sql: &str,
    tokens: &Tokens<'_>,
    dialect: Dialect,
    kind: Kind,
    why: Option<&'static str>,
) -> Result<(), Finding> {
    let words = if tokens.len() > MAX_TOKENS {
        None
    } else {
        match on_large_stack(|| look_again(sql, dialect, kind)) {
            Some(Ok(found)) => return found,
            Some(Err(words)) => Some(words),
            None => None,
        }
    };
    match why {
        Some(why) => Err(Finding::Unparsable {
            message: words.unwrap_or_else(|| why.to_owned()),
        }),
        None => Ok(()),
    }
}

/// Runs `look` on a stack that is large enough for it; `None` if there is none to be had.
///
/// The caller's may be small: the parser needs some 100 KiB for one level of nesting in a debug build.
fn on_large_stack<T: Send>(look: impl FnOnce() -> T + Send) -> Option<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, look).ok()?.join().ok()
    })
}

/// Returns what the parsed statement holds, or the parser's words.
fn look_again(sql: &str, dialect: Dialect, kind: Kind) -> Result<Result<(), Finding>, String> {
    let statement = parse(sql, dialect, kind).map_err(|error| match error {
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
        ParserError::RecursionLimitExceeded => "it nests too deep".to_owned(),
    })?;
    if matches!(kind, Kind::Plan(_)) && matches!(statement, Statement::Explain { .. }) {
        return Ok(Ok(()));
    }
    Ok(match statement.visit(&mut Doubts) {
        ControlFlow::Break(finding) => Err(*finding),
        ControlFlow::Continue(()) => Ok(()),
    })
}

fn parse(sql: &str, dialect: Dialect, kind: Kind) -> Result<Statement, ParserError> {
    let rules: &dyn sqlparser::dialect::Dialect = match dialect {
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::Mysql => &MySqlDialect {},
        Dialect::Sqlite => &SQLiteDialect {},
    };
    let mut parser = Parser::new(rules).try_with_sql(sql)?;
    let statement = if kind == Kind::Query {
        // Takes a leading TABLE too, which the statement parser does not.
        Statement::Query(parser.parse_query()?)
    } else {
        parser.parse_statement()?
    };
    while parser.consume_token(&Token::SemiColon) {}
    match parser.peek_token_ref() {
        rest if rest.token == Token::EOF => Ok(statement),
        rest => {
            let message = format!(
                "Expected: end of statement, found: {}{}",
                rest, rest.span.start
            );
            Err(ParserError::ParserError(message))
        }
    }
}

/// Stops at the first node that a read cannot have.
struct Doubts;

impl Visitor for Doubts {
    type Break = Box<Finding>;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Self::Break> {
        match statement {
            Statement::Query(_) | Statement::Explain { .. } | Statement::ExplainTable { .. } => {
                ControlFlow::Continue(())
            }
            Statement::Insert(_) => stop(Finding::write("INSERT")),
            Statement::Update(_) => stop(Finding::write("UPDATE")),
            Statement::Delete(_) => stop(Finding::write("DELETE")),
            Statement::Merge(_) => stop(Finding::write("MERGE")),
            other => {
                let text = other.to_string();
                stop(Finding::not_a_read(
                    text.split_whitespace().next().unwrap_or_default(),
                ))
            }
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if let Some(lock) = query.locks.first() {
            return stop(Finding::RowLock {
                clause: lock.to_string(),
            });
        }
        match *query.body {
            SetExpr::Insert(_) => stop(Finding::write("INSERT")),
            SetExpr::Update(_) => stop(Finding::write("UPDATE")),
            SetExpr::Delete(_) => stop(Finding::write("DELETE")),
            SetExpr::Merge(_) => stop(Finding::write("MERGE")),
            SetExpr::Select(_)
            | SetExpr::Query(_)
            | SetExpr::SetOperation { .. }
            | SetExpr::Values(_)
            | SetExpr::Table(_) => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        if select.into.is_some() {
            return stop(Finding::write("SELECT INTO"));
        }
        ControlFlow::Continue(())
    }
}

fn stop(finding: Finding) -> ControlFlow<Box<Finding>> {
    ControlFlow::Break(Box::new(finding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wrong::why_wrong;

    fn postgres(sql: &str) -> Result<(), Finding> {
        let tokens = Tokens::read(sql, Dialect::Postgres)?;
        let why = why_wrong(&tokens, Dialect::Postgres);
        confirm(sql, &tokens, Dialect::Postgres, Kind::Query, why)
    }

    #[test]
    fn the_second_net_holds_without_the_first() {
        let row_lock = Finding::RowLock {
            clause: "FOR UPDATE".into(),
        };
        for (sql, expected) in [
            (
                "SELECT a FROM t WHERE a IN (SELECT a FROM u FOR UPDATE)",
                row_lock,
            ),
            (
                "WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d",
                Finding::write("DELETE"),
            ),
            (
                "WITH i AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM i",
                Finding::write("INSERT"),
            ),
            (
                "WITH a AS (SELECT 1) UPDATE t SET a = 1",
                Finding::write("UPDATE"),
            ),
            ("SELECT a INTO u FROM t", Finding::write("SELECT INTO")),
        ] {
            assert_eq!(postgres(sql), Err(expected), "{sql}");
        }
        let sql = "EXPLAIN ANALYZE DELETE FROM t";
        let tokens = Tokens::read(sql, Dialect::Postgres).unwrap();
        let explained = confirm(sql, &tokens, Dialect::Postgres, Kind::RunPlan(2), None);
        assert_eq!(explained, Err(Finding::write("DELETE")));
    }

    #[test]
    fn what_follows_the_statement_is_not_ignored() {
        assert_eq!(postgres("SELECT 1;"), Ok(()));
        let message = postgres("SELECT 1 ) x").unwrap_err().to_string();
        assert!(
            message.contains("end of statement") && message.contains("Column: 10"),
            "{message}"
        );
    }
}
