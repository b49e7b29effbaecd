//! The settings that may change while a router runs.

use std::time::Duration;

use crate::consistency::Class;
use crate::error::ConfigError;
use crate::protection::{Breaker, Window};
use crate::query_log::{Observed, QueryLog};
use crate::routing::{Balancing, Mode, ReplicaShare};

/// The settings that may change while a router runs. Part of what decisions read, and replaced as a whole: no decision mixes two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Live {
    /// The time for which reads go to the primary after a write at an unknown position.
    pub(crate) window: Window,
    /// The breaker; `None` if there is none.
    pub(crate) breaker: Option<Breaker>,
    /// The lag past which a replica serves nothing.
    pub(crate) max_lag: Duration,
    /// The longest wait of reads for a fresher replica.
    pub(crate) wait: Duration,
    pub(crate) balance: Balancing,
    /// The mode: how much of the routing is in force.
    pub(crate) mode: Mode,
    /// The share of sessions that may use replicas; classes may have less.
    pub(crate) replica_share: ReplicaShare,
    pub(crate) classes: Vec<(String, Class)>,
    /// The log of statements; `None` if there is none.
    pub(crate) query_log: Option<QueryLog>,
    /// Set if each statement has a span.
    pub(crate) statement_spans: bool,
    /// The rules of edges that have none by code.
    #[cfg(all(feature = "config", feature = "edge"))]
    pub(crate) rules: Option<std::sync::Arc<crate::edge::ConfiguredRules>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            window: Window::default(),
            breaker: None,
            max_lag: Duration::from_secs(60),
            wait: Duration::ZERO,
            balance: Balancing::default(),
            mode: Mode::default(),
            replica_share: ReplicaShare::ALL,
            classes: Vec::new(),
            query_log: None,
            statement_spans: false,
            #[cfg(all(feature = "config", feature = "edge"))]
            rules: None,
        }
    }
}

impl Live {
    /// Returns the rules of edges that have none by code.
    #[cfg(feature = "edge")]
    pub(crate) fn edge_rules(&self) -> Option<&crate::edge::Rules> {
        #[cfg(feature = "config")]
        return self.rules.as_ref().map(|rules| rules.compiled());
        #[cfg(not(feature = "config"))]
        None
    }

    /// Returns what is recorded of statements.
    pub(crate) fn observed(&self) -> Observed {
        Observed {
            log: self.query_log,
            spans: self.statement_spans,
        }
    }

    /// Sets the class with this name, in place of an earlier one.
    pub(crate) fn set_class(&mut self, name: String, class: Class) {
        self.classes.retain(|(known, _)| *known != name);
        self.classes.push((name, class));
    }

    /// Checks that the settings make sense, as far as each goes.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.balance.check()?;
        self.window.check()?;
        if let Some(breaker) = &self.breaker {
            breaker.check()?;
        }
        if let Some(log) = &self.query_log {
            log.check()?;
        }
        let mut classes = self.classes.iter();
        classes.try_for_each(|(name, class)| class.check(name))
    }

    /// Returns the error of whoever names a class that is not there: a function, if it is one.
    pub(crate) fn no_such_class(&self, class: &str, function: Option<&'static str>) -> ConfigError {
        let known = self.classes.iter().map(|(name, _)| name.clone());
        ConfigError::NoSuchClass {
            class: class.to_owned(),
            function,
            known: known.collect(),
        }
    }

    /// Returns the classes that have less than all sessions, with their shares in percent.
    pub(crate) fn class_shares(&self) -> Vec<(String, u8)> {
        let shares = self
            .classes
            .iter()
            .map(|(name, class)| (name, class.share()));
        let less = shares.filter(|(_, share)| *share < ReplicaShare::ALL);
        less.map(|(name, share)| (name.clone(), share.percent()))
            .collect()
    }

    /// Returns what is in force of the class with this name.
    pub(crate) fn class(&self, name: &str) -> Option<Class> {
        let class = self.classes.iter().find(|(known, _)| known == name);
        class.map(|(_, class)| class.under(self.mode))
    }
}
