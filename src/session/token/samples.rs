//! Tokens for tests.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;

use super::state::Token;
use crate::position::{
    GaleraPosition, Gtid, Lsn, MariaDbPosition, MySqlPosition, PgPosition, Position, Source,
};

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
        option((positions(), times()).boxed()),
        prop::option::of(times()),
        prop::option::of(positions()),
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

/// Generates positions, often near others.
pub(super) fn positions() -> impl Strategy<Value = Position> {
    prop_oneof![
        3 => of_postgres().boxed(),
        2 => of_mariadb().boxed(),
        2 => of_mysql().boxed(),
        1 => of_galera().boxed(),
    ]
}

fn of_mariadb() -> impl Strategy<Value = Position> {
    let gtid = (numbers(), numbers(), numbers()).prop_map(|(domain, server, sequence)| {
        let id = |number| u32::try_from(number % (1 << 32)).unwrap();
        Gtid::new(id(domain), id(server), sequence)
    });
    prop::collection::vec(gtid, 0..12)
        .prop_map(|gtids| Position::MariaDb(MariaDbPosition::new(gtids)))
}

fn of_mysql() -> impl Strategy<Value = Position> {
    let source =
        (0..4_u128, "|a|_b2", 1..9_u64, 0..4_u64).prop_map(|(uuid, tag, first, more)| Source {
            uuid: uuid << 96,
            tag: tag.into(),
            intervals: [(first, first + more)].into(),
        });
    prop::collection::vec(source, 0..12)
        .prop_map(|sources| Position::MySql(MySqlPosition::of_sources(sources).unwrap()))
}

fn of_galera() -> impl Strategy<Value = Position> {
    (0..3_u128, numbers())
        .prop_map(|(history, sequence)| Position::Galera(GaleraPosition::new(history, sequence)))
}

fn numbers() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..4u64, 1 => any::<u64>()]
}

fn of_postgres() -> impl Strategy<Value = Position> {
    (
        prop_oneof![4 => 1..3u64, 1 => any::<u64>()],
        prop_oneof![4 => 1..4u32, 1 => any::<u32>()],
        prop_oneof![4 => 1..4u64, 1 => any::<u64>()],
    )
        .prop_map(|(system, timeline, lsn)| at(system, timeline, lsn))
}

fn times() -> impl Strategy<Value = SystemTime> {
    prop_oneof![4 => 0..5u64, 1 => 0..1u64 << 48].prop_map(millis)
}
