//! The URLs of a node's connections.

use std::borrow::Cow;

use super::Node;
use crate::connect::{database_of, with_database};
use crate::error::ConfigError;
use crate::server::PoolKind;

impl Node {
    /// Returns the URL that a pool's connections are opened with; a watcher's for `None`.
    pub(crate) fn url_of(&self, pool: Option<PoolKind>) -> &str {
        let own = pool.and_then(|pool| self.options(pool).url.as_deref());
        own.unwrap_or(&self.url)
    }

    /// Returns the URL that a pool's connections to this database are opened with; `None` is the one that it was given with.
    pub(crate) fn url_to(
        &self,
        database: Option<&str>,
        pool: Option<PoolKind>,
    ) -> Result<Cow<'_, str>, ConfigError> {
        let url = self.url_of(pool);
        let Some(database) = database else {
            return Ok(url.into());
        };
        let url = with_database(url, database).ok_or_else(|| ConfigError::DatabaseInUrl {
            node: self.name.clone(),
            database: database.to_owned(),
        });
        url.map(Cow::Owned)
    }

    /// Returns whether all its pools' URLs were given with this database.
    pub(crate) fn leads_to(&self, database: &str) -> bool {
        PoolKind::ALL
            .into_iter()
            .all(|pool| database_of(self.url_of(Some(pool))).is_some_and(|own| own == database))
    }
}
