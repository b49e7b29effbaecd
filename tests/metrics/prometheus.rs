//! The numbers as Prometheus gets them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use diesel_routing::metrics;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The recorder of this process: there can be one.
static RECORDER: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let times = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(times, metrics::SECONDS);
    builder.unwrap().install_recorder().unwrap()
});

/// Installs the recorder, if it is not.
pub(crate) fn install() {
    LazyLock::force(&RECORDER);
}

/// The series of one router at one moment.
#[derive(Debug)]
pub(crate) struct Scrape {
    pub(crate) series: Vec<Series>,
    /// The kinds of metrics, by their names.
    pub(crate) kinds: BTreeMap<String, String>,
}

/// One series: its name, its labels but for the router's, and its value.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Scrape {
    /// Scrapes what the router with this name has recorded.
    pub(crate) fn of(router: &str) -> Self {
        let text = RECORDER.render();
        let kinds = text.lines().filter_map(|line| {
            let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
            Some((name.to_owned(), kind.to_owned()))
        });
        let kinds = kinds.collect();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let series = samples.filter(|line| !line.is_empty()).map(series);
        let of_router = series.filter_map(|mut series| {
            let name = series.labels.remove("router")?;
            (name == router).then_some(series)
        });
        Self {
            series: of_router.collect(),
            kinds,
        }
    }

    /// Returns the sum of the series with this name that have these labels; `None` if there are none.
    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |series: &&Series| {
            let mut labels = labels.iter();
            let has = |(label, value): &(&str, &str)| {
                series.labels.get(*label).map(String::as_str) == Some(*value)
            };
            series.name == name && labels.all(has)
        };
        let mut found = self.series.iter().filter(has).peekable();
        found.peek()?;
        Some(found.map(|series| series.value).sum())
    }

    /// Returns the same, of series that there are.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let found = self.find(name, labels);
        found.unwrap_or_else(|| panic!("no {name} with {labels:?}: {:#?}", self.series))
    }

    /// Returns the loans with these labels.
    pub(crate) fn loans(&self, labels: &[(&str, &str)]) -> f64 {
        self.find("diesel_routing_loans_total", labels)
            .unwrap_or_default()
    }

    /// Returns the values of a label.
    pub(crate) fn values_of(&self, label: &str) -> BTreeSet<&str> {
        let values = self.series.iter();
        let values = values.filter_map(|series| series.labels.get(label));
        values.map(String::as_str).collect()
    }
}

fn series(line: &str) -> Series {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap();
    // Names here have neither commas nor quotes in them.
    let labels = labels.split(',').filter(|label| !label.is_empty());
    let labels = labels.map(|label| {
        let (label, value) = label.split_once('=').unwrap();
        (label.to_owned(), value.trim_matches('"').to_owned())
    });
    Series {
        name: name.to_owned(),
        labels: labels.collect(),
        value: value.parse().unwrap(),
    }
}
