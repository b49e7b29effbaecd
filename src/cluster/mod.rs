//! What a router knows of its nodes, whatever the flavour of its connections.

mod node;
mod shared;

pub use node::Node;
pub(crate) use node::validate;
pub(crate) use shared::{Settings, Shared};

/// Index of the primary among the nodes.
pub(crate) const PRIMARY: usize = 0;
