//! Metrics, for whichever recorder of the [`metrics`](https://docs.rs/metrics) facade the application installs.
//!
//! Routers record [these](all) by themselves. `docs/observability/metrics.md` says what each is good for, and has a dashboard and alert
//! rules beside it.
//!
//! # When they are up to date
//!
//! Counters and gauges are brought up to date once a second, by whoever watches the nodes or checks a connection out, and whenever
//! [`Router::record_metrics`](crate::Router::record_metrics) is called: right before a scrape, they are exact. Times are recorded as they
//! are measured.
//!
//! # The recorder
//!
//! The global one, installed before the router is built or after it. Counters start from where the router began, whenever that
//! was; of a recorder that comes later, times are recorded from the next update on, a second later at most. A recorder that is local
//! to a thread is not to be used: routers are used on many.
//!
//! Without a recorder, nothing is recorded, and next to nothing is spent.
//!
//! # Labels
//!
//! All values are from short lists: names of routers and nodes, and words that the crate has. Classes are those that the router has,
//! the first 32 that reads were in; the others are `other`. The number of series does not depend on users, statements or databases.
//!
//! The counters of a node that was removed stay as they are. Its numbers of connections become 0, its other gauges NaN, as the facade
//! cannot take a series away: let the exporter do that (`PrometheusBuilder::idle_timeout`).
//!
//! # Example
//!
//! With `metrics-exporter-prometheus`:
//!
//! ```
//! use diesel_routing::metrics;
//! use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let suffix = Matcher::Suffix("_seconds".to_owned());
//! let prometheus = PrometheusBuilder::new()
//!     .set_buckets_for_metric(suffix, metrics::SECONDS)?
//!     .install_recorder()?;
//!
//! # #[cfg(all(feature = "sync-sqlite", feature = "r2d2"))]
//! // In the handler of `GET /metrics`:
//! fn scrape(
//!     router: &diesel_routing::sync::sqlite::Router,
//!     prometheus: &metrics_exporter_prometheus::PrometheusHandle,
//! ) -> String {
//!     router.record_metrics();
//!     prometheus.render()
//! }
//! # drop(prometheus);
//! # Ok(()) }
//! ```

mod list;
mod pool_times;
mod sink;

#[allow(unused_imports, reason = "some are of features")]
pub(crate) use self::list::*;
pub use self::list::{Kind, Metric};
pub(crate) use self::pool_times::{PoolTimes, ReplicaWaits};
pub(crate) use self::sink::{Sink, Writer};

/// Upper bounds for buckets of times, in seconds. Those of OpenTelemetry for database clients, and two below: an idle connection takes
/// microseconds.
pub const SECONDS: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0,
];

/// Returns all metrics that routers record.
///
/// ```
/// for metric in diesel_routing::metrics::all() {
///     println!("{} ({})", metric.name, metric.labels.join(", "));
/// }
/// ```
pub fn all() -> impl Iterator<Item = &'static Metric> {
    ALL.iter().copied()
}

/// Describes all metrics to the present recorder. Routers do that as they begin to record.
pub fn describe() {
    ::metrics::with_recorder(sink::describe);
}

/// Counts an event with this name.
pub(super) fn count_event(name: &'static str) {
    ::metrics::counter!(EVENTS.name, EVENT => name).increment(1);
}
