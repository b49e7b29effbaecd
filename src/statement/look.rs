//! `Look`: what was seen of a statement that is about to run.

use crate::statement::verdict::{Reach, Trace};

/// The findings about a statement that is about to run.
#[derive(Debug)]
pub(crate) struct Look {
    /// The changes that it may make, if any.
    pub(crate) reach: Option<Reach>,
    pub(crate) trace: Trace,
    /// Its SQL, if that was rendered.
    pub(crate) sql: Option<String>,
}

impl Look {
    /// That of Diesel's own writes.
    pub(super) const WRITE: Self = Self {
        reach: Some(Reach::Atomic),
        trace: Trace::NONE,
        sql: None,
    };
}
