//! `Changes`: what a configuration has changed.

use std::fmt;

use crate::server::PoolKind;

/// The changes that a configuration has made to a running router, from `Router::apply`. Displayed in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Changes {
    /// The version of the router's configuration from now on: see `Status::configuration`.
    pub version: u64,
    /// The keys whose values changed.
    pub settings: Vec<KeyChange>,
    /// The nodes that changed.
    pub nodes: Vec<NodeChange>,
}

/// A key whose value changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct KeyChange {
    /// The key, such as `classes.payments.max_lag`.
    pub key: String,
    /// The value before; `None` if it was left out.
    pub from: Option<String>,
    /// The value now; `None` if it is left out.
    pub to: Option<String>,
    /// Set if the value has no effect, because code has set another after `RouterBuilder::config`.
    pub is_overridden: bool,
}

/// The change of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NodeChange {
    /// Its name.
    pub node: String,
    /// The change.
    pub what: WhatChanged,
}

/// The change of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum WhatChanged {
    /// It was added.
    Added,
    /// It was removed.
    Removed,
    /// It has another address, another secret or other limits for connecting: all its connections are new.
    Replaced,
    /// It has other settings, and these pools are new; the others keep their connections.
    Adjusted {
        /// The pools that are new.
        renewed: Vec<PoolKind>,
    },
}

impl Changes {
    /// Creates changes of which there are none.
    pub(crate) fn none(version: u64) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// Returns whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.nodes.is_empty()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for change in &self.settings {
            write!(f, "{separator}{change}")?;
            separator = "; ";
        }
        for change in &self.nodes {
            write!(f, "{separator}{change}")?;
            separator = "; ";
        }
        if separator.is_empty() {
            return f.write_str("nothing changed");
        }
        Ok(())
    }
}

impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "unset".to_owned());
        write!(
            f,
            "`{}`: {} -> {}",
            self.key,
            shown(&self.from),
            shown(&self.to)
        )?;
        if self.is_overridden {
            f.write_str(" (no effect: code sets another)")?;
        }
        Ok(())
    }
}

impl fmt::Display for NodeChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = &self.node;
        match &self.what {
            WhatChanged::Added => write!(f, "node `{node}` was added"),
            WhatChanged::Removed => write!(f, "node `{node}` was removed"),
            WhatChanged::Replaced => {
                write!(f, "node `{node}` was replaced: all its connections are new")
            }
            WhatChanged::Adjusted { renewed } if renewed.is_empty() => {
                write!(f, "node `{node}` was adjusted: it keeps its connections")
            }
            WhatChanged::Adjusted { renewed } => {
                let renewed: Vec<_> = renewed.iter().map(|pool| pool.as_str()).collect();
                write!(
                    f,
                    "node `{node}` was adjusted: new pools for {}",
                    renewed.join(", ")
                )
            }
        }
    }
}
