//! Tokens for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::millis::Millis;
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

/// Returns PostgreSQL's token with every part, at its largest: the positions have nothing in common.
pub(super) fn largest() -> Token {
    let long_ago = millis(0);
    Token::new(millis((1 << 48) - 1))
        .wrote(at(u64::MAX, u32::MAX, u64::MAX), long_ago)
        .wrote_at_unknown_position(long_ago)
        .saw(at(0, u32::MAX - 1, u64::MAX >> 1))
}

/// Returns the token as the first version of the format has it.
pub(super) fn of_version_1(token: &Token) -> Vec<u8> {
    let mut bytes = vec![
        u8::from(token.required.is_some())
            | u8::from(token.unknown_since.is_some()) << 1
            | u8::from(token.floor.is_some()) << 2,
    ];
    let time = |time: Millis, to: &mut Vec<u8>| to.extend(&time.number().to_le_bytes()[..6]);
    let position = |position: &Position, to: &mut Vec<u8>| match position {
        Position::Postgres(at) => {
            to.push(1);
            to.extend(at.system.to_le_bytes());
            to.extend(at.timeline.to_le_bytes());
            to.extend(at.lsn.0.to_le_bytes());
        }
        Position::Galera(at) => {
            to.push(4);
            to.extend(at.history().to_le_bytes());
            to.extend(at.sequence.to_le_bytes());
        }
        // These are what they were.
        position => position.encode(to),
    };
    time(token.expires, &mut bytes);
    if let Some(write) = &token.required {
        position(&write.position, &mut bytes);
        time(write.at, &mut bytes);
    }
    if let Some(since) = token.unknown_since {
        time(since, &mut bytes);
    }
    if let Some(floor) = &token.floor {
        position(floor, &mut bytes);
    }
    bytes
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
