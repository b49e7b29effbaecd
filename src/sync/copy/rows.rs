//! `CopyRows`: the rows of an export.

use std::io::{self, BufRead, Read};
use std::marker::PhantomData;

use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::result::Error as DieselError;
use diesel::{Expression, QueryResult, Selectable};

use super::CopyToReader;
use super::binary_row::BinaryRow;

/// The rows of a `COPY .. TO`, as they come.
///
/// Dropped before the last one, the rest is not read: the handle runs nothing more, and the pool closes its connection.
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct CopyRows<'conn, U> {
    reader: CopyToReader<'conn>,
    row: BinaryRow,
    is_over: bool,
    value: PhantomData<fn() -> U>,
}

impl<'conn, U> CopyRows<'conn, U> {
    /// Reads the header of the binary format.
    pub(super) fn of(mut reader: CopyToReader<'conn>) -> QueryResult<Self> {
        reader.rows = Some(0);
        read_header(&mut reader).map_err(to_diesel)?;
        Ok(Self {
            reader,
            row: BinaryRow::default(),
            is_over: false,
            value: PhantomData,
        })
    }

    /// Reads the next row; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let mut count = [0; 2];
        self.reader.read_exact(&mut count)?;
        match i16::from_be_bytes(count) {
            -1 => {
                // The server's last word.
                match self.reader.fill_buf()?.is_empty() {
                    true => Ok(false),
                    false => Err(odd("there is something behind its end")),
                }
            }
            count => {
                let count = u16::try_from(count).map_err(io::Error::other)?;
                self.row.read(&mut self.reader, count)?;
                self.reader.rows = self.reader.rows.map(|rows| rows + 1);
                Ok(true)
            }
        }
    }
}

impl<U> Iterator for CopyRows<'_, U>
where
    U: FromSqlRow<<U::SelectExpression as Expression>::SqlType, Pg> + Selectable<Pg>,
{
    type Item = QueryResult<U>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        match self.advance() {
            Ok(true) => {
                Some(U::build_from_row(&self.row).map_err(DieselError::DeserializationError))
            }
            Ok(false) => {
                self.is_over = true;
                None
            }
            Err(error) => {
                self.is_over = true;
                Some(Err(to_diesel(error)))
            }
        }
    }
}

/// Reads what stands before the first row: a signature, flags, and a part that may be of any length.
fn read_header(reader: &mut impl Read) -> io::Result<()> {
    const SIGNATURE: [u8; 11] = *b"PGCOPY\n\xff\r\n\0";
    /// The flags of what one must understand to read on.
    const CRITICAL: u32 = 0xffff_0000;
    let mut signature = [0; SIGNATURE.len()];
    reader.read_exact(&mut signature)?;
    let (mut flags, mut length) = ([0; 4], [0; 4]);
    reader.read_exact(&mut flags)?;
    reader.read_exact(&mut length)?;
    if signature != SIGNATURE || u32::from_be_bytes(flags) & CRITICAL != 0 {
        return Err(odd("its header is not known"));
    }
    let length = u64::from(u32::from_be_bytes(length));
    io::copy(&mut reader.take(length), &mut io::sink())?;
    Ok(())
}

pub(super) fn odd(what: &str) -> io::Error {
    io::Error::other(format!("this is not the binary format of `COPY`: {what}"))
}

/// Returns Diesel's error, which may be inside.
fn to_diesel(error: io::Error) -> DieselError {
    match error.downcast::<DieselError>() {
        Ok(error) => error,
        Err(error) => DieselError::DeserializationError(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(flags: u32, extension: &[u8]) -> Vec<u8> {
        let length = u32::try_from(extension.len()).expect("short");
        let start = b"PGCOPY\n\xff\r\n\0".to_vec();
        let numbers = [flags.to_be_bytes(), length.to_be_bytes()].concat();
        [start, numbers, extension.to_vec(), b"rows".to_vec()].concat()
    }

    #[test]
    fn a_header_is_read_up_to_the_first_row() {
        for (flags, extension) in [(0, &b""[..]), (0, b"of a later version"), (1, b"")] {
            let bytes = header(flags, extension);
            let mut reader = &*bytes;
            read_header(&mut reader).expect("a header");
            assert_eq!(reader, b"rows");
        }
    }

    #[test]
    fn a_header_that_is_not_understood_is_refused() {
        let mut other = header(0, b"");
        other[0] = b'Q';
        for bytes in [header(1 << 16, b""), header(1 << 31, b""), other] {
            let error = read_header(&mut &*bytes).expect_err("refused");
            assert!(error.to_string().contains("header"), "{error}");
        }
        let short = header(0, b"");
        read_header(&mut &short[..15]).expect_err("it is cut short");
    }
}
