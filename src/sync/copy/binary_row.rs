//! `BinaryRow`: a row in the binary format of `COPY`.

use std::io::{self, Read};
use std::num::NonZeroU32;
use std::ops::Range;

use diesel::pg::{Pg, PgValue};
use diesel::row::{Field, PartialRow, Row, RowIndex, RowSealed};

use super::rows::odd;

/// A row in the binary format of `COPY`, whose memory is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct BinaryRow {
    bytes: Vec<u8>,
    /// The place of each value; `None` for NULL.
    values: Vec<Option<Range<usize>>>,
}

impl BinaryRow {
    /// Reads a row of this many columns.
    pub(super) fn read(&mut self, reader: &mut impl Read, columns: u16) -> io::Result<()> {
        self.bytes.clear();
        self.values.clear();
        for _ in 0..columns {
            let mut length = [0; 4];
            reader.read_exact(&mut length)?;
            let length = i32::from_be_bytes(length);
            if length == -1 {
                self.values.push(None);
                continue;
            }
            let length = u64::try_from(length).map_err(|_| odd("a length is negative"))?;
            let start = self.bytes.len();
            // Takes no more memory than there are bytes.
            let count = reader.take(length).read_to_end(&mut self.bytes)?;
            if u64::try_from(count).ok() != Some(length) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.values.push(Some(start..self.bytes.len()));
        }
        Ok(())
    }
}

impl RowSealed for BinaryRow {}

impl RowIndex<usize> for BinaryRow {
    fn idx(&self, index: usize) -> Option<usize> {
        (index < self.values.len()).then_some(index)
    }
}

/// `COPY` sends no names.
impl RowIndex<&str> for BinaryRow {
    fn idx(&self, _: &str) -> Option<usize> {
        None
    }
}

impl<'a> Row<'a, Pg> for BinaryRow {
    type Field<'f>
        = BinaryField<'f>
    where
        'a: 'f,
        Self: 'f;
    type InnerPartialRow = Self;

    fn field_count(&self) -> usize {
        self.values.len()
    }

    fn get<'b, I>(&'b self, index: I) -> Option<BinaryField<'b>>
    where
        'a: 'b,
        Self: RowIndex<I>,
    {
        let value = self.values.get(self.idx(index)?)?;
        Some(BinaryField {
            bytes: value.clone().and_then(|range| self.bytes.get(range)),
        })
    }

    fn partial_row(&self, range: Range<usize>) -> PartialRow<'_, Self> {
        PartialRow::new(self, range)
    }
}

/// A value of a row.
#[derive(Debug)]
pub(super) struct BinaryField<'a> {
    bytes: Option<&'a [u8]>,
}

impl<'a> Field<'a, Pg> for BinaryField<'a> {
    fn field_name(&self) -> Option<&str> {
        None
    }

    fn value(&self) -> Option<PgValue<'_>> {
        Some(PgValue::new(self.bytes?, &UNKNOWN))
    }
}

/// PostgreSQL's number of its type `unknown`: `COPY` tells none.
static UNKNOWN: NonZeroU32 = NonZeroU32::MIN.saturating_add(704);

#[cfg(test)]
mod tests {
    use super::*;

    fn values(row: &BinaryRow) -> Vec<Option<&[u8]>> {
        let fields = (0..row.field_count()).map(|index| row.get(index).expect("a field"));
        fields.map(|field| field.bytes).collect()
    }

    #[test]
    fn each_row_has_its_own_values_and_null_is_none_of_them() {
        let bytes = b"\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0\0\0\0\x01c";
        let (mut row, mut reader) = (BinaryRow::default(), &bytes[..]);
        row.read(&mut reader, 3).expect("a row");
        assert_eq!(values(&row), [Some(&b"ab"[..]), None, Some(b"")]);
        row.read(&mut reader, 1).expect("a row");
        assert_eq!(values(&row), [Some(&b"c"[..])]);
        assert_eq!(row.bytes, b"c", "memory is used again");
        assert!(row.get(1).is_none() && row.get("c").is_none());
    }

    #[test]
    fn a_value_that_is_cut_short_or_of_no_length_is_no_value() {
        for bytes in [&b"\0\0\0\x03ab"[..], b"\0\0", b"\xff\xff\xff\xfe"] {
            let mut reader = bytes;
            let read = BinaryRow::default().read(&mut reader, 1);
            read.expect_err("no value");
        }
    }
}
