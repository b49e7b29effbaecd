//! The requirements of an annotated function.

use std::time::Duration;

use crate::routing::{Level, Otherwise, Target};

/// The arguments of a function's `#[consistency(..)]`, known at compile time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    pub(crate) path: &'static str,
    pub(crate) level: Level,
    pub(crate) wait: Option<Duration>,
    pub(crate) class: Option<&'static str>,
    pub(crate) on: Option<Target<'static>>,
    pub(crate) is_untracked: bool,
}

impl Function {
    /// Creates the description of the function with this path, at this level.
    #[must_use]
    pub const fn new(path: &'static str, level: Level) -> Self {
        Self {
            path,
            level,
            wait: None,
            class: None,
            on: None,
            is_untracked: false,
        }
    }

    /// Sets how long its reads may wait for a replica to catch up.
    #[must_use]
    pub const fn waiting(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// Sets the [class](crate::Class) that the function belongs to.
    #[must_use]
    pub const fn of_class(mut self, class: &'static str) -> Self {
        self.class = Some(class);
        self
    }

    /// Sets the [tag](crate::Node::tag) of the replicas that its reads ask for; others serve what none of them may.
    #[must_use]
    pub const fn on(mut self, tag: &'static str) -> Self {
        self.on = Some(Target {
            name: tag,
            otherwise: Otherwise::AnyReplica,
        });
        self
    }

    /// Lets the primary serve what no replica with the tag may: see [`Tag::or_primary`](crate::Tag::or_primary).
    #[must_use]
    pub const fn or_primary(self) -> Self {
        self.otherwise(Otherwise::Primary)
    }

    /// Makes it fail where no replica with the tag may serve: see [`Tag::or_fail`](crate::Tag::or_fail).
    #[must_use]
    pub const fn or_fail(self) -> Self {
        self.otherwise(Otherwise::Fail)
    }

    const fn otherwise(mut self, otherwise: Otherwise) -> Self {
        if let Some(on) = &mut self.on {
            on.otherwise = otherwise;
        }
        self
    }

    /// Leaves its writes out of the session: later reads need not observe them.
    #[must_use]
    pub const fn untracked(mut self) -> Self {
        self.is_untracked = true;
        self
    }

    /// Returns the function's path, `crate::module::name`, or the name it was given.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns its level.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }
}
