//! Waiting: what differs most between the flavours, under the same names.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use event_listener::EventListener;
use tokio::time::error::Elapsed;
use tokio::time::{timeout, timeout_at};
use tracing::{Instrument, Span};

/// Returns a step that takes a round trip or more, with its type erased: callers' futures have this one inside, and compilers
/// follow types no deeper than 128 levels unless they are told to.
pub(super) fn boxed<'a, T>(
    step: impl Future<Output = T> + Send + 'a,
) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(step)
}

/// Returns the same of a step that belongs to this span.
pub(super) fn boxed_in<'a, T>(
    span: Option<&Span>,
    step: impl Future<Output = T> + Send + 'a,
) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    match span {
        Some(span) => Box::pin(step.instrument(span.clone())),
        None => Box::pin(step),
    }
}

/// Enters no span: a future that waits would stay in it, whatever else its thread runs.
pub(super) fn inside(_span: Option<&Span>) -> Outside {
    Outside
}

/// The absence of a span that was entered.
pub(super) struct Outside;

/// Waits for the event, but not longer than until `deadline`; returns whether it came.
pub(super) async fn until(deadline: Instant, event: EventListener) -> bool {
    timeout_at(deadline.into(), event).await.is_ok()
}

/// Carries a step out, but gives it up after `limit`.
pub(super) async fn within<F: Future>(limit: Duration, step: F) -> Result<F::Output, Elapsed> {
    timeout(limit, step).await
}

/// Carries a step out, but gives it up after `limit`, and says so once it takes longer than `patience`.
pub(super) async fn within_or<F: Future>(
    limit: Duration,
    step: F,
    patience: Duration,
    say: impl Fn(),
) -> Result<F::Output, Elapsed> {
    let mut step = pin!(step);
    let first = patience.min(limit);
    if let Ok(output) = timeout(first, step.as_mut()).await {
        return Ok(output);
    }
    say();
    timeout(limit.saturating_sub(first), step).await
}

/// Sends a statement, and does not wait for its answer: the server has it before the next one.
#[cfg(feature = "test-util")]
pub(super) fn send(statement: impl Future) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // It is sent as it is first polled.
    let _sent = pin!(statement).poll(&mut context);
}

/// Begins a step, and returns its output if it is done at once.
pub(crate) async fn at_once<F: Future>(mut step: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match step.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Carries both steps out, and returns the output of the first.
pub(super) async fn both<A: Future, B: Future>(mut first: Pin<&mut A>, second: B) -> A::Output {
    let mut second = pin!(second);
    let (mut output, mut is_done) = (None, false);
    poll_fn(|cx| {
        if output.is_none()
            && let Poll::Ready(first) = first.as_mut().poll(cx)
        {
            output = Some(first);
        }
        is_done = is_done || second.as_mut().poll(cx).is_ready();
        match output.take() {
            Some(output) if is_done => Poll::Ready(output),
            still => {
                output = still;
                Poll::Pending
            }
        }
    })
    .await
}

/// Carries a step out, but gives it up once `is_over`, which is asked at each event.
pub(super) async fn unless<F: Future>(
    step: F,
    event: impl Fn() -> EventListener,
    is_over: impl Fn() -> bool,
) -> Option<F::Output> {
    let mut step = pin!(step);
    // Mostly it is done at once, and no listener is needed.
    if let Some(output) = at_once(step.as_mut()).await {
        return Some(output);
    }
    loop {
        // Listen before looking: an event in between counts.
        let mut event = pin!(event());
        if is_over() {
            return None;
        }
        let output = poll_fn(|cx| match step.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => event.as_mut().poll(cx).map(|()| None),
        });
        if let Some(output) = output.await {
            return Some(output);
        }
    }
}
