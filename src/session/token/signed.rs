//! `SignedToken`: a token as text.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::Rejection;

/// A token as text: for a cookie, a header or a job's payload.
///
/// [`TokenKeys::sign`](crate::TokenKeys::sign) makes it. A text that was parsed or deserialised (feature
/// `serde`: from a string) has only the form of a token until
/// [`TokenKeys::verify`](crate::TokenKeys::verify) accepts it.
///
/// The text is signed, not encrypted: its holder can read the cluster's system identifier and the
/// position in its log. It is not a credential: all it can do is send reads to fresher nodes.
///
/// # Format
///
/// base64url without padding (RFC 4648, section 5) of these bytes. Numbers marked \* are LEB128: seven bits a byte, the
/// lowest first, and the high bit says that more follow; in as few bytes as possible.
///
/// | bytes | content |
/// |---|---|
/// | 1 | version of the format: 2 |
/// | 1 | id of the key |
/// | 1 | flags: 1 required position, 2 unknown position, 4 floor, 8 the floor is the required position; others are refused |
/// | \* | time of expiry: milliseconds since 1970, rounded up |
/// | position + \* | if flagged: required position, time of its last write |
/// | \* | if flagged: time of the last write of unknown position |
/// | position | if flagged, and not the required position: floor |
/// | 16 | signature: the first half of HMAC-SHA256 over `diesel-routing session token`, a zero byte, and all bytes above |
///
/// Times of writes are the milliseconds from there to the expiry, modulo 2^48. Half of the hash is the least that RFC 2104
/// (section 5) recommends to keep; it is HMAC-SHA-256-128 of RFC 4868.
/// [`Token::to_bytes`](crate::Token::to_bytes) writes the version, then the bytes from the flags to the floor.
///
/// A position is its kind (1 byte), then:
///
/// | kind | content |
/// |---|---|
/// | 1 PostgreSQL | system identifier (8 bytes, little-endian), timeline\*, LSN\* |
/// | 2 MariaDB | number of GTIDs\*; for each: domain\*, server\*, sequence\* |
/// | 3 MySQL | number of sources\*; for each: UUID (16 bytes), length of the tag\*, tag, number of intervals\*; for each interval: first\* as the distance from the interval before (at first from 0), last\* as the distance from first |
/// | 4 Galera | UUID of the history (16 bytes), sequence\* |
///
/// A floor beside a required position is the number of bytes that it shares with that at the start\*, as many as there are;
/// of the rest, the number that it shares at the end\*; the number of bytes between\*, and these. GTIDs are sorted by domain and
/// server, sources by UUID and tag, intervals by number; neighbouring intervals are joined. So equal tokens have equal
/// bytes, and other encodings are refused.
///
/// GTID sets have no maximum length. If the text would be too long, the floor is joined with the required
/// position; if it still is, both become a write of unknown position.
///
/// Letters of tokens that live for an hour, with positions as after years of work (an LSN of 42 bits, numbers from 1 to 1.2
/// billion); a floor that differs lies 10,000 ahead:
///
/// | token of a session that | PostgreSQL | MariaDB | MySQL | MySQL, two servers wrote | Galera |
/// |---|---|---|---|---|---|
/// | did nothing | 34 | 34 | 34 | 34 | 34 |
/// | read | 55 | 46 | 68 | 100 | 63 |
/// | wrote | 60 | 51 | 74 | 106 | 68 |
/// | wrote, and read there | 60 | 51 | 74 | 106 | 68 |
/// | wrote, and read further on | 67 | 58 | 80 | 112 | 75 |
///
/// # Version 1
///
/// Tokens of version 1 are read as well, and no longer written. There, times have 6 bytes, a timeline 4, an LSN and Galera's
/// sequence 8, all little-endian; times of writes are milliseconds since 1970, and a floor is a whole position. Releases
/// that write version 1 know no other: they reject these tokens as [`Rejection::UnknownVersion`], and serve the request as
/// if none had come. Until all of them are gone, a user's reads there may be older than what they wrote here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[must_use = "the session is remembered only if its client gets this"]
pub struct SignedToken(String);

impl SignedToken {
    /// The maximum length of a token's text, in this and in later versions of the format; longer
    /// texts are refused unread. Chosen: small beside the 4096 bytes that browsers keep of a cookie (RFC
    /// 6265, section 6.1).
    pub const MAX_LEN: usize = 256;

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl AsRef<str> for SignedToken {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<SignedToken> for String {
    fn from(token: SignedToken) -> Self {
        token.0
    }
}

/// Accepts every text that has the form of a token, without verifying its signature.
impl FromStr for SignedToken {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<Self, Rejection> {
        if text.len() > Self::MAX_LEN {
            return Err(Rejection::TooLong);
        }
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || !text.bytes().all(is_base64url) {
            return Err(Rejection::Malformed);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(feature = "serde")]
mod serialized {
    use serde::de::{Error, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{SignedToken, fmt};

    impl Serialize for SignedToken {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(&self.0)
        }
    }

    impl<'de> Deserialize<'de> for SignedToken {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_str(Text)
        }
    }

    struct Text;

    impl Visitor<'_> for Text {
        type Value = SignedToken;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a session token: up to 256 letters of base64url")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<SignedToken, E> {
            text.parse().map_err(E::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_a_token_parses_and_prints() {
        let token: SignedToken = "AZaz09-_".parse().unwrap();
        assert_eq!(token.to_string(), "AZaz09-_");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "a b", "a=", "a+b", "a/b", "ä", "a;b"] {
            assert_eq!(
                text.parse::<SignedToken>(),
                Err(Rejection::Malformed),
                "{text}"
            );
        }
        let longest = "a".repeat(SignedToken::MAX_LEN);
        assert!(longest.parse::<SignedToken>().is_ok());
        assert_eq!(
            (longest + "a").parse::<SignedToken>(),
            Err(Rejection::TooLong)
        );
    }

    #[cfg(feature = "serde")]
    #[test]
    fn it_travels_as_a_string_and_is_checked_on_arrival() {
        use serde::de::value::{Error, StrDeserializer};
        use serde::de::{Deserialize, IntoDeserializer};
        use serde::ser::Serialize;

        struct Shown(SignedToken);
        impl fmt::Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.serialize(f)
            }
        }
        let parsed = |text| {
            let from: StrDeserializer<'_, Error> = IntoDeserializer::into_deserializer(text);
            SignedToken::deserialize(from)
        };

        let token: SignedToken = "AZaz09-_".parse().unwrap();
        assert_eq!(Shown(token.clone()).to_string(), "AZaz09-_");
        assert_eq!(parsed("AZaz09-_"), Ok(token));
        assert!(parsed("a b").is_err());
        assert!(parsed(&"a".repeat(257)).is_err());
    }
}
