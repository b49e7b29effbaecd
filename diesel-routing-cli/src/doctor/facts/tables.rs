//! `Tables`: which tables of the application replicas have trouble with.

/// Tables that replicas have trouble with, and what tells schemas apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    /// PostgreSQL's unlogged tables, which standbys cannot read.
    pub(crate) unlogged: Vec<String>,
    /// MySQL's tables of engines without transactions.
    pub(crate) nontransactional: Vec<String>,
    /// MySQL's tables without a primary key.
    pub(crate) without_key: Vec<String>,
    /// SQLite's tables, with the statements that made them.
    pub(crate) schema: Option<Vec<String>>,
}
