//! The record of a router's configuration: what was changed last, when, and by whom.

use std::sync::Mutex;
use std::time::SystemTime;

use super::Shared;
#[cfg(feature = "config")]
use crate::config::{NodeChange, WhatChanged};
use crate::mutex::lock;
use crate::observe::Event;

/// The state of a router's configuration, in [`Status`](crate::Status).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ConfigurationStatus {
    /// Its version: 1 as the router was built, and one more with each change.
    pub version: u64,
    /// The time of the last change, or of the start.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::time"))]
    pub changed_at: SystemTime,
    /// The author of the last change, a person or a program, if that was said.
    pub by: Option<String>,
    /// The last change, in words.
    pub changes: Vec<String>,
    /// The reason why a later change was refused, which has changed nothing.
    pub problem: Option<String>,
}

/// The record of a router's configuration.
#[derive(Debug)]
pub(crate) struct Record(Mutex<ConfigurationStatus>);

impl Record {
    /// Starts with the configuration that the router was built with.
    pub(crate) fn new() -> Self {
        Self(Mutex::new(ConfigurationStatus {
            version: 1,
            changed_at: SystemTime::now(),
            by: None,
            changes: Vec::new(),
            problem: None,
        }))
    }

    pub(crate) fn status(&self) -> ConfigurationStatus {
        lock(&self.0).clone()
    }
}

/// The author of changes that nobody says who makes.
pub(super) const CODE: &str = "code";

/// A change, in words, and what it is about.
#[derive(Debug)]
pub(crate) struct Changed {
    about: About,
    words: String,
}

#[derive(Debug)]
enum About {
    Mode,
    Setting,
    #[cfg(feature = "config")]
    Node {
        node: String,
        what: WhatChanged,
    },
}

impl Changed {
    /// Returns the change of a key.
    pub(crate) fn of_key(key: &str, words: String) -> Self {
        let about = if key == "mode" {
            About::Mode
        } else {
            About::Setting
        };
        Self { about, words }
    }

    /// Returns the change of a node.
    #[cfg(feature = "config")]
    pub(crate) fn of_node(change: &NodeChange) -> Self {
        Self {
            words: change.to_string(),
            about: About::Node {
                node: change.node.clone(),
                what: change.what.clone(),
            },
        }
    }

    fn tell(&self, version: u64, by: &str) {
        let change = &self.words;
        let event = match &self.about {
            About::Mode => Event::ModeSwitched {
                version,
                by,
                change,
            },
            #[cfg(feature = "config")]
            About::Node { node, what } => match what {
                WhatChanged::Added => Event::NodeAdded { node, by },
                WhatChanged::Removed => Event::NodeRemoved { node, by },
                WhatChanged::Replaced => Event::NodeReplaced { node, by },
                WhatChanged::Adjusted { .. } => Event::ConfigurationChanged {
                    version,
                    by,
                    change,
                },
            },
            About::Setting => Event::ConfigurationChanged {
                version,
                by,
                change,
            },
        };
        event.emit();
    }
}

impl Shared {
    /// Records a change of the settings, and returns the version from now on.
    pub(crate) fn configuration_changed(&self, by: Option<&str>, changes: &[Changed]) -> u64 {
        let mut status = lock(&self.configuration.0);
        *status = ConfigurationStatus {
            version: status.version + 1,
            changed_at: SystemTime::now(),
            by: by.map(str::to_owned),
            changes: changes.iter().map(|change| change.words.clone()).collect(),
            problem: None,
        };
        let version = status.version;
        drop(status);
        for change in changes {
            change.tell(version, by.unwrap_or(CODE));
        }
        version
    }

    /// Records that a change was refused.
    #[cfg(feature = "config")]
    pub(crate) fn configuration_refused(&self, by: Option<&str>, problem: &str) {
        let mut status = lock(&self.configuration.0);
        // Whoever tries again and again is not to fill the log.
        if status.problem.as_deref() == Some(problem) {
            return;
        }
        status.problem = Some(problem.to_owned());
        drop(status);
        Event::ConfigurationRefused {
            by: by.unwrap_or(CODE),
            why: problem,
        }
        .emit();
    }

    /// Records that the present configuration is what was asked for, and returns its version.
    #[cfg(feature = "config")]
    pub(crate) fn configuration_stands(&self) -> u64 {
        let mut status = lock(&self.configuration.0);
        status.problem = None;
        status.version
    }
}
