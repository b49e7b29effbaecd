//! `Recording`: a router's metrics, on their way to the recorder.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, TryLockError};
use std::time::{Duration, Instant};

#[cfg(doc)]
use super::RouterBuilder;
use super::status::NodeStatus;
use super::{Asker, Flavour, NodeCounts, NodePools, PoolStatus, Router, Shared, Status};
use crate::cluster::{Health, Member};
use crate::error::Rejection;
use crate::mutex::lock;
use crate::observe::metrics::{self, ReplicaWaits, Sink, Writer};
use crate::protection::Strain;
use crate::routing::Level;
use crate::server::PoolKind;

/// The time between two updates that nobody asks for. Chosen: shorter than any scrape interval.
const INTERVAL: Duration = Duration::from_secs(1);

/// A router's metrics, on their way to the recorder.
pub(crate) struct Recording {
    sink: Mutex<Sink>,
    /// The place where the times are recorded of reads that waited for a replica.
    pub(crate) waits: ReplicaWaits,
    /// The nodes that the recorder knows, by their serials: their slots and names.
    known: Mutex<HashMap<u32, (usize, String)>>,
    start: Instant,
    /// The time of the next update: milliseconds since the start.
    due: AtomicU64,
    /// Calls a function with the pools of each node that has any, for all databases.
    seats: OnceLock<Seats>,
}

/// The callback that gets the pools of a node.
type EachSeat<'a> = &'a mut dyn FnMut(&Member, &dyn NodePools);

type Seats = Box<dyn Fn(EachSeat<'_>) + Send + Sync>;

/// A node that the recorder is told of.
#[derive(Clone, Copy)]
struct Subject<'a> {
    serial: u32,
    name: &'a str,
}

/// The pools of a node for one purpose, for all databases.
#[derive(Default)]
struct Sum {
    max: u32,
    open: u32,
    idle: u32,
    pending: u32,
}

impl Recording {
    pub(crate) fn new(router: &Arc<str>) -> Self {
        Self {
            sink: Mutex::new(Sink::new(router)),
            waits: ReplicaWaits::default(),
            known: Mutex::default(),
            start: Instant::now(),
            due: AtomicU64::new(0),
            seats: OnceLock::new(),
        }
    }

    /// Sets the function that knows the pools.
    pub(crate) fn of_seats(&self, seats: impl Fn(EachSeat<'_>) + Send + Sync + 'static) {
        let _ = self.seats.set(Box::new(seats));
    }

    /// Returns whether it is time for an update; of several callers, one is told so.
    #[inline]
    fn is_due(&self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.start).as_millis();
        let now = u64::try_from(since).unwrap_or(u64::MAX);
        let due = self.due.load(Ordering::Relaxed);
        now >= due && self.take_turn(now, due)
    }

    #[cold]
    fn take_turn(&self, now: u64, due: u64) -> bool {
        let next = now.saturating_add(INTERVAL.as_secs() * 1000);
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        self.due
            .compare_exchange(due, next, success, failure)
            .is_ok()
    }
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Router<C, F> {
    /// Brings the recorder of [`metrics`](crate::metrics) up to date: right before its numbers are read, as in the handler of a scrape.
    /// Asks no server. Without this, they are up to a second old, and older while nobody reads or writes on servers that are not watched
    /// (SQLite, [`window_only`](RouterBuilder::window_only)).
    ///
    /// Of routers for the databases of the same servers, one is enough.
    ///
    /// ```
    /// # #[cfg(feature = "sync-sqlite")]
    /// fn scrape(
    ///     router: &diesel_routing::sync::sqlite::Router,
    ///     prometheus: &metrics_exporter_prometheus::PrometheusHandle,
    /// ) -> String {
    ///     router.record_metrics();
    ///     prometheus.render()
    /// }
    /// ```
    pub fn record_metrics(&self) {
        self.shared().record_metrics();
    }
}

impl Shared {
    /// Brings the recorder up to date, if it is time to and nobody does it at the moment.
    #[inline]
    pub(crate) fn tick_metrics(&self, now: Instant) {
        if self.recording.is_due(now) {
            self.update_metrics();
        }
    }

    #[cold]
    fn update_metrics(&self) {
        let sink = match self.recording.sink.try_lock() {
            Ok(sink) => sink,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.tell_recorder(sink);
    }

    /// Brings the recorder up to date.
    pub(crate) fn record_metrics(&self) {
        self.tell_recorder(lock(&self.recording.sink));
    }

    /// Has the times of a node's pools recorded.
    pub(crate) fn record_times(&self, node: &Member, pools: &dyn NodePools) {
        let waits = &self.recording.waits;
        lock(&self.recording.sink).tell(waits, |writer| attach(writer, node, pools));
    }

    fn tell_recorder(&self, mut sink: std::sync::MutexGuard<'_, Sink>) {
        sink.tell(&self.recording.waits, |writer| self.write(writer));
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let cluster = self.snapshot();
        let members = cluster.members.iter();
        let members: Vec<_> = members.filter(|(_, member)| !member.is_joining()).collect();
        let is_member = |serial| members.iter().any(|(_, member)| member.serial == serial);
        self.write_gone(writer, &cluster.members, is_member);
        writer.keep_nodes(is_member);
        let mut sums = HashMap::<(u32, PoolKind), Sum>::new();
        if let Some(seats) = self.recording.seats.get() {
            seats(&mut |member, pools| {
                attach(writer, member, pools);
                for pool in pools.status() {
                    sums.entry((member.serial, pool.pool))
                        .or_default()
                        .add(&pool);
                }
            });
        }
        let status = self.status(|_, _| Vec::new());
        let mut known = lock(&self.recording.known);
        known.clear();
        for (slot, member) in members {
            let node = Subject {
                serial: member.serial,
                name: &member.name,
            };
            if let Some(counts) = self.counts.of(slot) {
                self.write_counts(writer, node, counts);
            }
            let found = status.nodes.iter().find(|node| node.name == member.name);
            if let Some(status) = found {
                write_node(writer, node, status);
            }
            for pool in PoolKind::ALL {
                let sum = sums.remove(&(node.serial, pool));
                let none = || Sum {
                    max: member.pool_size(pool),
                    ..Sum::default()
                };
                write_pool(writer, node, pool, &sum.unwrap_or_else(none));
            }
            known.insert(member.serial, (slot, member.name.clone()));
        }
        drop(known);
        self.write_router(writer, &status);
    }

    /// Tells the last counts of nodes that are no members any more, as far as their slots have no others.
    fn write_gone(
        &self,
        writer: &mut Writer<'_>,
        members: &crate::cluster::Members,
        is_member: impl Fn(u32) -> bool,
    ) {
        let known = lock(&self.recording.known);
        let gone = known.iter().filter(|(serial, _)| !is_member(**serial));
        for (serial, (slot, name)) in gone {
            let node = Subject {
                serial: *serial,
                name,
            };
            let counts = self.counts.of(*slot);
            if let Some(counts) = counts.filter(|_| members.get(*slot).is_none()) {
                self.write_counts(writer, node, counts);
            }
        }
    }

    fn write_counts(&self, writer: &mut Writer<'_>, node: Subject<'_>, counts: &NodeCounts) {
        for tally in counts.loans.all() {
            let role = if tally.reason.is_for_primary() {
                "primary"
            } else {
                "replica"
            };
            let labels = [
                (metrics::NODE, node.name),
                (metrics::ROLE, role),
                (metrics::POOL, tally.reason.pool().as_str()),
                (metrics::REASON, tally.reason.as_str()),
                (metrics::LEVEL, Level::WORDS[tally.level]),
                (metrics::CLASS, self.counts.classes.text(tally.class)),
            ];
            let detail = u32::from(tally.class.number()) << 16
                | number(tally.level) << 8
                | number(tally.reason.index());
            let place = (node.serial, detail);
            writer.counter(&metrics::LOANS, place, tally.count, &labels);
        }
        for by in Asker::ALL {
            let labels = [(metrics::NODE, node.name), (metrics::BY, by.as_str())];
            let place = (node.serial, number(by as usize));
            writer.counter(&metrics::QUESTIONS, place, counts.questions(by), &labels);
        }
        for pool in PoolKind::ALL {
            let pool_name = format!("{}/{pool}", node.name);
            let place = (node.serial, number(pool.index()));
            let labels = of_pool(node.name, pool, &pool_name);
            writer.counter(&metrics::TIMEOUTS, place, counts.timeouts(pool), &labels);
        }
    }

    fn write_router(&self, writer: &mut Writer<'_>, status: &Status) {
        const WHOLE: (u32, u32) = (0, 0);
        for (metric, total) in [
            (&metrics::FALLBACKS, status.reads.fallbacks),
            (&metrics::RETRIES, status.retries),
            (&metrics::CAPTURES, status.captures),
            (&metrics::ROLE_CHANGES, status.role_changes),
        ] {
            writer.counter(metric, WHOLE, total, &[]);
        }
        #[cfg(feature = "hedge")]
        writer.counter(&metrics::HEDGES, WHOLE, status.hedges, &[]);
        for (index, (cause, total)) in self.counts.failures().enumerate() {
            let labels = [(metrics::CAUSE, cause)];
            writer.counter(
                &metrics::FAILED_CHECKOUTS,
                (0, number(index)),
                total,
                &labels,
            );
        }
        for (index, (finding, total)) in self.checker.refusals.all().enumerate() {
            let labels = [(metrics::FINDING, finding)];
            let place = (0, number(index));
            writer.counter(&metrics::REFUSED_STATEMENTS, place, total, &labels);
        }
        for (index, cause) in Rejection::ALL.into_iter().enumerate() {
            let labels = [(metrics::CAUSE, cause.as_str())];
            let total = self.rejections.of(cause);
            writer.counter(
                &metrics::REJECTED_TOKENS,
                (0, number(index)),
                total,
                &labels,
            );
        }
        let share = status.reads.share_off_primary().unwrap_or(f64::NAN);
        writer.gauge(&metrics::OFF_PRIMARY, WHOLE, share, &[]);
        let window = status.window.window.as_secs_f64();
        writer.gauge(&metrics::WINDOW, WHOLE, window, &[]);
        let strain = match status.breaker.as_ref().map(|breaker| breaker.strain) {
            None | Some(Strain::Normal) => 0.0,
            Some(Strain::Strained) => 1.0,
            Some(Strain::Open) => 2.0,
        };
        writer.gauge(&metrics::STRAIN, WHOLE, strain, &[]);
        let Some(breaker) = &status.breaker else {
            return;
        };
        for (signal, value) in &breaker.signals {
            let labels = [(metrics::SIGNAL, signal.as_str())];
            let place = (0, number(*signal as usize));
            writer.gauge(&metrics::STRAIN_SIGNAL, place, *value, &labels);
        }
        let mut shed = HashMap::new();
        for reads in &breaker.shed {
            let class = reads.class.as_deref();
            let label = class.map_or_else(Default::default, |class| self.counts.classes.of(class));
            *shed.entry(label).or_insert(0) += reads.reads;
        }
        for (label, total) in shed {
            let labels = [(metrics::CLASS, self.counts.classes.text(label))];
            let place = (0, label.number().into());
            writer.counter(&metrics::SHED_READS, place, total, &labels);
        }
    }
}

impl Sum {
    fn add(&mut self, pool: &PoolStatus) {
        self.max = self.max.saturating_add(pool.max_size);
        self.open = self.open.saturating_add(pool.open);
        self.idle = self.idle.saturating_add(pool.idle);
        self.pending = self.pending.saturating_add(pool.pending);
    }
}

/// Has the times of a node's pools recorded by the present recorder.
fn attach(writer: &mut Writer<'_>, node: &Member, pools: &dyn NodePools) {
    for (pool, usage) in PoolKind::ALL.into_iter().zip(pools.usage()) {
        let times = writer.times(node.serial, &node.name, pool);
        usage.times().attach(&times);
    }
}

fn write_node(writer: &mut Writer<'_>, node: Subject<'_>, status: &NodeStatus) {
    let (place, labels) = ((node.serial, 0), [(metrics::NODE, node.name)]);
    let bit = |is_set| if is_set { 1.0 } else { 0.0 };
    writer.gauge(
        &metrics::NODE_UP,
        place,
        bit(status.health == Health::Up),
        &labels,
    );
    writer.gauge(
        &metrics::NODE_IS_PRIMARY,
        place,
        bit(status.is_primary),
        &labels,
    );
    let lag = status.lag.map_or(f64::NAN, |lag| lag.as_secs_f64());
    writer.gauge(&metrics::LAG, place, lag, &labels);
    for (metric, behind) in [
        (&metrics::LAG_BYTES, status.bytes_behind),
        (&metrics::LAG_TRANSACTIONS, status.transactions_behind),
    ] {
        writer.gauge_if_known(metric, place, behind, &labels);
    }
}

fn write_pool(writer: &mut Writer<'_>, node: Subject<'_>, pool: PoolKind, sum: &Sum) {
    let pool_name = format!("{}/{pool}", node.name);
    let labels = of_pool(node.name, pool, &pool_name);
    let place = |detail: u32| (node.serial, number(pool.index()) << 1 | detail);
    let used = sum.open.saturating_sub(sum.idle);
    for (detail, state, count) in [(0, "idle", sum.idle), (1, "used", used)] {
        let [node, pool, name] = labels;
        let labels = [node, pool, name, (metrics::STATE, state)];
        writer.gauge_until(
            &metrics::CONNECTIONS,
            place(detail),
            count.into(),
            &labels,
            0.0,
        );
    }
    for (metric, count) in [
        (&metrics::CONNECTIONS_MAX, sum.max),
        (&metrics::PENDING, sum.pending),
    ] {
        writer.gauge_until(metric, place(0), count.into(), &labels, 0.0);
    }
}

fn of_pool<'a>(node: &'a str, pool: PoolKind, pool_name: &'a str) -> [(&'static str, &'a str); 3] {
    [
        (metrics::NODE, node),
        (metrics::POOL, pool.as_str()),
        (metrics::POOL_NAME, pool_name),
    ]
}

/// Returns a place in a short list as a number.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording").finish_non_exhaustive()
    }
}
