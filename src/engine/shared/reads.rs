//! Connections that go out and come back, and what sessions are told of those that they read from.

use std::sync::atomic::Ordering;

use super::Shared;
use crate::cluster::ServerId;
use crate::session::{Reading, SessionState};

impl Shared {
    /// Records that a connection of `node` goes out.
    pub(crate) fn lent(&self, reading: Reading, reads_for: Option<&SessionState>) {
        if let Some(out) = self.out.get(reading.node) {
            out.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(session) = reads_for {
            self.read_begins(reading, session);
        }
    }

    /// Records that a session reads from a connection.
    #[inline]
    pub(crate) fn read_begins(&self, reading: Reading, session: &SessionState) {
        session.read_begins(reading, self.clock.now());
    }

    /// Records that a connection of `node`, which leads to `server`, has come back.
    pub(crate) fn returned(
        &self,
        node: usize,
        server: Option<ServerId>,
        reads_for: Option<&SessionState>,
    ) {
        if let Some(out) = self.out.get(node) {
            out.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(session) = reads_for {
            self.read_ends(node, server, session);
        }
    }

    /// Records that a session does not read from a connection of `node` any more, which leads to `server`.
    #[inline]
    pub(crate) fn read_ends(&self, node: usize, server: Option<ServerId>, session: &SessionState) {
        session.read_ends(server, self.clock.now());
        // What it saw on the primary has a position once the primary was asked.
        if self.is_primary(node) {
            self.signals.ask_soon(node);
        }
    }
}
