//! `TokenParts`: a token's text taken apart, for people to look at.

use super::codec::{self, format};
use super::envelope::{self, Envelope, TAG};
use super::state::Token;
use crate::error::Rejection;

/// A token's text taken apart without a key, to look at: in a bug report, a log, a browser's cookies.
///
/// **It proves nothing.** Anybody can write such a text, with any key's id and any positions, so nothing may be decided by it:
/// who must know that a service signed it calls [`TokenKeys::verify`](crate::TokenKeys::verify), which gives the token that a
/// session may continue with. The command `diesel-routing token` shows these parts.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// use diesel_routing::{Rejection, Token, TokenKeys, TokenParts};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let now = SystemTime::now();
/// let token = Token::new(now + Duration::from_secs(600)).wrote_at_unknown_position(now);
/// let forged = TokenKeys::new(1, [9; 32])?.sign(&token);
///
/// // It reads like any other; only a key tells.
/// let parts = TokenParts::read(forged.as_str())?;
/// assert_eq!((parts.version(), parts.key_id()), (2, 1));
/// assert_eq!(parts.unverified(), &token);
/// let ours = TokenKeys::new(1, [7; 32])?;
/// assert_eq!(ours.verify(forged.as_str(), now), Err(Rejection::BadSignature));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenParts {
    version: u8,
    key_id: u8,
    content_len: usize,
    token: Token,
}

impl TokenParts {
    /// The bytes of the signature.
    pub const SIGNATURE_LEN: usize = TAG;

    /// Takes a text apart, whoever signed it, and whether or not it has expired.
    ///
    /// Any text is safe to pass, of any length; the cost is bounded.
    ///
    /// # Errors
    ///
    /// [`Rejection::TooLong`], [`Rejection::Malformed`], and [`Rejection::UnknownVersion`] for a later version of the format.
    pub fn read(text: &str) -> Result<Self, Rejection> {
        let mut buffer = envelope::buffer();
        let envelope = Envelope::read(text, &mut buffer)?;
        let format = format(envelope.version).ok_or(Rejection::UnknownVersion)?;
        let token = codec::decode(envelope.content, format).ok_or(Rejection::Malformed)?;
        Ok(Self {
            version: envelope.version,
            key_id: envelope.key,
            content_len: envelope.content.len(),
            token,
        })
    }

    /// Returns the version of the format.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Returns the id of the key that the text says it was signed with.
    #[must_use]
    pub fn key_id(&self) -> u8 {
        self.key_id
    }

    /// Returns the bytes of the content: all but the version, the key's id and the signature.
    #[must_use]
    pub fn content_len(&self) -> usize {
        self.content_len
    }

    /// Returns the token that the text says it is. Nobody has verified that.
    pub fn unverified(&self) -> &Token {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::keys::TokenKeys;
    use super::super::samples::tokens;
    use super::*;

    proptest! {
        #[test]
        fn what_was_signed_is_read_without_a_key(token in tokens(), id: u8) {
            let text = TokenKeys::new(id, [7; 32]).unwrap().sign(&token).to_string();
            let parts = TokenParts::read(&text).unwrap();
            prop_assert_eq!(parts.unverified(), &*token.fitted());
            prop_assert_eq!((parts.version(), parts.key_id()), (2, id));
            // base64url: four letters for three bytes, without padding.
            let bytes = 2 + parts.content_len() + TokenParts::SIGNATURE_LEN;
            prop_assert_eq!((bytes * 4).div_ceil(3), text.len());
        }

        #[test]
        fn what_a_key_accepts_reads_the_same_without_it(text in "[A-Za-z0-9_-]{0,80}") {
            let parts = TokenParts::read(&text);
            prop_assert!(parts.is_ok() || matches!(parts, Err(Rejection::Malformed | Rejection::UnknownVersion)));
        }
    }

    #[test]
    fn other_texts_are_refused_as_they_are_with_a_key() {
        for (text, rejection) in [
            ("", Rejection::Malformed),
            ("not a token", Rejection::Malformed),
            ("AgE", Rejection::Malformed),
            (&"A".repeat(257), Rejection::TooLong),
            (&"A".repeat(40), Rejection::UnknownVersion),
        ] {
            assert_eq!(TokenParts::read(text), Err(rejection), "{text}");
        }
    }
}
