use std::ops::ControlFlow;

use sqlparser::ast::{Query, Select, SetExpr, Statement, Visit, Visitor};
use sqlparser::parser::Parser;

use crate::statement::Kind;
use crate::{Dialect, Finding};

/// Statements longer than this, in tokens, are not parsed: a chain of operators nests as deep as it
/// is long, and walking and dropping it must fit a small stack.
const MAX_TOKENS: usize = 4_000;

/// Parses a statement that the scan of its tokens let through, and looks again.
///
/// A second net under the scan: two readings have to agree that this is one read.
pub(crate) fn confirm(
    sql: &str,
    tokens: usize,
    dialect: Dialect,
    kind: Kind,
) -> Result<(), Finding> {
    if tokens > MAX_TOKENS {
        let message = format!("it has {tokens} tokens, and at most {MAX_TOKENS} are parsed");
        return Err(Finding::Unparsable { message });
    }
    let statements =
        Parser::parse_sql(dialect.parser(), sql).map_err(|error| Finding::Unparsable {
            message: error.to_string(),
        })?;
    match statements.as_slice() {
        [] => Err(Finding::Empty),
        [_, _, ..] => Err(Finding::SeveralStatements),
        [Statement::Explain { .. } | Statement::ExplainTable { .. }] if kind == Kind::Plan => {
            Ok(())
        }
        [statement] => match statement.visit(&mut Doubts) {
            ControlFlow::Break(finding) => Err(*finding),
            ControlFlow::Continue(()) => Ok(()),
        },
    }
}

/// Stops at the first thing that no read holds.
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
