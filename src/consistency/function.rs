//! What an annotated function asks of a router.

use std::time::Duration;

use crate::routing::Level;

/// What `#[consistency(..)]` says of a function, known while the program is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    pub(crate) path: &'static str,
    pub(crate) level: Level,
    pub(crate) wait: Option<Duration>,
    pub(crate) class: Option<&'static str>,
    pub(crate) is_untracked: bool,
}

impl Function {
    /// A function with this path, at this level.
    #[must_use]
    pub const fn new(path: &'static str, level: Level) -> Self {
        Self {
            path,
            level,
            wait: None,
            class: None,
            is_untracked: false,
        }
    }

    /// Its reads may wait this long for a replica to catch up.
    #[must_use]
    pub const fn waiting(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// It belongs to this [class](crate::Class).
    #[must_use]
    pub const fn of_class(mut self, class: &'static str) -> Self {
        self.class = Some(class);
        self
    }

    /// Its writes leave no mark in the session.
    #[must_use]
    pub const fn untracked(mut self) -> Self {
        self.is_untracked = true;
        self
    }

    /// The function's path, `crate::module::name`, or the name it was given.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Its level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }
}
