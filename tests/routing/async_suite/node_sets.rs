//! Node sets that the test tells, as a stream.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::*;

pub(crate) type Told = Result<Vec<Node>, String>;

struct Sets(UnboundedReceiver<Told>);

impl Stream for Sets {
    type Item = Told;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Told>> {
        self.0.poll_recv(cx)
    }
}

/// Has the router follow what is sent.
pub(crate) fn followed(router: &Router) -> UnboundedSender<Told> {
    let (tell, sets) = unbounded_channel();
    tokio::spawn(router.nodes().follow(Sets(sets)));
    tell
}
