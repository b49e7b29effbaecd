//! Encodes and decodes a token's content. [`SignedToken`](crate::SignedToken)'s documentation has the format.
//!
//! Each token has one encoding: numbers have as few bytes as possible, and what two positions share stands there once.

use std::borrow::Cow;
use std::ops::Range;

use super::millis::Millis;
use super::state::{Token, Write};
use crate::position::{Format, Input, Position, push_length, push_number};

/// The maximum bytes of a content: the 192 of the longest text, less 2 of the header and 16 of the signature.
pub(super) const MAX_CONTENT: usize = 174;

/// The format's version that this release writes.
pub(super) const VERSION: u8 = 2;

/// Returns the format of this version, if this release reads it.
pub(super) fn format(version: u8) -> Option<Format> {
    match version {
        1 => Some(Format::Fixed),
        VERSION => Some(Format::Short),
        _ => None,
    }
}

const HAS_REQUIRED: u8 = 1;
const HAS_UNKNOWN: u8 = 1 << 1;
const HAS_FLOOR: u8 = 1 << 2;
/// Set beside the flags of both positions if they are equal; then only the required one is written.
const SAME_FLOOR: u8 = 1 << 3;

impl Token {
    /// Returns whether all of it fits into a text.
    #[cfg(feature = "edge")]
    pub(crate) fn fits(&self) -> bool {
        fits(self)
    }

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
    let flags = to.len();
    to.push(
        flag(token.required.is_some(), HAS_REQUIRED)
            | flag(token.unknown_since.is_some(), HAS_UNKNOWN)
            | flag(token.floor.is_some(), HAS_FLOOR),
    );
    push_number(token.expires.number(), to);
    let start = to.len();
    if let Some(write) = &token.required {
        write.position.encode(to);
    }
    let required = start..to.len();
    if let Some(write) = &token.required {
        push_number(write.at.until(token.expires), to);
    }
    if let Some(since) = token.unknown_since {
        push_number(since.until(token.expires), to);
    }
    if let Some(floor) = &token.floor {
        let start = to.len();
        floor.encode(to);
        if to[start..] == to[required.clone()] {
            to[flags] |= SAME_FLOOR;
            to.truncate(start);
        } else if !required.is_empty() {
            shorten(to, start, required);
        }
    }
}

/// Replaces what the bytes from `start` on share with those at `base`, at the start and at the end, with its lengths;
/// and puts the length of the rest before that.
fn shorten(to: &mut Vec<u8>, start: usize, base: Range<usize>) {
    let (base, bytes) = (&to[base], &to[start..]);
    let equal = |(one, other): &(&u8, &u8)| one == other;
    let same = base.iter().zip(bytes).take_while(equal).count();
    let ends = base[same..].iter().rev().zip(bytes[same..].iter().rev());
    let same_end = ends.take_while(equal).count();
    let mut lengths = Vec::with_capacity(4);
    for length in [same, same_end, bytes.len() - same - same_end] {
        push_length(length, &mut lengths);
    }
    to.truncate(to.len() - same_end);
    to.splice(start..start + same, lengths);
}

/// Returns whether a token's content is short enough.
fn fits(token: &Token) -> bool {
    let mut bytes = Vec::with_capacity(MAX_CONTENT);
    encode(token, &mut bytes);
    bytes.len() <= MAX_CONTENT
}

/// Returns the token with this encoding; `None` if the bytes are not a token's.
pub(super) fn decode(content: &[u8], format: Format) -> Option<Token> {
    if content.len() > MAX_CONTENT {
        return None;
    }
    let mut input = Input::new(content, format);
    let [flags] = input.take()?;
    let known = match format {
        Format::Fixed => HAS_REQUIRED | HAS_UNKNOWN | HAS_FLOOR,
        Format::Short => HAS_REQUIRED | HAS_UNKNOWN | HAS_FLOOR | SAME_FLOOR,
    };
    if flags & !known != 0 {
        return None;
    }
    let has = |flag| flags & flag != 0;
    let expires = Millis::of_number(input.sized::<{ Millis::BYTES }>()?)?;
    let time = |input: &mut Input<'_>| {
        let number = input.sized::<{ Millis::BYTES }>()?;
        match format {
            Format::Fixed => Millis::of_number(number),
            Format::Short => expires.earlier(number),
        }
    };
    let mut token = Token {
        required: None,
        unknown_since: None,
        floor: None,
        expires,
    };
    let mut required: &[u8] = &[];
    if has(HAS_REQUIRED) {
        let before = input.rest();
        let position = Position::decode(&mut input)?;
        required = &before[..before.len() - input.rest().len()];
        let at = time(&mut input)?;
        token.required = Some(Write { position, at });
    }
    if has(HAS_UNKNOWN) {
        token.unknown_since = Some(time(&mut input)?);
    }
    if has(SAME_FLOOR) {
        token.floor = token.required();
    } else if has(HAS_FLOOR) {
        token.floor = Some(if format == Format::Short && has(HAS_REQUIRED) {
            different(&mut input, required)?
        } else {
            Position::decode(&mut input)?
        });
    }
    if !input.is_empty() {
        return None;
    }
    // Only the encoding that `encode` produces is accepted: sorted, united, in the shortest form. Nothing writes the
    // first format any more, so its texts need not be unique.
    let is_shortest = || {
        let mut again = Vec::with_capacity(content.len());
        encode(&token, &mut again);
        again == content
    };
    (format == Format::Fixed || is_shortest()).then_some(token)
}

/// Reads the position that [`shorten`] left.
fn different(input: &mut Input<'_>, base: &[u8]) -> Option<Position> {
    let (start, base) = base.split_at_checked(input.length()?)?;
    let (_, end) = base.split_at_checked(base.len().checked_sub(input.length()?)?)?;
    let length = input.length()?;
    let middle = input.bytes(length)?;
    let bytes = [start, middle, end].concat();
    let mut whole = Input::new(&bytes, Format::Short);
    Position::decode(&mut whole).filter(|_| whole.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{at, largest, millis, tokens};
    use super::*;
    use crate::position::GaleraPosition;

    /// Bytes of the latest expiry.
    const EXPIRY: usize = 7;

    fn encoded(token: &Token) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&token.fitted(), &mut bytes);
        bytes
    }

    fn decode(content: &[u8]) -> Option<Token> {
        super::decode(content, Format::Short)
    }

    #[test]
    fn two_positions_of_postgresql_fit() {
        assert!(fits(&largest()));
    }

    #[test]
    fn unknown_flags_and_kinds_are_refused() {
        let mut bytes = encoded(&largest());
        bytes[0] |= 1 << 4;
        assert_eq!(decode(&bytes), None);

        let mut bytes = encoded(&largest());
        let kind = 1 + EXPIRY;
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
            &[9, 0x80, 0xA9, 0x8B, 0x18],
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
                [&[4][..], &UUID, &[42]].concat(),
            ),
        ] {
            let token = encoded(&Token::new(millis(0)).saw(position.clone()));
            assert_eq!(token[2..], bytes, "{position}");
        }
    }

    fn postgres(lsn: u64) -> Token {
        Token::new(millis(100)).wrote(at(1, 2, lsn), millis(90))
    }

    #[test]
    fn what_two_positions_share_is_written_once() {
        let wrote = encoded(&postgres(0x1234_5678));
        let same = encoded(&postgres(0x1234_5678).saw(at(1, 2, 0x1234_5678)));
        assert_eq!(same[0], HAS_REQUIRED | HAS_FLOOR | SAME_FLOOR);
        assert_eq!(same[1..], wrote[1..]);
        let near = encoded(&postgres(0x1234_5678).saw(at(1, 2, 0x1234_5679)));
        // All but one byte: kind, system and timeline, then the rest of the number.
        assert_eq!(near[1..wrote.len()], wrote[1..]);
        assert_eq!(near[wrote.len()..], [10, 4, 1, 0xF9]);
    }

    #[test]
    fn what_is_shared_lies_inside_and_is_all() {
        let token = postgres(0x1234_5678).saw(at(1, 2, 0x1234_5679));
        let bytes = encoded(&token);
        let start = bytes.len() - 4;
        assert_eq!(decode(&bytes), Some(token));
        for difference in [
            // More than there is, in one part, in both, and beyond any length.
            &[16, 0, 0][..],
            &[11, 5, 0],
            &[0, 16, 0],
            &[10, 4, 2, 0xF9],
            &[
                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0,
            ],
            &[
                10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0,
            ],
            &[
                10, 4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0xF9,
            ],
            // The required position itself, and less than is shared.
            &[15, 0, 0],
            &[10, 5, 0],
            &[9, 4, 2, 2, 0xF9],
            &[10, 3, 2, 0xF9, 0xAC],
            // Lengths in more bytes than they need, no lengths, and more bytes than that.
            &[0x8A, 0, 4, 1, 0xF9],
            &[10, 4, 0x81, 0, 0xF9],
            &[10],
            &[],
            &[10, 4],
            &[10, 4, 1, 0xF9, 0x01],
            // A position that is one byte short, and one that goes on.
            &[10, 0, 1, 0xF9],
            &[10, 4, 3, 0xF9, 1, 1],
        ] {
            let bytes = [&bytes[..start], difference].concat();
            assert_eq!(decode(&bytes), None, "{difference:?}");
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
