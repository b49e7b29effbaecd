//! Tokens as bytes, for stores that only a service of one's own writes to.

#[cfg(feature = "edge")]
use std::time::Duration;

use super::codec::{self, VERSION, format};
use super::state::Token;
use crate::error::Rejection;

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

    /// Decodes the bytes that [`to_bytes`](Self::to_bytes) made, in this version of the format or the one before.
    ///
    /// # Errors
    ///
    /// Returns [`Rejection::UnknownVersion`] for a later version's bytes; [`Rejection::Malformed`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Rejection> {
        let (&version, content) = bytes.split_first().ok_or(Rejection::Malformed)?;
        let format = format(version).ok_or(Rejection::UnknownVersion)?;
        codec::decode(content, format).ok_or(Rejection::Malformed)
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

    use super::super::samples::{largest, of_version_1, tokens};
    use super::*;

    #[test]
    fn the_largest_of_postgresql_has_72_bytes() {
        assert_eq!(largest().to_bytes().len(), 72);
    }

    #[test]
    fn the_version_before_is_read() {
        let bytes = [&[1], &of_version_1(&largest())[..]].concat();
        assert_eq!(Token::from_bytes(&bytes), Ok(largest()));
    }

    #[test]
    fn other_bytes_are_refused() {
        for bytes in [&b""[..], b"\x01", b"\x01garbage", b"garbage", &[1; 200]] {
            assert!(Token::from_bytes(bytes).is_err(), "{bytes:?}");
        }
        let mut longer = largest().to_bytes();
        longer.push(0);
        assert_eq!(Token::from_bytes(&longer), Err(Rejection::Malformed));
        longer[0] = 3;
        assert_eq!(Token::from_bytes(&longer), Err(Rejection::UnknownVersion));
    }

    proptest! {
        #[test]
        fn bytes_stand_for_one_token(token in tokens(), bytes: Vec<u8>) {
            let stored = token.to_bytes();
            prop_assert!(stored.len() <= 175);
            prop_assert_eq!(Token::from_bytes(&stored), Ok(token.fitted().into_owned()));
            if let Ok(token) = Token::from_bytes(&bytes) {
                prop_assert!(bytes[0] == 1 || token.to_bytes() == bytes);
            }
        }
    }
}
