//! `Plan`: what a builder has come to.

use std::sync::Arc;

use diesel_routing_sql::Dialect as Sql;

use super::{Flavour, Server, Settings, Shared};
use crate::cluster::Node;
use crate::error::ConfigError;

/// A configuration that makes sense.
pub(crate) struct Plan<C, F: Flavour<C>> {
    /// The language that all nodes speak.
    pub(crate) language: Sql,
    /// In the order of their indices.
    pub(crate) nodes: Vec<Node>,
    pub(crate) recipe: Recipe<F::Library, F::Hooks>,
}

/// The ingredients of the pools and the watcher of any node.
pub(crate) struct Recipe<L, H> {
    pub(crate) settings: Settings,
    pub(crate) library: L,
    pub(crate) hooks: H,
}

impl<C, F: Flavour<C>> Plan<C, F> {
    /// Returns the nodes to be met. A single database is met once.
    pub(crate) fn to_meet(&self) -> &[Node] {
        let count = if self.recipe.settings.single.is_some() {
            1
        } else {
            self.nodes.len()
        };
        self.nodes.get(..count).unwrap_or_default()
    }

    /// Checks that roles are stated, unless they are found out.
    pub(crate) fn check_roles(&self, watched: bool) -> Result<(), ConfigError> {
        match self.nodes.iter().find(|node| node.role.is_none()) {
            Some(node) if !watched => Err(ConfigError::NoRole {
                node: node.name.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns what all handles of the router share.
    pub(crate) fn shared(&self, server: Server) -> Arc<Shared> {
        Arc::new(Shared::new(&self.recipe.settings, &self.nodes, server))
    }
}
