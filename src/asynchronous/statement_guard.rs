//! `StatementGuard`: marks a connection while a statement awaits its answer.

use std::future::Future;

/// Marks a connection from the start of a statement to its answer.
///
/// If the statement is abandoned half-way, the mark stays: on a connection that matches answers to statements by
/// order alone, the next statement would get this one's answer.
#[derive(Debug)]
#[must_use = "the statement's future starts and finishes it"]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct StatementGuard<'a>(Option<&'a mut bool>);

impl<'a> StatementGuard<'a> {
    /// Creates a guard that sets this mark.
    pub(crate) fn marking(awaits_answer: &'a mut bool) -> Self {
        Self(Some(awaits_answer))
    }

    /// Creates a guard for a connection that survives abandoned statements, which needs no mark.
    pub(crate) fn unmarked() -> Self {
        Self(None)
    }

    pub(crate) fn start(&mut self) {
        if let Some(mark) = &mut self.0 {
            **mark = true;
        }
    }

    pub(crate) fn finish(&mut self) {
        if let Some(mark) = &mut self.0 {
            **mark = false;
        }
    }

    /// Marks the connection while this future runs.
    pub(crate) async fn during<F: Future>(mut self, statement: F) -> F::Output {
        self.start();
        let answer = statement.await;
        self.finish();
        answer
    }
}
