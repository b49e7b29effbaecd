//! `Asker`: asks questions, and writes down those that get no answer.

use crate::doctor::facts::{Facts, Unanswered};
use crate::node::{Connection, NodeError, Row};

/// A node's connection, and what is known of it so far.
pub(super) struct Asker<'a> {
    pub(super) conn: &'a mut Connection,
    pub(super) facts: &'a mut Facts,
}

impl Asker<'_> {
    /// Asks a question. Without an answer, that is written down, with what to grant if a privilege lacks.
    pub(super) async fn rows(
        &mut self,
        question: &'static str,
        sql: &str,
        grant: &'static str,
    ) -> Option<Vec<Row>> {
        match self.conn.rows(sql).await {
            Ok(rows) => Some(rows),
            Err(error) => {
                self.unanswered(question, error, grant);
                None
            }
        }
    }

    /// Asks a question, and returns the first row of the answer.
    pub(super) async fn row(
        &mut self,
        question: &'static str,
        sql: &str,
        grant: &'static str,
    ) -> Option<Row> {
        self.rows(question, sql, grant).await?.into_iter().next()
    }

    /// Asks the first question: without an answer, the node counts as unreachable.
    pub(super) async fn first(&mut self, sql: &str) -> Option<Row> {
        match self.conn.row(sql).await {
            Ok(Some(row)) => return Some(row),
            Ok(None) => self.facts.unreachable = Some("its answer is empty".to_owned()),
            Err(error) => self.facts.unreachable = Some(error.words),
        }
        None
    }

    fn unanswered(&mut self, question: &'static str, error: NodeError, grant: &'static str) {
        let words = error.words.to_lowercase();
        let lacks = words.contains("permission denied") || words.contains("access denied");
        self.facts.unanswered.push(Unanswered {
            question,
            why: error.words,
            remedy: (lacks && !grant.is_empty()).then_some(grant),
        });
    }
}
