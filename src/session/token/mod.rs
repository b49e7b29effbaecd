//! The session token: a session's state as a short signed text.

mod codec;
mod envelope;
mod keys;
mod millis;
mod parts;
mod signed;
mod state;
mod stored;

#[cfg(test)]
mod samples;

pub use keys::TokenKeys;
pub(crate) use millis::Millis;
pub use parts::TokenParts;
pub use signed::SignedToken;
pub use state::Token;
