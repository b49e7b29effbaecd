//! Waiting: what differs most between the flavours, under the same names.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use event_listener::{EventListener, Listener};
use tracing::Span;
use tracing::span::EnteredSpan;

/// Returns what a step returned.
pub(super) fn boxed<T>(step: T) -> T {
    step
}

/// Returns what a step returned, which was carried out [inside](inside) the span.
pub(super) fn boxed_in<T>(_span: Option<&Span>, step: T) -> T {
    step
}

/// Enters the span until the guard is dropped.
pub(super) fn inside(span: Option<&Span>) -> Option<EnteredSpan> {
    Some(span?.clone().entered())
}

/// Waits for the event, but not longer than until `deadline`; returns whether it came.
pub(super) fn until(deadline: Instant, event: EventListener) -> bool {
    event.wait_deadline(deadline).is_some()
}

/// Returns what a step returned. A blocking call cannot be given up: how long it takes is set in the driver.
pub(super) fn within<T>(_limit: Duration, step: T) -> Result<T, Infallible> {
    Ok(step)
}

/// Returns what a step returned. A blocking call cannot be given up: how long it takes is set in the driver.
pub(super) fn within_or<T>(
    _limit: Duration,
    step: T,
    _patience: Duration,
    _say: impl Fn(),
) -> Result<T, Infallible> {
    Ok(step)
}

/// Returns what a step returned. A blocking call cannot be given up: how long it takes is its own limit.
pub(super) fn unless<T>(
    step: T,
    _event: impl Fn() -> EventListener,
    _is_over: impl Fn() -> bool,
) -> Option<T> {
    Some(step)
}

/// Takes what came of a statement that was sent ahead: if it failed, so does the next one.
#[cfg(feature = "test-util")]
pub(super) fn send<T>(answer: T) {
    drop(answer);
}
