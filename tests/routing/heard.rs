//! What this process's routers say, to whoever listens: watchers and pools have threads of their own. Nodes have names of their
//! own, too, by which tests tell their own.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

/// What is heard of nodes whose names contain a text.
pub(crate) struct Heard {
    name: String,
    log: Log,
}

#[derive(Clone, Default)]
struct Log(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// A line for each event and each span that is closed: its level, its name and its fields.
    lines: Mutex<Vec<String>>,
    spans: Mutex<HashMap<u64, (usize, String)>>,
    last: AtomicU64,
}

impl Heard {
    /// Listens from now on, if nobody did before.
    pub(crate) fn of(name: &str) -> Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            tracing::subscriber::set_global_default(log.clone()).unwrap();
            log
        });
        Self {
            name: name.to_owned(),
            log: LOG.clone(),
        }
    }

    /// Returns the lines with this beginning that mention one of the nodes.
    pub(crate) fn lines(&self, beginning: &str) -> Vec<String> {
        let lines = self.log.0.lines.lock().unwrap();
        let lines = lines.iter().filter(|line| line.starts_with(beginning));
        let lines = lines.filter(|line| line.contains(&self.name));
        lines.cloned().collect()
    }

    /// Returns the lines with this beginning that have this text, whatever node they are of.
    pub(crate) fn lines_with(&self, beginning: &str, text: &str) -> Vec<String> {
        let lines = self.log.0.lines.lock().unwrap();
        let lines = lines.iter().filter(|line| line.starts_with(beginning));
        let lines = lines.filter(|line| line.contains(text));
        lines.cloned().collect()
    }

    /// Returns the first such line, which may come late.
    pub(crate) fn first(&self, beginning: &str) -> String {
        let since = Instant::now();
        loop {
            if let Some(line) = self.lines(beginning).into_iter().next() {
                return line;
            }
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "no {beginning}: {:#?}",
                self.lines("")
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Checks that operators were told this of the nodes, from `INFO` on, and no more: levels and names.
    #[track_caller]
    pub(crate) fn assert_events(&self, expected: &[&str]) {
        let events = self.lines("");
        let events = events
            .iter()
            .filter(|line| line.contains(" event=") && !line.starts_with("DEBUG"));
        let shown = events.map(|line| line.split(':').next().unwrap().to_owned());
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown, expected, "{:#?}", self.lines(""));
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("diesel_routing")
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let metadata = event.metadata();
        let mut fields = Fields(format!("{} {}:", metadata.level(), metadata.name()));
        event.record(&mut fields);
        self.0.lines.lock().unwrap().push(fields.0);
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let metadata = attributes.metadata();
        let mut fields = Fields(format!("{} {}:", metadata.level(), metadata.name()));
        attributes.record(&mut fields);
        let id = self.0.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.spans.lock().unwrap().insert(id, (1, fields.0));
        span::Id::from_u64(id)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let mut spans = self.0.spans.lock().unwrap();
        let (_, text) = spans.get_mut(&id.into_u64()).unwrap();
        let mut fields = Fields(std::mem::take(text));
        values.record(&mut fields);
        *text = fields.0;
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        let mut spans = self.0.spans.lock().unwrap();
        spans.get_mut(&id.into_u64()).unwrap().0 += 1;
        id.clone()
    }

    fn try_close(&self, id: span::Id) -> bool {
        let mut spans = self.0.spans.lock().unwrap();
        let (references, _) = spans.get_mut(&id.into_u64()).unwrap();
        *references -= 1;
        if *references > 0 {
            return false;
        }
        let (_, text) = spans.remove(&id.into_u64()).unwrap();
        self.0.lines.lock().unwrap().push(text);
        true
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
