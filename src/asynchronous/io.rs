//! Waiting: what differs most between the flavours, under the same names.

use std::future::Future;
use std::time::{Duration, Instant};

use event_listener::EventListener;
use tokio::time::error::Elapsed;
use tokio::time::{timeout, timeout_at};

/// Waits for the event, but not longer than until `deadline`; returns whether it came.
pub(super) async fn until(deadline: Instant, event: EventListener) -> bool {
    timeout_at(deadline.into(), event).await.is_ok()
}

/// Carries a step out, but gives it up after `limit`.
pub(super) async fn within<F: Future>(limit: Duration, step: F) -> Result<F::Output, Elapsed> {
    timeout(limit, step).await
}
