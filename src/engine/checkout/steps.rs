//! What a checkout is asked for, and its steps with their outcomes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::EventListener;

use crate::cluster::Observation;
use crate::connect::SessionSettings;
use crate::consistency::{Again, Function};
use crate::engine::{Advice, Grant, Known};
use crate::error::Error;
use crate::position::Position;
use crate::routing::{Decision, Level, Mode, Otherwise, Target};
use crate::server::PoolKind;
use crate::session::SessionState;
use crate::statement::Access;

/// A caller's request to a router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The level of the function or the call, and at least what the handle promises. Configuration and `advice` add to it.
    pub(crate) level: Level,
    /// The least that the handle promises.
    pub(crate) access: Access,
    pub(crate) session: Option<&'a Arc<SessionState>>,
    pub(crate) wait: Wait,
    /// A node that has failed the caller just now.
    pub(crate) avoid: Option<usize>,
    /// The reason why it is asked for again, if it is.
    pub(crate) again: Option<Again>,
    /// Set if a replica that is likely to serve it may be tried.
    pub(crate) may_try: bool,
    /// The levels and classes that were set for all reads of the session's view.
    pub(crate) advice: Option<&'a Advice>,
    /// The class of the function, by its name: what that requires stands in the configuration under which it is decided.
    pub(crate) class: Option<&'static str>,
    /// The replicas that it asks for.
    pub(crate) on: Option<Target<'a>>,
    /// The settings that the connection must have; those of the server alone, if `None`.
    pub(crate) settings: Option<&'a Arc<SessionSettings>>,
    /// The function that it is for.
    pub(crate) function: Option<&'static str>,
}

/// The longest wait of a read for a fresher replica, as far as the code says; a class or the router, otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wait {
    /// That of the function's attribute.
    pub(crate) function: Option<Duration>,
    /// That of the session's view.
    pub(crate) view: Option<Duration>,
}

impl<'a> Request<'a> {
    /// Returns the request of a call of this function, over that of its session or router.
    pub(crate) fn of_function(self, function: &'static Function) -> Self {
        Self {
            level: match self.level {
                // Outside sessions, only `eventual` leaves the primary.
                Level::Bounded(_) if self.session.is_none() => Level::Session,
                level => level,
            },
            wait: Wait {
                function: function.wait,
                ..self.wait
            },
            class: function.class,
            on: function.on.or(self.on),
            function: Some(function.path),
            ..self
        }
    }

    /// Returns the same request once more, for this reason if there is one.
    pub(crate) fn once_more(mut self, again: Option<Again>) -> Self {
        if let Some(Again::Elsewhere(node)) = again {
            self.avoid = Some(node);
        }
        self.again = again;
        self
    }

    /// Returns the names of its classes, the function's first, of those who are heard in this mode.
    pub(in crate::engine) fn classes(&self, mode: Mode) -> impl Iterator<Item = &'a str> {
        self.class.into_iter().chain(self.viewed_as(mode))
    }

    /// Returns the names of the classes of its session's view, from the outermost to the innermost.
    pub(in crate::engine) fn viewed_as(
        &self,
        mode: Mode,
    ) -> impl DoubleEndedIterator<Item = &'a str> {
        let advice = self.advice.into_iter();
        advice.flat_map(move |advice| advice.classes(mode))
    }

    /// Returns whether it requires what it says itself, and nothing else.
    #[inline]
    pub(in crate::engine) fn is_plain(&self) -> bool {
        self.advice.is_none() && self.class.is_none()
    }

    /// Returns the level of a read or write that asks for this one, and whose handle promises as much as `access` does.
    #[inline]
    pub(in crate::engine) fn level_of(level: Level, access: Access) -> Level {
        level.stronger(match access {
            Access::Replica => Level::Eventual,
            Access::CaughtUp => Level::Session,
            Access::Primary => Level::Strong,
            Access::Write => Level::Write,
        })
    }

    /// Returns whether it fails rather than go where this decision sends it: no replica with its tag may serve it.
    pub(in crate::engine) fn lacks_its_tag(&self, decision: Decision) -> bool {
        self.is_limited() && decision.reason.is_for_primary() && !decision.reason.is_the_primarys()
    }

    /// Returns whether only replicas with its tag may serve it, if any may.
    pub(in crate::engine) fn is_limited(&self) -> bool {
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

    /// Marks it as one whose statements were prepared before the schema changed, as all are of its pool that were opened before now.
    fn spoil(&mut self);

    /// Returns the number of the connection, which no other has.
    fn number(&self) -> u64;

    /// Records how long it was waited for.
    #[cfg(feature = "metrics")]
    fn waited(&self, time: Duration);

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
    /// Lend this connection on probation: ask its server for its role and position, run the read right behind that, and show what it
    /// reads to nobody until the answer [proves](super::Checkout::prove) that it may serve.
    Probe(G, Grant),
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
