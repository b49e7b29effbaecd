//! The bytes of a token's content. Its documentation is [`SignedToken`](crate::SignedToken)'s.
//!
//! Every field has a fixed width, so each token has one encoding, and each encoding one length.

use super::millis::Millis;
use super::state::{Token, Write};
use crate::position::{Lsn, PgPosition, Position};

/// The bytes of the longest content: the flags, the expiry, and all three marks.
pub(super) const MAX_CONTENT: usize =
    1 + Millis::BYTES + (POSITION + Millis::BYTES) + Millis::BYTES + POSITION;

/// The kind, the system identifier, the timeline, the LSN.
const POSITION: usize = 1 + 8 + 4 + 8;

const HAS_REQUIRED: u8 = 1;
const HAS_UNKNOWN: u8 = 1 << 1;
const HAS_FLOOR: u8 = 1 << 2;

const POSTGRES: u8 = 1;

pub(super) fn encode(token: &Token, to: &mut Vec<u8>) {
    let flag = |set, flag| if set { flag } else { 0 };
    to.push(
        flag(token.required.is_some(), HAS_REQUIRED)
            | flag(token.unknown_since.is_some(), HAS_UNKNOWN)
            | flag(token.floor.is_some(), HAS_FLOOR),
    );
    to.extend(token.expires.to_le_bytes());
    if let Some(Write { position, at }) = &token.required {
        encode_position(position, to);
        to.extend(at.to_le_bytes());
    }
    if let Some(since) = token.unknown_since {
        to.extend(since.to_le_bytes());
    }
    if let Some(floor) = &token.floor {
        encode_position(floor, to);
    }
}

fn encode_position(position: &Position, to: &mut Vec<u8>) {
    match position {
        Position::Postgres(PgPosition {
            system,
            timeline,
            lsn,
        }) => {
            to.push(POSTGRES);
            to.extend(system.to_le_bytes());
            to.extend(timeline.to_le_bytes());
            to.extend(lsn.0.to_le_bytes());
        }
    }
}

/// The token of which these bytes are the encoding; `None` if there is none.
pub(super) fn decode(content: &[u8]) -> Option<Token> {
    let mut input = Input(content);
    let [flags] = input.take()?;
    if flags & !(HAS_REQUIRED | HAS_UNKNOWN | HAS_FLOOR) != 0 {
        return None;
    }
    let mut token = Token {
        required: None,
        unknown_since: None,
        floor: None,
        expires: input.millis()?,
    };
    if flags & HAS_REQUIRED != 0 {
        token.required = Some(Write {
            position: input.position()?,
            at: input.millis()?,
        });
    }
    if flags & HAS_UNKNOWN != 0 {
        token.unknown_since = Some(input.millis()?);
    }
    if flags & HAS_FLOOR != 0 {
        token.floor = Some(input.position()?);
    }
    input.0.is_empty().then_some(token)
}

/// What has not been read yet.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn millis(&mut self) -> Option<Millis> {
        self.take().map(Millis::from_le_bytes)
    }

    fn position(&mut self) -> Option<Position> {
        if self.take()? != [POSTGRES] {
            return None;
        }
        let system = u64::from_le_bytes(self.take()?);
        let timeline = u32::from_le_bytes(self.take()?);
        let lsn = Lsn(u64::from_le_bytes(self.take()?));
        Some(Position::Postgres(PgPosition::new(system, timeline, lsn)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{largest, tokens};
    use super::*;

    fn encoded(token: &Token) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(token, &mut bytes);
        bytes
    }

    #[test]
    fn the_longest_content_is_as_long_as_said() {
        assert_eq!(encoded(&largest()).len(), MAX_CONTENT);
    }

    #[test]
    fn unknown_flags_and_kinds_are_refused() {
        let mut bytes = encoded(&largest());
        bytes[0] |= 1 << 3;
        assert_eq!(decode(&bytes), None);

        let mut bytes = encoded(&largest());
        let kind = 1 + Millis::BYTES;
        assert_eq!(bytes[kind], POSTGRES);
        bytes[kind] = 2;
        assert_eq!(decode(&bytes), None);
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(token in tokens()) {
            prop_assert_eq!(decode(&encoded(&token)), Some(token));
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
    }
}
