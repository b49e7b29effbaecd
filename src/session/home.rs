//! `Home`: the server that a session last read from.

use std::time::Instant;

use super::stamp::Stamp;
use crate::cluster::{Sample, Samples, ServerId, Snapshot};
use crate::position::Position;

/// The server that a session last read from.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) server: ServerId,
    /// [`HomeServer::stood`], and `has_all`.
    pub(super) stood: Stamp,
    pub(super) has_all: bool,
    /// The time at which a connection was last returned.
    pub(super) last: Stamp,
    /// Its slot.
    pub(super) node: u32,
    /// Number of connections in use.
    pub(super) out: u32,
    /// A position that covers all reads here up to `last`, once known.
    pub(super) seen: Option<Position>,
}

/// A connection that is to be read from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(crate) node: usize,
    /// The server that it leads to, if that tells who it is.
    pub(crate) server: Option<ServerId>,
    /// The last instant, by the system's clock, at which the connection is certain to have stood.
    pub(crate) stood: Instant,
    /// The version of the session's requirements that the server was proved to meet.
    pub(crate) proved: Option<u64>,
}

/// Returns a position that covers what was read from `home` up to `last`: that of `home`, if this run of it
/// was asked after `last`; or that of the primary, asked first after `last`. Both cover the reads, so the
/// lower one is returned: a replica that is asked again and again is always further.
pub(super) fn seen_at(
    home: &Home,
    last: Instant,
    cluster: &Snapshot,
    samples: Option<&Samples>,
) -> Option<Sample> {
    let there = cluster
        .nodes
        .get(home.node as usize)
        .filter(|node| node.server == Some(home.server))
        .filter(|node| {
            node.opened
                .is_some_and(|opened| opened < home.stood.instant())
        })
        .and_then(|node| Some((node.asked?, node.position.as_ref()?)))
        .filter(|(asked, position)| *asked > last && cluster.shares_history(position));
    let primary = covering(Some(last), cluster, samples);
    match (there, primary) {
        (Some((_, there)), Some(primary)) if there.covers(&primary.position) => Some(primary),
        (Some((asked, there)), _) => Some(Sample {
            asked,
            position: there.mark(),
        }),
        (None, primary) => primary,
    }
}

/// Returns the first sample that was requested after `at`, of those of the watchers and of callers; strictly
/// after, so that a coarse clock proves nothing.
pub(super) fn covering(
    at: Option<Instant>,
    cluster: &Snapshot,
    samples: Option<&Samples>,
) -> Option<Sample> {
    let at = at?;
    let recent = &cluster.recent;
    let of_watchers = recent.get(recent.partition_point(|sample| sample.asked <= at));
    let of_callers = samples.and_then(|samples| samples.first_after(at, cluster));
    let both = of_watchers.into_iter().chain(of_callers);
    both.min_by_key(|sample| sample.asked).cloned()
}
