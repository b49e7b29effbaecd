//! The level that a caller requests in `X-DB-Consistency`.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use crate::routing::Level;

/// The header's name.
pub(crate) const HEADER: &str = "x-db-consistency";

/// Returns the level requested in these headers: `None` without one, an error for several or an invalid one.
pub(crate) fn requested_level(headers: &HeaderMap) -> Option<Result<Level, Invalid>> {
    let mut values = headers.get_all(HEADER).iter();
    let value = values.next()?;
    Some(match (level(value), values.next()) {
        (Some(level), None) => Ok(level),
        _ => Err(Invalid),
    })
}

/// An invalid request, which is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invalid;

fn level(value: &HeaderValue) -> Option<Level> {
    let value = value.to_str().ok()?.to_ascii_lowercase();
    let (word, lag) = match value.split_once('=') {
        Some((word, lag)) => (word, Some(duration(lag)?)),
        None => (value.as_str(), None),
    };
    // Callers request how fresh reads are.
    Level::of_word(word, lag).filter(|level| *level != Level::Write)
}

/// Parses `250ms` or `2s`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let number = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Option<Result<Level, Invalid>> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        requested_level(&headers)
    }

    #[test]
    fn the_four_levels_are_read() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[b"STRONG"]), Some(Ok(Level::Strong)));
        assert_eq!(read(&[b"session"]), Some(Ok(Level::Session)));
        assert_eq!(read(&[b"Eventual"]), Some(Ok(Level::Eventual)));
        let bound = Duration::from_millis(250);
        assert_eq!(read(&[b"BOUNDED=250ms"]), Some(Ok(Level::Bounded(bound))));
        let bound = Duration::from_secs(2);
        assert_eq!(read(&[b"bounded=2s"]), Some(Ok(Level::Bounded(bound))));
    }

    #[test]
    fn anything_else_is_invalid() {
        for value in [
            &b""[..],
            b"WRITE",
            b"STRONG, EVENTUAL",
            b"STRONG;",
            b"BOUNDED",
            b"BOUNDED=",
            b"BOUNDED=ms",
            b"STRONG=1ms",
            b"BOUNDED=-1ms",
            b"BOUNDED=1",
            b"BOUNDED=1m",
            b"BOUNDED=99999999999999999999s",
            b"\xff\xfe",
            b"BOUNDED=1\xffms",
        ] {
            assert_eq!(read(&[value]), Some(Err(Invalid)), "{value:?}");
        }
        assert_eq!(read(&[b"STRONG", b"STRONG"]), Some(Err(Invalid)));
        assert_eq!(read(&[b"EVENTUAL", b"STRONG"]), Some(Err(Invalid)));
    }
}
