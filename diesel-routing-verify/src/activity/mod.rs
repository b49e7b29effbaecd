//! What servers say of themselves and of what they run, asked past the subject.

mod others;
mod watch;

pub use others::{Others, others};
pub(crate) use watch::{Node, Watched, watch};
