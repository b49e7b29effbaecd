//! `GET /metrics`, for Prometheus: the router's numbers, by a recorder without a listener of its own.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderName, header};
use diesel_routing::metrics;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::Site;

/// The recorder of this process: there is one, however many instances of the service there are.
static PROMETHEUS: LazyLock<Option<PrometheusHandle>> = LazyLock::new(|| {
    let times = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(times, metrics::SECONDS);
    let installed = builder.and_then(PrometheusBuilder::install_recorder);
    installed
        .inspect_err(|error| tracing::warn!(%error, "there are no metrics"))
        .ok()
});

/// Has the process record metrics.
pub(crate) fn install_recorder() {
    LazyLock::force(&PROMETHEUS);
}

pub(crate) async fn show(State(site): State<Site>) -> ([(HeaderName, &'static str); 1], String) {
    // Else they are as of the last second.
    site.router.record_metrics();
    let text = PROMETHEUS.as_ref().map(PrometheusHandle::render);
    let headers = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (headers, text.unwrap_or_default())
}
