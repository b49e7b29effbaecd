//! The session token: a session's state as a short signed text.

mod codec;
mod keys;
mod millis;
mod signed;
mod state;
mod stored;

#[cfg(test)]
mod samples;

pub use keys::TokenKeys;
pub(crate) use millis::Millis;
pub use signed::SignedToken;
pub use state::Token;
