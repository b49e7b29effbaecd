//! The part of an edge that its clones share, behind one pointer: every request clones it a few times.

use std::sync::Arc;

use super::{Counts, Outage, Settings, StoreBreaker};
use crate::observe::AtMost;

/// The shared part of an edge; `R` is the flavour's router, `S` its kind of store.
pub(crate) struct Inner<R, S: ?Sized> {
    pub(crate) router: R,
    pub(crate) settings: Settings,
    pub(crate) store: Option<Arc<S>>,
    // Shared with edges of other settings, too.
    pub(crate) counts: Arc<Counts>,
    pub(crate) outage: Arc<Outage>,
    pub(crate) breaker: Arc<StoreBreaker>,
    pub(crate) said: Arc<Said>,
}

/// The limits on logging what may happen with each request.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) failed_loads: AtMost,
    pub(crate) late_writes: AtMost,
}

impl<R, S: ?Sized> Inner<R, S> {
    pub(crate) fn new(router: R) -> Self {
        Self {
            router,
            settings: Settings::default(),
            store: None,
            counts: Arc::default(),
            outage: Arc::default(),
            breaker: Arc::default(),
            said: Arc::default(),
        }
    }
}

impl<R: Clone, S: ?Sized> Clone for Inner<R, S> {
    fn clone(&self) -> Self {
        Self {
            router: self.router.clone(),
            settings: self.settings.clone(),
            store: self.store.clone(),
            counts: Arc::clone(&self.counts),
            outage: Arc::clone(&self.outage),
            breaker: Arc::clone(&self.breaker),
            said: Arc::clone(&self.said),
        }
    }
}
