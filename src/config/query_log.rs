//! `QueryLogConfig`: which statements are logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::HumanDuration;
use crate::error::ConfigError;
use crate::query_log::QueryLog;

/// The log of statements. Values are never in it, unless code has said so.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct QueryLogConfig {
    /// Whether there is a log. Left out, there is one if anything else is said of it, or code has set one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The share of the statements that are logged, from 0 to 1, beside slow ones and those that fail. Defaults to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample: Option<f64>,
    /// The time from which on a statement is slow, and always logged. Defaults to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slower_than: Option<HumanDuration>,
    /// Whether statements that open and close transactions are among them. Defaults to false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions: Option<bool>,
}

impl QueryLogConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match self.query_log(None).map_or(Ok(()), |log| log.check()) {
            Err(ConfigError::SampleShare { share }) => Err(ConfigError::setting(
                "query_log.sample",
                format!("it is {share}, and must be from 0 to 1"),
            )),
            checked => checked,
        }
    }

    /// Returns the log, with what is left out as in `before`.
    pub(crate) fn query_log(&self, before: Option<QueryLog>) -> Option<QueryLog> {
        let says_nothing = *self
            == Self {
                enabled: self.enabled,
                ..Self::default()
            };
        if self.enabled == Some(false) || (self.enabled.is_none() && says_nothing) {
            return before.filter(|_| self.enabled.is_none());
        }
        let mut log = before.unwrap_or_default();
        if let Some(share) = self.sample {
            log.sample = share;
        }
        if let Some(time) = self.slower_than {
            log.slower_than = Some(time.get());
        }
        if let Some(transactions) = self.transactions {
            log.transactions = transactions;
        }
        Some(log)
    }
}
