//! Prometheus's queries, held against the list of metrics.

use std::collections::BTreeSet;

use diesel_routing::metrics::{self, Kind, Metric};
use promql_parser::parser::{self, Expr, LabelModifier, VectorSelector};

/// Labels that Prometheus adds, and that dashboards may ask for.
const PROMETHEUSS: [&str; 3] = ["instance", "job", "le"];

/// A query, and the words that are shown with what it finds.
pub(crate) struct Query {
    text: String,
    words: String,
}

impl Query {
    pub(crate) fn new(text: &str, words: &str) -> Self {
        Self {
            text: text.to_owned(),
            words: words.to_owned(),
        }
    }

    /// Checks that it is well-formed, and that the metrics and labels that it names are there.
    pub(crate) fn check(&self) {
        // Grafana's own variables stand for a time, or for a pattern.
        let text = self.text.replace("$__rate_interval", "5m");
        let expr = parser::parse(&text);
        let expr = expr.unwrap_or_else(|why| panic!("`{text}`: {why}"));
        let mut found = Found::default();
        found.look(&expr);
        assert!(!found.known.is_empty(), "`{text}` asks for nothing");
        let shown = self.words.split("{{").skip(1);
        let shown = shown.filter_map(|rest| rest.split_once("}}"));
        found
            .grouped
            .extend(shown.map(|(label, _)| label.trim().to_owned()));
        for label in &found.grouped {
            let is_known = found.known.contains(label.as_str())
                || PROMETHEUSS.contains(&label.as_str())
                || label.starts_with('$');
            assert!(is_known, "`{text}` has no label `{label}`");
        }
    }
}

/// What a query names.
#[derive(Default)]
struct Found {
    /// The labels of the metrics that it asks for.
    known: BTreeSet<&'static str>,
    /// The labels that it groups by, or shows.
    grouped: BTreeSet<String>,
}

impl Found {
    fn look(&mut self, expr: &Expr) {
        match expr {
            Expr::Aggregate(aggregate) => {
                if let Some(modifier) = &aggregate.modifier {
                    self.group(modifier);
                }
                self.look(&aggregate.expr);
                aggregate.param.iter().for_each(|param| self.look(param));
            }
            Expr::Unary(unary) => self.look(&unary.expr),
            Expr::Binary(binary) => {
                self.look(&binary.lhs);
                self.look(&binary.rhs);
                let matching = binary.modifier.as_ref();
                if let Some(matching) = matching.and_then(|modifier| modifier.matching.as_ref()) {
                    self.group(matching);
                }
            }
            Expr::Paren(paren) => self.look(&paren.expr),
            Expr::Subquery(query) => self.look(&query.expr),
            Expr::VectorSelector(selector) => self.select(selector),
            Expr::MatrixSelector(selector) => self.select(&selector.vs),
            Expr::Call(call) => call.args.args.iter().for_each(|arg| self.look(arg)),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }

    fn group(&mut self, modifier: &LabelModifier) {
        self.grouped
            .extend(modifier.labels().labels.iter().cloned());
    }

    fn select(&mut self, selector: &VectorSelector) {
        let name = selector.name.as_deref().expect("a metric's name");
        let metric = metrics::all().find(|metric| is_of(name, metric));
        let metric = metric.unwrap_or_else(|| panic!("there is no metric `{name}`"));
        assert_ne!(
            (metric.kind, metric.name),
            (Kind::Histogram, name),
            "a histogram is asked for by its buckets, count or sum"
        );
        self.known.extend(metric.labels);
        for matcher in &selector.matchers.matchers {
            let label = matcher.name.as_str();
            let is_known = metric.labels.contains(&label) || PROMETHEUSS.contains(&label);
            assert!(is_known, "`{name}` has no label `{label}`");
        }
    }
}

/// Returns whether a series with this name is of the metric.
pub(crate) fn is_of(series: &str, metric: &Metric) -> bool {
    let rest = series.strip_prefix(metric.name);
    match metric.kind {
        Kind::Histogram => matches!(rest, Some("_bucket" | "_count" | "_sum")),
        _ => rest == Some(""),
    }
}
