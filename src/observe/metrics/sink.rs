//! `Sink`: what a recorder was told by one router, so that it is told what is new.

use std::collections::HashMap;
use std::fmt;
use std::ptr;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, Unit};

use super::list::{self, Kind, Metric, POOL_NAME, ROUTER};
use super::pool_times::{Times, Waits};
use super::{CREATE_TIME, NODE, POOL, REPLICA_WAIT, ReplicaWaits, SERVED_BY, USE_TIME, WAIT_TIME};
use crate::server::PoolKind;

static METADATA: Metadata<'static> = Metadata::new("diesel_routing", Level::INFO, None);

/// The series that one router has told a recorder, with what each had, so that they are looked up once.
pub(crate) struct Sink {
    router: Arc<str>,
    /// The address of the recorder; 0 before there was any. One that is installed later has another.
    recorder: usize,
    counters: HashMap<Id, Counted>,
    gauges: HashMap<Id, Gauged>,
    times: HashMap<(u32, PoolKind), Arc<Times>>,
}

/// A series: a metric, the serial of a node or 0, and a number that stands for the other labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Id {
    metric: usize,
    node: u32,
    detail: u32,
}

struct Counted {
    counter: Counter,
    /// What the recorder was told.
    told: u64,
}

struct Gauged {
    gauge: Gauge,
    /// Its last value, once its node is removed.
    last: f64,
}

/// The labels of a series, but for the router's: names and values.
type Labels<'a> = &'a [(&'static str, &'a str)];

impl Sink {
    pub(crate) fn new(router: &Arc<str>) -> Self {
        Self {
            router: Arc::clone(router),
            recorder: 0,
            counters: HashMap::new(),
            gauges: HashMap::new(),
            times: HashMap::new(),
        }
    }

    /// Has the present recorder told what `write` says. If it is another than before, it is told everything, `waits` included.
    pub(crate) fn tell(&mut self, waits: &ReplicaWaits, write: impl FnOnce(&mut Writer<'_>)) {
        metrics::with_recorder(|recorder| {
            let address = ptr::from_ref(recorder).cast::<()>().addr();
            let is_new = self.recorder != address;
            if is_new {
                *self = Self::new(&self.router);
                self.recorder = address;
                describe(recorder);
            }
            let mut writer = Writer {
                recorder,
                sink: self,
            };
            if is_new {
                waits.attach(writer.waits());
            }
            write(&mut writer);
        });
    }
}

/// Describes all metrics to a recorder.
pub(super) fn describe(recorder: &dyn Recorder) {
    for metric in list::ALL {
        let (name, description) = (
            KeyName::from_const_str(metric.name),
            metric.description.into(),
        );
        let unit = Some(match metric.unit {
            "seconds" => Unit::Seconds,
            "bytes" => Unit::Bytes,
            _ => Unit::Count,
        });
        match metric.kind {
            Kind::Counter => recorder.describe_counter(name, unit, description),
            Kind::Gauge => recorder.describe_gauge(name, unit, description),
            Kind::Histogram => recorder.describe_histogram(name, unit, description),
        }
    }
}

/// Tells a recorder what one router has to say.
pub(crate) struct Writer<'a> {
    recorder: &'a dyn Recorder,
    sink: &'a mut Sink,
}

impl Writer<'_> {
    /// Tells what a counter of the router has come to.
    pub(crate) fn counter(
        &mut self,
        metric: &'static Metric,
        (node, detail): (u32, u32),
        total: u64,
        labels: Labels<'_>,
    ) {
        let Sink {
            counters, router, ..
        } = &mut *self.sink;
        let counted = counters
            .entry(Id::new(metric, node, detail))
            .or_insert_with(|| Counted {
                counter: self
                    .recorder
                    .register_counter(&key(metric, router, labels), &METADATA),
                told: 0,
            });
        let more = total.saturating_sub(counted.told);
        if more > 0 {
            counted.counter.increment(more);
            counted.told = total;
        }
    }

    /// Tells the value of a gauge. Once its node is removed, it is NaN.
    pub(crate) fn gauge(
        &mut self,
        metric: &'static Metric,
        place: (u32, u32),
        value: f64,
        labels: Labels<'_>,
    ) {
        self.gauge_until(metric, place, value, labels, f64::NAN);
    }

    /// Tells the value of a gauge. Once its node is removed, it is `last`.
    pub(crate) fn gauge_until(
        &mut self,
        metric: &'static Metric,
        (node, detail): (u32, u32),
        value: f64,
        labels: Labels<'_>,
        last: f64,
    ) {
        let Sink { gauges, router, .. } = &mut *self.sink;
        let gauged = gauges
            .entry(Id::new(metric, node, detail))
            .or_insert_with(|| Gauged {
                gauge: self
                    .recorder
                    .register_gauge(&key(metric, router, labels), &METADATA),
                last,
            });
        gauged.gauge.set(value);
    }

    /// Tells the value of a gauge that some kinds of servers have: of others, the series does not come to be.
    pub(crate) fn gauge_if_known(
        &mut self,
        metric: &'static Metric,
        (node, detail): (u32, u32),
        value: Option<u64>,
        labels: Labels<'_>,
    ) {
        let is_known = self
            .sink
            .gauges
            .contains_key(&Id::new(metric, node, detail));
        if value.is_none() && !is_known {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a picture is not that exact")]
        let value = value.map_or(f64::NAN, |value| value as f64);
        self.gauge(metric, (node, detail), value, labels);
    }

    /// Returns the histograms of a node's pool.
    pub(crate) fn times(&mut self, node: u32, name: &str, pool: PoolKind) -> Arc<Times> {
        if let Some(times) = self.sink.times.get(&(node, pool)) {
            return Arc::clone(times);
        }
        let pool_name = format!("{name}/{pool}");
        let labels = [
            (NODE, name),
            (POOL, pool.as_str()),
            (POOL_NAME, pool_name.as_str()),
        ];
        let times = Arc::new(Times {
            wait: self.histogram(&WAIT_TIME, &labels),
            used: self.histogram(&USE_TIME, &labels),
            create: self.histogram(&CREATE_TIME, &labels),
        });
        self.sink.times.insert((node, pool), Arc::clone(&times));
        times
    }

    fn waits(&self) -> Waits {
        Waits {
            replica: self.histogram(&REPLICA_WAIT, &[(SERVED_BY, "replica")]),
            primary: self.histogram(&REPLICA_WAIT, &[(SERVED_BY, "primary")]),
        }
    }

    fn histogram(&self, metric: &Metric, labels: Labels<'_>) -> Histogram {
        self.recorder
            .register_histogram(&key(metric, &self.sink.router, labels), &METADATA)
    }

    /// Ends the series of the nodes that are no members any more.
    pub(crate) fn keep_nodes(&mut self, is_member: impl Fn(u32) -> bool) {
        let is_kept = |node: u32| node == 0 || is_member(node);
        self.sink.counters.retain(|id, _| is_kept(id.node));
        self.sink.times.retain(|(node, _), _| is_kept(*node));
        self.sink.gauges.retain(|id, gauged| {
            let is_kept = is_kept(id.node);
            if !is_kept {
                gauged.gauge.set(gauged.last);
            }
            is_kept
        });
    }
}

impl Id {
    fn new(metric: &'static Metric, node: u32, detail: u32) -> Self {
        Self {
            metric: ptr::from_ref(metric).addr(),
            node,
            detail,
        }
    }
}

/// Returns the key of a series, whose labels are those of the list.
fn key(metric: &Metric, router: &str, labels: Labels<'_>) -> Key {
    let all = || std::iter::once((ROUTER, router)).chain(labels.iter().copied());
    debug_assert!(
        all()
            .map(|(name, _)| name)
            .eq(metric.labels.iter().copied()),
        "the labels of `{}` are not those of the list",
        metric.name
    );
    let labels: Vec<_> = all()
        .map(|(name, value)| Label::new(name, value.to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("router", &self.router)
            .finish_non_exhaustive()
    }
}
