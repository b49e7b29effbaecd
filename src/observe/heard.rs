//! What a subscriber hears on one thread.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::{Metadata, Subscriber, span};

use crate::mutex::lock;

/// Hears everything of this crate.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

/// Returns what is heard while a function runs, a line each.
pub(crate) fn during(run: impl FnOnce()) -> Vec<String> {
    let heard = Heard::default();
    tracing::subscriber::with_default(heard.clone(), run);
    std::mem::take(&mut *lock(&heard.0))
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
        let metadata = event.metadata();
        let (level, target, name) = (metadata.level(), metadata.target(), metadata.name());
        let mut fields = Fields(format!("{level} {target} {name}:"));
        event.record(&mut fields);
        lock(&self.0).push(fields.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
