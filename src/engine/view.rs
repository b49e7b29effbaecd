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
