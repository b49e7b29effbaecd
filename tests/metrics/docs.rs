//! `docs/observability/`: the list of metrics is the crate's, and dashboards and alert rules ask for no others.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use diesel_routing::Node;
use diesel_routing::metrics::{self, Kind, Metric};
use diesel_routing::sync::sqlite::Router;

use super::cluster;
use super::prometheus::{Scrape, install};
use super::queries::{self, Query};

/// The environment variable that has the list in the document written anew.
const OVERWRITE: &str = "METRICS_LIST";

fn file(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("docs/observability").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap()
}

fn kind(metric: &Metric) -> &'static str {
    match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        _ => panic!("a new kind"),
    }
}

fn list() -> String {
    let mut list = "| metric | kind | unit | labels | |\n|---|---|---|---|---|\n".to_owned();
    for metric in metrics::all() {
        let labels = metric.labels.iter().map(|label| format!("`{label}`"));
        let labels = labels.collect::<Vec<_>>().join(", ");
        let (name, unit, words) = (metric.name, metric.unit, metric.description);
        let kind = kind(metric);
        writeln!(list, "| `{name}` | {kind} | {unit} | {labels} | {words} |").unwrap();
    }
    list
}

#[test]
fn the_document_lists_the_metrics_of_the_code() {
    let (begin, end) = ("<!-- The list: -->\n", "<!-- That was it. -->\n");
    let text = read("metrics.md");
    let (before, rest) = text.split_once(begin).unwrap();
    let (known, after) = rest.split_once(end).unwrap();
    let list = list();
    if std::env::var(OVERWRITE).is_ok() {
        let text = format!("{before}{begin}{list}{end}{after}");
        fs::write(file("metrics.md"), text).unwrap();
        return;
    }
    assert_eq!(
        known, list,
        "docs/observability/metrics.md lists others; {OVERWRITE}=overwrite writes the list anew"
    );
}

#[test]
fn names_and_labels_are_prometheuss_and_no_two_are_the_same() {
    let is_name = |text: &str| {
        let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_legal)
    };
    let mut names = BTreeSet::new();
    for metric in metrics::all() {
        assert!(names.insert(metric.name), "{} is there twice", metric.name);
        assert!(is_name(metric.name), "{}", metric.name);
        assert!(metric.labels.iter().all(|label| is_name(label)));
        let suffix = match (metric.kind, metric.unit) {
            (Kind::Counter, _) => "_total",
            (_, "seconds") => "_seconds",
            (_, "bytes") => "_bytes",
            _ => "",
        };
        assert!(metric.name.ends_with(suffix), "{}", metric.name);
    }
}

/// The metrics of SQLite's nodes, without a breaker and before anything happened.
#[test]
fn a_router_records_metrics_of_the_list_alone_with_their_kinds_and_labels() {
    install();
    let cluster = cluster();
    let builder = Router::builder().name("listed");
    let builder = builder.primary(Node::new("primary", cluster.primary_url()));
    let router = builder.build().unwrap();
    drop(router.read().unwrap());
    router.record_metrics();
    let scrape = Scrape::of("listed");
    let mut recorded = BTreeSet::new();
    for series in &scrape.series {
        let metric = metrics::all().find(|metric| queries::is_of(&series.name, metric));
        let metric = metric.unwrap_or_else(|| panic!("`{}` is not listed", series.name));
        recorded.insert(metric.name);
        assert_eq!(scrape.kinds[metric.name], kind(metric), "{}", metric.name);
        let labels = series.labels.keys().map(String::as_str);
        let labels: BTreeSet<_> = labels.filter(|label| *label != "le").collect();
        let mut listed: BTreeSet<_> = metric.labels.iter().copied().collect();
        listed.remove("router");
        assert_eq!(labels, listed, "{}", metric.name);
    }
    let missing: Vec<_> = metrics::all()
        .map(|metric| metric.name)
        .filter(|name| !recorded.contains(name))
        .collect();
    assert_eq!(
        missing,
        [
            // Where positions are known, a breaker is, or an event has been.
            "diesel_routing_shed_reads_total",
            "diesel_routing_node_lag_bytes",
            "diesel_routing_node_lag_transactions",
            "diesel_routing_breaker_signal",
            "diesel_routing_events_total",
        ]
    );
}

#[test]
fn the_dashboard_asks_for_metrics_and_labels_that_there_are() {
    let text = read("dashboard.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let mut queries: Vec<_> = targets
        .map(|target| {
            let legend = target["legendFormat"].as_str().unwrap_or_default();
            Query::new(target["expr"].as_str().unwrap(), legend)
        })
        .collect();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables = variables.iter().filter_map(|variable| {
        let query = variable["query"]["query"].as_str()?;
        let (expr, label) = query.strip_prefix("label_values(")?.rsplit_once(',')?;
        let label = label.trim().strip_suffix(')')?;
        Some(Query::new(expr, &format!("{{{{{label}}}}}")))
    });
    queries.extend(variables);
    assert!(queries.len() > 20, "{}", queries.len());
    queries.iter().for_each(Query::check);
    for (index, panel) in panels.iter().enumerate() {
        assert!(panel["title"].is_string(), "panel {index} has no title");
    }
}

#[test]
fn the_alert_rules_ask_for_metrics_and_labels_that_there_are() {
    let documents = yaml_rust2::YamlLoader::load_from_str(&read("alerts.yml")).unwrap();
    let groups = documents[0]["groups"].as_vec().unwrap();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_vec().unwrap());
    let mut names = BTreeSet::new();
    let words = read("metrics.md");
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        assert!(words.contains(name), "metrics.md does not tell of {name}");
        let annotations = &rule["annotations"];
        let summary = annotations["summary"].as_str().unwrap();
        let remedy = annotations["description"].as_str().unwrap();
        let labels = format!("{summary} {remedy}")
            .replace("{{ $labels.", "{{")
            .replace(" }}", "}}");
        Query::new(rule["expr"].as_str().unwrap(), &labels).check();
        assert!(rule["labels"]["severity"].as_str().is_some(), "{name}");
    }
    assert!(names.len() >= 10, "{names:?}");
}
