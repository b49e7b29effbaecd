//! Tokens for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::state::Token;
use crate::position::{Lsn, PgPosition, Position};

/// Creates a PostgreSQL position.
pub(super) fn at(system: u64, timeline: u32, lsn: u64) -> Position {
    Position::Postgres(PgPosition::new(system, timeline, Lsn(lsn)))
}

/// Returns the time `millis` milliseconds after 1970.
pub(super) fn millis(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

/// Returns the token with every part, at its largest.
pub(super) fn largest() -> Token {
    let position = at(u64::MAX, u32::MAX, u64::MAX);
    let time = millis((1 << 48) - 1);
    Token::new(time)
        .wrote(position.clone(), time)
        .wrote_at_unknown_position(time)
        .saw(position)
}

/// Generates tokens, often of a few clusters, timelines, places and times, so that they meet.
pub(super) fn tokens() -> impl Strategy<Value = Token> {
    let option = prop::option::of::<BoxedStrategy<_>>;
    (
        times(),
        option((Position::samples(), times()).boxed()),
        prop::option::of(times()),
        prop::option::of(Position::samples()),
    )
        .prop_map(|(expires, wrote, unknown, saw)| {
            let mut token = Token::new(expires);
            if let Some((position, at)) = wrote {
                token = token.wrote(position, at);
            }
            if let Some(at) = unknown {
                token = token.wrote_at_unknown_position(at);
            }
            if let Some(position) = saw {
                token = token.saw(position);
            }
            token
        })
}

fn times() -> impl Strategy<Value = SystemTime> {
    prop_oneof![4 => 0..5u64, 1 => 0..1u64 << 48].prop_map(millis)
}
