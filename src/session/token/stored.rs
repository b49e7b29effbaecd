//! Tokens as bytes, for stores that only a service of one's own writes to.

#[cfg(feature = "edge")]
use std::time::Duration;

use super::codec;
use super::rejection::Rejection;
use super::state::Token;

/// The encoding's version that this release writes, and the only one it reads.
const VERSION: u8 = 1;

/// The maximum difference between two clock readings that count as equal. Chosen: well above what passes
/// between the readings for one request, and well below the shortest sensible window.
#[cfg(feature = "edge")]
const ROUGHLY: Duration = Duration::from_millis(10);

impl Token {
    /// Encodes the token for a [store](crate::edge::TokenStore) that only services of one's own write to:
    /// in at most 175 bytes, unsigned. Sign tokens that pass through other hands, with
    /// [`TokenKeys`](crate::TokenKeys). [`SignedToken`](crate::SignedToken) documents the format.
    ///
    /// Equal tokens have equal bytes, so a store may write with a compare-and-set on the bytes it read. As in a
    /// signed text, a GTID set that is too long counts as a write at an unknown position.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        codec::encode(&self.fitted(), &mut bytes);
        bytes
    }

    /// Decodes the bytes that [`to_bytes`](Self::to_bytes) made.
    ///
    /// # Errors
    ///
    /// Returns [`Rejection::UnknownVersion`] for a later release's bytes; [`Rejection::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Rejection> {
        let (&version, content) = bytes.split_first().ok_or(Rejection::Malformed)?;
        if version != VERSION {
            return Err(Rejection::UnknownVersion);
        }
        codec::decode(content).ok_or(Rejection::Malformed)
    }

    /// Returns whether it has the requirements of `other`, whatever the expiry. Times of unknown positions are
    /// compared roughly, because they come from two clocks.
    #[cfg(feature = "edge")]
    pub(crate) fn same_requirements(&self, other: &Self) -> bool {
        let (one, other) = (self.fitted(), other.fitted());
        one.required() == other.required()
            && one.floor == other.floor
            && match (one.unknown_since(), other.unknown_since()) {
                (Some(one), Some(other)) => one <= other + ROUGHLY,
                (one, other) => one == other,
            }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{largest, tokens};
    use super::*;

    #[test]
    fn the_largest_of_postgresql_has_62_bytes() {
        assert_eq!(largest().to_bytes().len(), 62);
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [&b""[..], b"\x01", b"\x01garbage", b"garbage", &[1; 200]] {
            assert!(Token::from_bytes(bytes).is_err(), "{bytes:?}");
        }
        let mut longer = largest().to_bytes();
        longer.push(0);
        assert_eq!(Token::from_bytes(&longer), Err(Rejection::Malformed));
        longer[0] = 2;
        assert_eq!(Token::from_bytes(&longer), Err(Rejection::UnknownVersion));
    }

    proptest! {
        #[test]
        fn bytes_stand_for_one_token(token in tokens(), bytes: Vec<u8>) {
            let stored = token.to_bytes();
            prop_assert!(stored.len() <= 175);
            prop_assert_eq!(Token::from_bytes(&stored), Ok(token.fitted().into_owned()));
            if let Ok(token) = Token::from_bytes(&bytes) {
                prop_assert_eq!(token.to_bytes(), bytes);
            }
        }
    }
}
