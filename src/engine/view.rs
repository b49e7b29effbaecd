//! `View`: what clones of a session share.

use std::sync::Arc;

use super::{Options, Routes};
use crate::session::SessionState;

/// A session, and what this view of it asks for; `R` is the router that it reads and writes through.
#[derive(Clone)]
pub(crate) struct View<R> {
    pub(crate) router: R,
    pub(crate) state: Arc<SessionState>,
    pub(crate) options: Options,
    /// The counts of its connections, if they are needed.
    pub(crate) routes: Option<Arc<Routes>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A router is a pointer to what it shares, and one to the tag that its reads ask for.
    type Router = (Arc<()>, Option<Arc<()>>);

    /// A service may keep a session for each user who is there.
    #[test]
    fn a_session_takes_as_little_memory_as_documented() {
        /// What a shared value counts its owners with.
        const OWNERS: usize = 2 * size_of::<usize>();
        assert_eq!(size_of::<Router>(), size_of::<crate::pg::Router>());
        let view = size_of::<View<Router>>() + OWNERS;
        let state = size_of::<SessionState>() + OWNERS;
        assert_eq!(
            (view, state, SessionState::PAST),
            (64, 160, 120),
            "the view, what its clones share, and what is added by a write"
        );
    }
}
