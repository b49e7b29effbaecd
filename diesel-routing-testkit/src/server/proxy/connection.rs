use std::net::Shutdown;
use std::sync::Arc;

use socket2::Socket;

use super::Target;

/// An open connection through a [`Proxy`](super::Proxy), as it was when it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyConnection {
    /// Its number: the proxy's first connection has 0, in the order in which they were accepted.
    pub number: u64,
    /// The name of the node that it leads to.
    pub node: String,
    /// Its [round trips](super::Proxy::round_trips) so far, those of its set-up included.
    pub round_trips: u64,
    /// Set if the proxy got something from the client since the client last got something.
    pub awaits_answer: bool,
}

/// A connection as the proxy's threads share it.
#[derive(Debug)]
pub(super) struct Connection {
    target: Target,
    client: Arc<Socket>,
    /// Once it is there.
    server: Option<Arc<Socket>>,
    round_trips: u64,
    awaits_answer: bool,
    /// Nothing that the server sends gets through any more, not even the end.
    drops_answers: bool,
}

impl Connection {
    pub(super) fn new(target: Target, client: Arc<Socket>) -> Self {
        Self {
            target,
            client,
            server: None,
            round_trips: 0,
            awaits_answer: false,
            drops_answers: false,
        }
    }

    pub(super) fn attach(&mut self, server: Arc<Socket>) {
        self.server = Some(server);
    }

    pub(super) fn asked(&mut self) {
        self.awaits_answer = true;
    }

    /// Returns whether that completes a round trip.
    pub(super) fn answered(&mut self) -> bool {
        let completes = std::mem::take(&mut self.awaits_answer);
        self.round_trips += u64::from(completes);
        completes
    }

    pub(super) fn drop_answers(&mut self) {
        self.drops_answers = true;
    }

    pub(super) fn drops_answers(&self) -> bool {
        self.drops_answers
    }

    pub(super) fn snapshot(&self, number: u64) -> ProxyConnection {
        ProxyConnection {
            number,
            node: self.target.name().into(),
            round_trips: self.round_trips,
            awaits_answer: self.awaits_answer,
        }
    }

    /// Closes both sides.
    pub(super) fn close(&self) {
        for socket in [Some(&self.client), self.server.as_ref()]
            .into_iter()
            .flatten()
        {
            // An error means that the other side was first.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
