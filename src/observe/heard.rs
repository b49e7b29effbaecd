//! What a subscriber hears on one thread.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

use crate::mutex::lock;

/// Hears everything of this crate.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    /// The spans that are open: the references to each, and its fields.
    spans: HashMap<u64, (usize, String)>,
    last: u64,
}

/// Returns what is heard while a function runs, a line for each event and each span that is closed.
pub(crate) fn during(run: impl FnOnce()) -> Vec<String> {
    let heard = Heard::default();
    tracing::subscriber::with_default(heard.clone(), run);
    std::mem::take(&mut lock(&heard.0).lines)
}

fn head(metadata: &Metadata<'_>) -> String {
    let (level, target, name) = (metadata.level(), metadata.target(), metadata.name());
    format!("{level} {target} {name}:")
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").expect("written");
    }
}

impl Subscriber for Heard {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("diesel_routing")
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields(head(event.metadata()));
        event.record(&mut fields);
        lock(&self.0).lines.push(fields.0);
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let mut fields = Fields(head(attributes.metadata()));
        attributes.record(&mut fields);
        let mut state = lock(&self.0);
        state.last += 1;
        let id = state.last;
        state.spans.insert(id, (1, fields.0));
        span::Id::from_u64(id)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let mut state = lock(&self.0);
        let (_, text) = state.spans.get_mut(&id.into_u64()).expect("a span");
        let mut fields = Fields(std::mem::take(text));
        values.record(&mut fields);
        *text = fields.0;
    }

    fn clone_span(&self, id: &span::Id) -> span::Id {
        let mut state = lock(&self.0);
        state.spans.get_mut(&id.into_u64()).expect("a span").0 += 1;
        id.clone()
    }

    fn try_close(&self, id: span::Id) -> bool {
        let mut state = lock(&self.0);
        let (references, _) = state.spans.get_mut(&id.into_u64()).expect("a span");
        *references -= 1;
        if *references > 0 {
            return false;
        }
        let closed = state.spans.remove(&id.into_u64());
        state.lines.extend(closed.map(|(_, text)| text));
        true
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
