//! What a checkout is asked for, and its steps with their outcomes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::EventListener;

use crate::cluster::Observation;
use crate::connect::SessionSettings;
use crate::engine::{Grant, Known};
use crate::error::Error;
use crate::position::Position;
use crate::routing::{Decision, Level, Otherwise, Policy, RegionPolicy, Target};
use crate::server::PoolKind;
use crate::session::SessionState;
use crate::statement::Access;

/// A caller's request to a router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) level: Level,
    /// The least that the handle promises.
    pub(crate) access: Access,
    pub(crate) session: Option<&'a Arc<SessionState>>,
    /// The longest wait for a fresher replica.
    pub(crate) wait: Duration,
    /// A node that has failed the caller just now.
    pub(crate) avoid: Option<usize>,
    /// Set if a replica that is likely to serve it may be tried.
    pub(crate) may_try: bool,
    /// The lag past which replicas do not serve it; the router's, if `None`.
    pub(crate) max_lag: Option<Duration>,
    /// The replicas that it asks for.
    pub(crate) on: Option<Target<'a>>,
    /// What it does about nodes in another region.
    pub(crate) region: RegionPolicy,
    /// The settings that the connection must have; those of the server alone, if `None`.
    pub(crate) settings: Option<&'a Arc<SessionSettings>>,
    /// The function that it is for.
    pub(crate) function: Option<&'static str>,
}

impl Request<'_> {
    /// Returns its level, while this node is the primary.
    #[inline]
    pub(in crate::engine) fn level_under(&self, primary: usize, policy: &Policy) -> Level {
        if self.region == RegionPolicy::Pay || !policy.is_afar(primary) {
            return self.level;
        }
        self.region.level_afar(self.level)
    }

    /// Returns whether it fails rather than go where this decision sends it: no replica with its tag may serve it.
    pub(in crate::engine) fn lacks_its_tag(&self, decision: Decision) -> bool {
        self.is_limited() && decision.reason.is_for_primary() && !decision.reason.is_the_primarys()
    }

    /// Returns whether only replicas with its tag may serve it, if any may.
    pub(super) fn is_limited(&self) -> bool {
        self.on.is_some_and(|on| on.otherwise == Otherwise::Fail)
    }
}

/// A connection on loan from a pool. Dropping it gives it back.
pub(crate) trait Loan {
    /// Returns what is known of it.
    fn known(&self) -> &Known;

    /// Returns what is known of it, to add to.
    fn known_mut(&mut self) -> &mut Known;

    /// Returns whether the last statement on it awaits its answer: the next one would get that.
    fn awaits_answer(&self) -> bool;

    /// Returns the number of the connection, which no other has.
    fn number(&self) -> u64;

    /// Returns the name of the node that it was opened for.
    fn node(&self) -> &str;

    /// Returns the database that it was opened for; `None` for the one that the node's URL was given with.
    fn database(&self) -> Option<&str>;
}

/// The next step of a checkout; `G` is a [`Loan`].
#[derive(Debug)]
pub(crate) enum Next<G> {
    /// Take a connection of this node from this pool, not later than `until`, or `deadline` while the pool is opening
    /// one; where another node may serve as well, not after this one is known to be down either.
    Take {
        node: usize,
        /// The serial of the node that was decided for: another may have its index by then.
        serial: u32,
        pool: PoolKind,
        until: Instant,
        deadline: Instant,
        while_up: bool,
    },
    /// Wait for the next answer of any node, but not longer than that.
    Wait {
        answer: EventListener,
        until: Instant,
    },
    /// Ask the server of this connection for its role and position, and give up at `until`.
    Ask {
        node: usize,
        guard: G,
        until: Instant,
    },
    /// Have the server of this connection wait until it has replayed `required`, for `limit` at most. A server
    /// ends that wait by itself; one that hangs does not: give up after `give_up`.
    AwaitReplay {
        guard: G,
        required: Position,
        limit: Duration,
        give_up: Duration,
    },
    /// Make the reads on this connection wait for what other servers have acknowledged, or not.
    SetCausalReads { node: usize, guard: G, on: bool },
    /// Give the session of this connection these settings, and take all others from it that it has from the router.
    ChangeSettings {
        node: usize,
        guard: G,
        settings: Option<Arc<SessionSettings>>,
        until: Instant,
    },
    /// Lend this connection.
    Lend(G, Grant),
    /// Fail.
    Fail(Error),
}

/// The outcome of the last step.
#[derive(Debug)]
pub(crate) enum Outcome<G> {
    /// No step was taken yet.
    Started,
    /// A connection was taken.
    Taken(G),
    /// A connection could not be taken, or be made ready.
    Failed(Error),
    /// The connection's server was asked, and said this; nothing, where it has no positions.
    Said(G, Option<Observation>),
    /// A node answered.
    Answered,
    /// No node answered in time, or the pool gave no connection.
    TimedOut,
    /// The server has replayed what it was asked for.
    Replayed(G),
    /// The server has not replayed what it was asked for.
    NotReplayed,
    /// The causal reads, or the settings, are set.
    Set(G),
}

impl<G> Outcome<G> {
    /// Returns whether time ran out.
    pub(super) fn is_late(&self) -> bool {
        matches!(self, Self::TimedOut)
    }
}
