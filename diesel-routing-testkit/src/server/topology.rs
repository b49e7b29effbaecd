use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The primary, and which node follows which, as far as the kit was asked to change it.
#[derive(Debug)]
pub(crate) struct Topology {
    primary: AtomicUsize,
    upstreams: Mutex<Vec<Option<usize>>>,
}

impl Topology {
    /// Begins with node 0 as the primary, which nobody follows.
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            primary: AtomicUsize::new(0),
            upstreams: Mutex::new(vec![None; nodes]),
        }
    }

    pub(crate) fn primary(&self) -> usize {
        self.primary.load(Ordering::Acquire)
    }

    pub(crate) fn follow(&self, node: usize, upstream: usize) {
        self.set(node, Some(upstream));
    }

    pub(crate) fn promoted(&self, node: usize) {
        self.set(node, None);
        self.primary.store(node, Ordering::Release);
    }

    /// Returns whether what `upstream` writes or receives reaches `node`, directly or through others.
    pub(crate) fn is_fed_by(&self, node: usize, upstream: usize) -> bool {
        let upstreams = self
            .upstreams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let above = |&node: &usize| upstreams.get(node).copied().flatten();
        // A loop can't be built, but a bound costs nothing.
        std::iter::successors(above(&node), above)
            .take(upstreams.len())
            .any(|at| at == upstream)
    }

    fn set(&self, node: usize, upstream: Option<usize>) {
        let mut upstreams = self
            .upstreams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = upstreams.get_mut(node) {
            *slot = upstream;
        }
    }
}
