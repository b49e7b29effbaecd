//! The settings that may change while a router runs.

use std::time::Duration;

use crate::consistency::Class;
use crate::routing::Balancing;

/// The settings that may change while a router runs. Part of what decisions read, and replaced as a whole: no decision mixes two.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Live {
    /// The time for which reads go to the primary after a write at an unknown position.
    pub(crate) window: Duration,
    /// The lag past which a replica serves nothing.
    pub(crate) max_lag: Duration,
    /// The longest wait of reads for a fresher replica.
    pub(crate) wait: Duration,
    pub(crate) balance: Balancing,
    pub(crate) classes: Vec<(String, Class)>,
    /// The rules of edges that have none by code.
    #[cfg(all(feature = "config", feature = "edge"))]
    pub(crate) rules: Option<std::sync::Arc<crate::edge::ConfiguredRules>>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            max_lag: Duration::from_secs(60),
            wait: Duration::ZERO,
            balance: Balancing::default(),
            classes: Vec::new(),
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

    /// Sets the class with this name, in place of an earlier one.
    pub(crate) fn set_class(&mut self, name: String, class: Class) {
        self.classes.retain(|(known, _)| *known != name);
        self.classes.push((name, class));
    }

    /// Returns the class with this name.
    pub(crate) fn class(&self, name: &str) -> Option<Class> {
        let class = self.classes.iter().find(|(known, _)| known == name);
        class.map(|(_, class)| *class)
    }
}
