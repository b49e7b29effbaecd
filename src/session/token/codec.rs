//! Encodes and decodes a token's content. [`SignedToken`](crate::SignedToken)'s documentation has the format.
//!
//! Each token has one encoding: times and PostgreSQL's positions have a fixed width, and the numbers in the
//! sets of other servers have as few bytes as possible.

use std::borrow::Cow;

use super::millis::Millis;
use super::state::{Token, Write};
use crate::position::{Input, Position};

/// The maximum bytes of a content: the 192 of the longest text, less 2 of the header and 16 of the signature.
pub(super) const MAX_CONTENT: usize = 174;

const HAS_REQUIRED: u8 = 1;
const HAS_UNKNOWN: u8 = 1 << 1;
const HAS_FLOOR: u8 = 1 << 2;

impl Token {
    /// Returns the token as it fits into a text. GTID sets have no maximum length: a floor that is too long beside
    /// the required position is joined with it, and if both are too long together, they become a write of unknown
    /// position.
    pub(super) fn fitted(&self) -> Cow<'_, Self> {
        if fits(self) {
            return Cow::Borrowed(self);
        }
        let mut fitted = self.clone();
        let floor = fitted.floor.take();
        // The time of the floor is unknown; the latest known time counts as the present.
        let last = self
            .required
            .as_ref()
            .map_or(self.expires, |write| write.at);
        fitted = fitted.join_required(floor.map(|position| Write { position, at: last }));
        if !fits(&fitted) {
            fitted.required = None;
            let since = if self.floor.is_some() {
                self.expires
            } else {
                last
            };
            fitted.unknown_since = fitted.unknown_since.max(Some(since));
        }
        Cow::Owned(fitted)
    }
}

pub(super) fn encode(token: &Token, to: &mut Vec<u8>) {
    let flag = |set, flag| if set { flag } else { 0 };
    to.push(
        flag(token.required.is_some(), HAS_REQUIRED)
            | flag(token.unknown_since.is_some(), HAS_UNKNOWN)
            | flag(token.floor.is_some(), HAS_FLOOR),
    );
    to.extend(token.expires.to_le_bytes());
    if let Some(Write { position, at }) = &token.required {
        position.encode(to);
        to.extend(at.to_le_bytes());
    }
    if let Some(since) = token.unknown_since {
        to.extend(since.to_le_bytes());
    }
    if let Some(floor) = &token.floor {
        floor.encode(to);
    }
}

/// Returns whether a token's content is short enough.
fn fits(token: &Token) -> bool {
    let mut bytes = Vec::with_capacity(MAX_CONTENT);
    encode(token, &mut bytes);
    bytes.len() <= MAX_CONTENT
}

/// Returns the token with this encoding; `None` if the bytes are not a token's.
pub(super) fn decode(content: &[u8]) -> Option<Token> {
    if content.len() > MAX_CONTENT {
        return None;
    }
    let mut input = Input::new(content);
    let [flags] = input.take()?;
    if flags & !(HAS_REQUIRED | HAS_UNKNOWN | HAS_FLOOR) != 0 {
        return None;
    }
    let mut token = Token {
        required: None,
        unknown_since: None,
        floor: None,
        expires: millis(&mut input)?,
    };
    if flags & HAS_REQUIRED != 0 {
        token.required = Some(Write {
            position: Position::decode(&mut input)?,
            at: millis(&mut input)?,
        });
    }
    if flags & HAS_UNKNOWN != 0 {
        token.unknown_since = Some(millis(&mut input)?);
    }
    if flags & HAS_FLOOR != 0 {
        token.floor = Some(Position::decode(&mut input)?);
    }
    // Only the encoding that `encode` produces is accepted: sorted, united, in the shortest form.
    let mut again = Vec::with_capacity(content.len());
    encode(&token, &mut again);
    (input.is_empty() && again == content).then_some(token)
}

fn millis(input: &mut Input<'_>) -> Option<Millis> {
    input.take().map(Millis::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{at, largest, millis, tokens};
    use super::*;
    use crate::position::GaleraPosition;

    fn encoded(token: &Token) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&token.fitted(), &mut bytes);
        bytes
    }

    #[test]
    fn two_positions_of_postgresql_fit() {
        assert!(fits(&largest()));
    }

    #[test]
    fn unknown_flags_and_kinds_are_refused() {
        let mut bytes = encoded(&largest());
        bytes[0] |= 1 << 3;
        assert_eq!(decode(&bytes), None);

        let mut bytes = encoded(&largest());
        let kind = 1 + Millis::BYTES;
        assert!(Position::TAGS.contains(&bytes[kind]));
        for unknown in (0..=u8::MAX).filter(|tag| !Position::TAGS.contains(tag)) {
            bytes[kind] = unknown;
            assert_eq!(decode(&bytes), None);
        }
    }

    #[test]
    fn each_kind_of_position_has_the_documented_bytes() {
        const UUID: [u8; 16] = 0x3e11_fa47_71ca_11e1_9e33_c80a_a942_9562_u128.to_le_bytes();
        let mysql = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7:blue:2";
        let postgres = [
            &[1][..],
            &0x1122_3344_5566_7788_u64.to_le_bytes(),
            &9_u32.to_le_bytes(),
            &0x302_D480_u64.to_le_bytes(),
        ];
        for (position, bytes) in [
            (at(0x1122_3344_5566_7788, 9, 0x302_D480), postgres.concat()),
            (
                Position::MariaDb("0-1-100,2-7-300".parse().unwrap()),
                vec![2, 2, 0, 1, 100, 2, 7, 0xAC, 2],
            ),
            (
                Position::MySql(mysql.parse().unwrap()),
                [
                    &[3, 2][..],
                    &UUID,
                    &[0, 2, 1, 4, 2, 0],
                    &UUID,
                    b"\x04blue\x01\x02\x00",
                ]
                .concat(),
            ),
            (
                Position::Galera(GaleraPosition::new(u128::from_le_bytes(UUID), 42)),
                [&[4][..], &UUID, &42_u64.to_le_bytes()].concat(),
            ),
        ] {
            let token = encoded(&Token::new(millis(0)).saw(position.clone()));
            assert_eq!(token[1 + Millis::BYTES..], bytes, "{position}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(token in tokens()) {
            prop_assert_eq!(decode(&encoded(&token)), Some(token.fitted().into_owned()));
        }

        #[test]
        fn what_is_fitted_asks_for_no_less(token in tokens()) {
            let fitted = token.fitted();
            prop_assert!(fits(&fitted));
            prop_assert_eq!(fitted.expires, token.expires);
            for position in [token.required(), token.floor()].into_iter().flatten() {
                let kept = [fitted.required(), fitted.floor()];
                let is_kept = kept.into_iter().flatten().any(|kept| kept.covers(&position));
                prop_assert!(is_kept || fitted.unknown_since().is_some());
            }
        }

        #[test]
        fn a_content_cut_short_is_refused(token in tokens(), at in any::<prop::sample::Index>()) {
            let bytes = encoded(&token);
            prop_assert_eq!(decode(&bytes[..at.index(bytes.len())]), None);
        }

        #[test]
        fn trailing_bytes_are_refused(token in tokens(), extra in prop::collection::vec(any::<u8>(), 1..9)) {
            let mut bytes = encoded(&token);
            bytes.extend(extra);
            prop_assert_eq!(decode(&bytes), None);
        }

        #[test]
        fn what_is_decoded_has_no_other_encoding(
            token in tokens(),
            changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
        ) {
            let mut bytes = encoded(&token);
            for (place, value) in changes {
                *place.get_mut(&mut bytes) = value;
            }
            if let Some(token) = decode(&bytes) {
                prop_assert_eq!(encoded(&token), bytes);
            }
        }

        #[test]
        fn bytes_from_anywhere_are_read_without_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            if let Some(token) = decode(&bytes) {
                prop_assert_eq!(encoded(&token), bytes);
            }
        }
    }
}
