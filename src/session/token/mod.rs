//! The session token: a session's state as a short signed text.

mod codec;
mod histories;
mod keys;
mod millis;
mod rejection;
mod signed;
mod state;

#[cfg(test)]
mod samples;

pub(crate) use histories::{highest_floor, is_newer};
pub use keys::{KeyError, TokenKeys};
pub(crate) use millis::Millis;
pub use rejection::Rejection;
pub use signed::SignedToken;
pub use state::Token;
