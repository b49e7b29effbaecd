//! `Counts`: what happened since a router was built, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::class_labels::ClassLabels;
use super::loans::{LoanKind, Loans};
use super::status::ReadCounts;
use crate::cluster::PerSlot;
use crate::error::{Error, Step};
use crate::routing::Reason;
use crate::server::PoolKind;

/// The numbers of what happened since a router was built. Each is one word that whoever counts adds to.
#[derive(Debug)]
pub(crate) struct Counts {
    nodes: PerSlot<NodeCounts>,
    pub(crate) classes: ClassLabels,
    /// Reads that were run again elsewhere.
    pub(crate) retries: Count,
    /// Times that another node became the primary.
    pub(crate) role_changes: Count,
    /// Commits of sessions, whose positions are to be known.
    pub(crate) captures: Count,
    /// Checkouts that failed, in the order of [`FAILURES`].
    failures: [Count; FAILURES.len()],
    /// Reads of nodes that are no members any more.
    gone: [Count; 3],
}

/// The numbers of what happened to one node.
#[derive(Debug, Default)]
pub(crate) struct NodeCounts {
    pub(crate) loans: Loans,
    /// Questions for its role and position, in the order of [`Asker::ALL`].
    questions: [Count; 2],
    /// Waits for a connection of its pools that were in vain, in the order of [`PoolKind::ALL`].
    timeouts: [Count; 3],
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

/// The party that asks a server for its role and position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The node's watcher.
    Watcher,
    /// A caller, over the connection that is to be lent.
    Caller,
}

/// The causes of failed checkouts: the step that failed, or what no node could serve.
const FAILURES: [&str; 17] = [
    "wait",
    "connect",
    "set_up",
    "recycle",
    "ask",
    "settings",
    "closed",
    "removed",
    "no_replica",
    "no_tagged_replica",
    "no_replica_of_class",
    "other_region",
    "wrong_role",
    "shed",
    "no_primary",
    "configuration",
    "other",
];

impl Count {
    #[inline]
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Asker {
    pub(crate) const ALL: [Self; 2] = [Self::Watcher, Self::Caller];

    #[cfg(feature = "metrics")]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Watcher => "watcher",
            Self::Caller => "caller",
        }
    }
}

impl Counts {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes: PerSlot::new(nodes),
            classes: ClassLabels::default(),
            retries: Count::default(),
            role_changes: Count::default(),
            captures: Count::default(),
            failures: Default::default(),
            gone: Default::default(),
        }
    }

    /// Returns what happened to the node in this slot.
    #[inline]
    pub(crate) fn of(&self, slot: usize) -> Option<&NodeCounts> {
        self.nodes.get(slot)
    }

    /// Makes room for a node that comes into this slot.
    pub(crate) fn add(&self, slot: usize) {
        self.nodes.add(slot);
        if let Some(node) = self.nodes.get(slot) {
            node.reset();
        }
    }

    /// Counts a loan.
    #[inline]
    pub(crate) fn lent(&self, slot: usize, kind: LoanKind, reason: Reason) {
        if let Some(node) = self.nodes.get(slot) {
            node.loans.count(kind, reason);
        }
    }

    /// Counts a question for a node's role and position.
    pub(crate) fn asked(&self, slot: usize, by: Asker) {
        if let Some(count) = self
            .nodes
            .get(slot)
            .map(|node| &node.questions[by as usize])
        {
            count.add();
        }
    }

    /// Counts a wait for a connection that was in vain.
    #[cold]
    pub(crate) fn timed_out(&self, slot: usize, pool: PoolKind) {
        if let Some(node) = self.nodes.get(slot) {
            node.timeouts[pool.index()].add();
        }
    }

    /// Counts a checkout that failed.
    #[cold]
    pub(crate) fn failed(&self, error: &Error) {
        let cause = cause(error);
        let place = FAILURES.iter().position(|known| *known == cause);
        if let Some(count) = place.and_then(|place| self.failures.get(place)) {
            count.add();
        }
    }

    /// Returns the checkouts that failed, by cause.
    pub(crate) fn failures(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.failures.iter().map(Count::get);
        FAILURES.into_iter().zip(counts)
    }

    /// Keeps the numbers of the reads of a node that is no member any more.
    pub(crate) fn keep(&self, slot: usize) {
        let reads = self.nodes.get(slot).map(NodeCounts::reads);
        let ReadCounts {
            total,
            off_primary,
            fallbacks,
        } = reads.unwrap_or_default();
        for (count, more) in self.gone.iter().zip([total, off_primary, fallbacks]) {
            count.0.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Returns the numbers of reads, of the nodes in these slots and of those that were members before.
    pub(crate) fn reads(&self, slots: impl Iterator<Item = usize>) -> ReadCounts {
        let [total, off_primary, fallbacks] = &self.gone;
        let gone = ReadCounts {
            total: total.get(),
            off_primary: off_primary.get(),
            fallbacks: fallbacks.get(),
        };
        let present = slots.filter_map(|slot| self.nodes.get(slot));
        present
            .map(NodeCounts::reads)
            .fold(gone, |all, more| ReadCounts {
                total: all.total + more.total,
                off_primary: all.off_primary + more.off_primary,
                fallbacks: all.fallbacks + more.fallbacks,
            })
    }
}

impl NodeCounts {
    /// Returns how often the node was asked by this asker.
    pub(crate) fn questions(&self, by: Asker) -> u64 {
        self.questions[by as usize].get()
    }

    /// Returns the waits for a connection of this pool that were in vain.
    #[cfg(feature = "metrics")]
    pub(crate) fn timeouts(&self, pool: PoolKind) -> u64 {
        self.timeouts[pool.index()].get()
    }

    fn reads(&self) -> ReadCounts {
        let mut reads = ReadCounts::default();
        for tally in self.loans.all() {
            if tally.reason == Reason::Write {
                continue;
            }
            reads.total += tally.count;
            if !tally.reason.is_for_primary() {
                reads.off_primary += tally.count;
            }
            if tally.reason == Reason::Fallback {
                reads.fallbacks += tally.count;
            }
        }
        reads
    }

    fn reset(&self) {
        self.loans.reset();
        for count in self.questions.iter().chain(&self.timeouts) {
            count.0.store(0, Ordering::Relaxed);
        }
    }
}

/// Returns the cause of a failure, as in [`FAILURES`].
fn cause(error: &Error) -> &'static str {
    match error {
        Error::Checkout { step, .. } => match step {
            Step::Wait => "wait",
            Step::Connect => "connect",
            Step::SetUp => "set_up",
            Step::Recycle => "recycle",
            Step::Ask => "ask",
            Step::Settings => "settings",
            Step::Closed => "closed",
            Step::Removed => "removed",
            Step::Test => "test",
        },
        Error::NoReplica { .. } => "no_replica",
        Error::NoTaggedReplica { .. } => "no_tagged_replica",
        Error::NoReplicaOfClass { .. } => "no_replica_of_class",
        Error::OtherRegion { .. } => "other_region",
        Error::WrongRole { .. } => "wrong_role",
        Error::Shed { .. } => "shed",
        Error::NoPrimary { .. } => "no_primary",
        Error::Config(_) => "configuration",
        _ => "other",
    }
}
