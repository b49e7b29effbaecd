//! The record of a router's configuration: what was changed last, when, and by whom.

use std::sync::Mutex;
use std::time::SystemTime;

use super::Shared;
use crate::mutex::lock;

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
    /// Who or what made the last change, if that was said.
    pub by: Option<String>,
    /// The last change, in words.
    pub changes: Vec<String>,
    /// Why a later change was refused, which has changed nothing.
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

impl Shared {
    /// Records a change of the settings, and returns the version from now on.
    pub(crate) fn configuration_changed(&self, by: Option<&str>, changes: Vec<String>) -> u64 {
        let mut status = lock(&self.configuration.0);
        *status = ConfigurationStatus {
            version: status.version + 1,
            changed_at: SystemTime::now(),
            by: by.map(str::to_owned),
            changes,
            problem: None,
        };
        let by = by.unwrap_or("code");
        for change in &status.changes {
            tracing::info!(
                version = status.version,
                by,
                change,
                "the configuration changed"
            );
        }
        status.version
    }

    /// Records that a change was refused.
    #[cfg(feature = "config")]
    pub(crate) fn configuration_refused(&self, by: Option<&str>, problem: String) {
        let by = by.unwrap_or("code");
        let mut status = lock(&self.configuration.0);
        // Whoever tries again and again is not to fill the log.
        if status.problem.as_ref() != Some(&problem) {
            tracing::error!(
                by,
                problem,
                "a change of the configuration was refused; the present one stays"
            );
            status.problem = Some(problem);
        }
    }

    /// Records that the present configuration is what was asked for, and returns its version.
    #[cfg(feature = "config")]
    pub(crate) fn configuration_stands(&self) -> u64 {
        let mut status = lock(&self.configuration.0);
        status.problem = None;
        status.version
    }
}
