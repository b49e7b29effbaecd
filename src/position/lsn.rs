//! PostgreSQL's log sequence numbers.

use std::fmt;
use std::str::FromStr;

/// A byte offset in PostgreSQL's write-ahead log, written `16/B374D848`: the high and the low 32 bits,
/// in hexadecimal.
///
/// # Example
///
/// ```
/// use diesel_routing::Lsn;
///
/// let lsn: Lsn = "16/B374D848".parse()?;
/// assert_eq!(lsn, Lsn(0x16_B374_D848));
/// // A page's header is no record.
/// assert_eq!(Lsn(8192 + 24).end_of_record(8192, 16 << 20), Lsn(8192));
/// # Ok::<(), diesel_routing::ParseLsnError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Lsn(pub u64);

impl Lsn {
    /// Returns the end of the last WAL record before this insert position.
    ///
    /// When a record ends exactly on a page, `pg_current_wal_insert_lsn()` already points behind the
    /// next page's header, while replay stops at the boundary: on an idle primary no standby would
    /// reach it. The header is 24 bytes, and 40 on the first page of a segment (PostgreSQL's
    /// `SizeOfXLogShortPHD` and `SizeOfXLogLongPHD`).
    #[must_use]
    pub fn end_of_record(self, page: u64, segment: u64) -> Self {
        const PAGE_HEADER: u64 = 24;
        const SEGMENT_HEADER: u64 = 40;
        if segment > SEGMENT_HEADER && self.0 % segment == SEGMENT_HEADER {
            Self(self.0 - SEGMENT_HEADER)
        } else if page > PAGE_HEADER && self.0 % page == PAGE_HEADER {
            Self(self.0 - PAGE_HEADER)
        } else {
            self
        }
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = ParseLsnError;

    fn from_str(text: &str) -> Result<Self, ParseLsnError> {
        let (high, low) = text.split_once('/').ok_or(ParseLsnError(()))?;
        Ok(Self(half(high)? << 32 | half(low)?))
    }
}

/// Parses one half as PostgreSQL does: one to eight hexadecimal digits, and nothing else.
fn half(digits: &str) -> Result<u64, ParseLsnError> {
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(ParseLsnError(()));
    }
    u64::from_str_radix(digits, 16).map_err(|_| ParseLsnError(()))
}

/// The error for a text that is not a log sequence number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a log sequence number: it is two hexadecimal numbers of up to 8 digits, like `16/B374D848`"
)]
pub struct ParseLsnError(());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_prints_and_parses_postgresqls_notation() {
        for (text, value) in [
            ("0/0", 0),
            ("0/302D480", 0x302_D480),
            ("16/B374D848", 0x16_B374_D848),
            ("FFFFFFFF/FFFFFFFF", u64::MAX),
        ] {
            assert_eq!(text.parse(), Ok(Lsn(value)));
            assert_eq!(Lsn(value).to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "/",
            "0",
            "0/",
            "/0",
            "0/0/0",
            "g/0",
            "+1/0",
            " 0/0",
            "0/123456789",
            "0x1/0",
        ] {
            assert!(text.parse::<Lsn>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_insert_position_behind_a_page_header_is_the_boundary() {
        let (page, segment) = (8192, 16 << 20);
        let end = |lsn| Lsn(lsn).end_of_record(page, segment).0;
        assert_eq!(end(3 * 8192 + 24), 3 * 8192);
        assert_eq!(end((2 << 24) + 40), 2 << 24);
        // A record that starts a page ends past the header, so nothing is subtracted.
        assert_eq!(end(3 * 8192 + 25), 3 * 8192 + 25);
        assert_eq!(end(3 * 8192), 3 * 8192);
        // The first page of a segment has the long header only.
        assert_eq!(end(3 * 8192 + 40), 3 * 8192 + 40);
    }
}
