//! `Finding`: something that is wrong, and what to do about it.

mod rule;

pub(crate) use rule::{Report, Rule, Servers};

use clap::ValueEnum;
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Good to know.
    Note,
    /// It will hurt some day, or already does at times.
    Warning,
    /// Reads or writes fail, or are wrong, or no replica can be used.
    Error,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    pub(crate) severity: Severity,
    /// The nodes that it is about; none if it is about all of them.
    pub(crate) nodes: Vec<String>,
    pub(crate) problem: String,
    /// The evidence: names, and values.
    pub(crate) evidence: Vec<(String, String)>,
    pub(crate) remedy: String,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Finding {
    /// Adds what was seen.
    pub(crate) fn saw(&mut self, what: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.evidence.push((what.into(), value.into()));
        self
    }

    /// Makes it as bad as this, where it is not as bad as others of its code, or worse.
    pub(crate) fn of_severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }
}
