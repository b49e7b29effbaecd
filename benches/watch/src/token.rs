//! Session tokens.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use diesel_routing::{Lsn, PgPosition, Position, Token, TokenKeys};

use crate::path::repeat;
use crate::support::{Outcome, Steps};

const SECRET: [u8; 32] = [7; 32];

/// Returns keys, and the token of a session that has written and read, at a time that is always the same.
pub(crate) fn keys_and_token() -> Outcome<(TokenKeys, Token, SystemTime)> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let position = |lsn| Position::from(PgPosition::new(7_300_000_000_000_000_000, 1, Lsn(lsn)));
    let token = Token::new(now + Duration::from_secs(600))
        .wrote(position(0x0012_3456_7890), now)
        .saw(position(0x0012_3456_7890));
    Ok((TokenKeys::new(1, SECRET)?, token, now))
}

pub(crate) fn sign() -> Outcome<Steps> {
    let (keys, token, _) = keys_and_token()?;
    Ok(repeat(move || {
        drop(black_box(keys.sign(black_box(&token))));
        Ok(())
    }))
}

pub(crate) fn verify() -> Outcome<Steps> {
    let (keys, token, now) = keys_and_token()?;
    let text = keys.sign(&token).to_string();
    Ok(repeat(move || {
        drop(black_box(keys.verify(black_box(&text), now)?));
        Ok(())
    }))
}
