//! How a query is run: the same statement is classified by its type when executed, and by the
//! query it becomes when loaded.

/// Run for the number of affected rows.
#[derive(Debug)]
pub struct Execute<Q>(pub(crate) Q);

/// Run for its rows.
#[derive(Debug)]
pub struct Load<Q>(pub(crate) Q);
