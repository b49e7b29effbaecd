//! The ways to run a query: executed, a statement is classified by its own type; loaded, by the type of the
//! query it becomes.

/// A query run for the number of affected rows.
#[derive(Debug)]
pub struct Execute<Q>(pub(crate) Q);

/// A query run for its rows.
#[derive(Debug)]
pub struct Load<Q>(pub(crate) Q);
