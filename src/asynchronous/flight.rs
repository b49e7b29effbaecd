//! `Flight`: a statement on its way, until its answer is there.

use std::future::Future;

/// A statement that was sent, until it has been answered.
///
/// Given up half-way, it leaves a mark: where a connection tells answers by their order alone, the next statement
/// would get the answer of this one.
#[derive(Debug)]
#[must_use = "the statement's future tells it of departure and landing"]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct Flight<'a>(Option<&'a mut bool>);

impl<'a> Flight<'a> {
    /// One that leaves this mark.
    pub(crate) fn marking(awaits_answer: &'a mut bool) -> Self {
        Self(Some(awaits_answer))
    }

    /// On a connection that does not mind.
    pub(crate) fn unmarked() -> Self {
        Self(None)
    }

    pub(crate) fn depart(&mut self) {
        if let Some(mark) = &mut self.0 {
            **mark = true;
        }
    }

    pub(crate) fn land(&mut self) {
        if let Some(mark) = &mut self.0 {
            **mark = false;
        }
    }

    /// Lasts as long as this future.
    pub(crate) async fn during<F: Future>(mut self, statement: F) -> F::Output {
        self.depart();
        let answer = statement.await;
        self.land();
        answer
    }
}
