//! `Heard`: the lines of the query log, and the spans of statements, on one thread.

#![allow(dead_code, reason = "not every suite asks for all of it")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber, span};

/// Fields with their values as text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(pub(crate) BTreeMap<String, String>);

impl Fields {
    /// Returns the value of a field; nothing, if it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.get("db.routing.elapsed_seconds").parse().unwrap()
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

/// A line of the log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) fields: Fields,
    /// The span that it was written in, by its number.
    pub(crate) span: Option<usize>,
}

/// A span.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spanned {
    pub(crate) fields: Fields,
    pub(crate) depth: i32,
    pub(crate) entered: u32,
}

#[derive(Debug, Default)]
struct Inner {
    lines: Vec<Line>,
    spans: Vec<Spanned>,
    inside: Vec<usize>,
}

/// What was heard. Statements that a router asks by itself are heard too, if they are logged.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    inner: Arc<Mutex<Inner>>,
    least: Level,
}

impl Heard {
    /// Listens for as long as the guard lives, to levels as severe as this one.
    pub(crate) fn listen(least: Level) -> (Self, tracing::subscriber::DefaultGuard) {
        let heard = Self {
            inner: Arc::default(),
            least,
        };
        let guard = tracing::subscriber::set_default(heard.clone());
        (heard, guard)
    }

    /// Takes the lines so far.
    pub(crate) fn lines(&self) -> Vec<Line> {
        std::mem::take(&mut self.inner.lock().unwrap().lines)
    }

    /// Takes the only line so far.
    pub(crate) fn line(&self) -> Line {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.into_iter().next().unwrap()
    }

    pub(crate) fn spans(&self) -> Vec<Spanned> {
        self.inner.lock().unwrap().spans.clone()
    }
}

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let targets = ["diesel_routing::query", "diesel_routing::statement"];
        targets.contains(&metadata.target()) && *metadata.level() <= self.least
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut spanned = Spanned::default();
        attributes.record(&mut spanned.fields);
        let mut inner = self.inner.lock().unwrap();
        inner.spans.push(spanned);
        span::Id::from_u64(inner.spans.len() as u64)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let mut inner = self.inner.lock().unwrap();
        let span = &mut inner.spans[index(id)];
        values.record(&mut span.fields);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut inner = self.inner.lock().unwrap();
        let span = inner.inside.last().copied();
        let level = *event.metadata().level();
        inner.lines.push(Line {
            level,
            fields,
            span,
        });
    }

    fn enter(&self, id: &span::Id) {
        let mut inner = self.inner.lock().unwrap();
        let span = &mut inner.spans[index(id)];
        span.depth += 1;
        span.entered += 1;
        inner.inside.push(index(id));
    }

    fn exit(&self, id: &span::Id) {
        let mut inner = self.inner.lock().unwrap();
        inner.spans[index(id)].depth -= 1;
        inner.inside.retain(|inside| *inside != index(id));
    }
}

fn index(id: &span::Id) -> usize {
    usize::try_from(id.into_u64()).unwrap() - 1
}
