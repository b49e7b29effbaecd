//! Positions as bytes: LEB128 numbers, and a reader of what was written.

/// Appends a length.
pub(crate) fn push_length(length: usize, to: &mut Vec<u8>) {
    // A length that does not fit into 64 bits is not going to fit into a token.
    push_number(u64::try_from(length).unwrap_or(u64::MAX), to);
}

/// Appends the number as LEB128: seven bits a byte, the lowest first; the high bit says that more follow.
pub(crate) fn push_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// The bytes that have not been read yet.
pub(crate) struct Input<'a> {
    bytes: &'a [u8],
    format: Format,
}

/// A version of the format of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The first: times, and numbers of PostgreSQL's and Galera's positions, have a fixed width.
    Fixed,
    /// The present one: they are LEB128.
    Short,
}

impl<'a> Input<'a> {
    /// Creates the input that starts with these bytes.
    pub(crate) fn new(bytes: &'a [u8], format: Format) -> Self {
        Self { bytes, format }
    }

    /// Returns whether everything has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns what has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Reads `N` bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*taken)
    }

    /// Reads a text of `length` bytes.
    pub(super) fn text(&mut self, length: usize) -> Option<&'a str> {
        str::from_utf8(self.bytes(length)?).ok()
    }

    /// Reads `length` bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(bytes)
    }

    /// Reads a list: its length, then as many elements. Each takes a byte at least, which limits the length.
    pub(super) fn many<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = self.length().filter(|&count| count <= self.bytes.len())?;
        (0..count).map(|_| one(self)).collect()
    }

    /// Reads what [`push_length`] wrote.
    pub(crate) fn length(&mut self) -> Option<usize> {
        self.number()
            .and_then(|length| usize::try_from(length).ok())
    }

    /// Reads what [`push_number`] wrote; in the first format, a little-endian number of `N` bytes.
    pub(crate) fn sized<const N: usize>(&mut self) -> Option<u64> {
        match self.format {
            Format::Short => self.number(),
            Format::Fixed => {
                let mut bytes = [0; 8];
                bytes.get_mut(..N)?.copy_from_slice(&self.take::<N>()?);
                Some(u64::from_le_bytes(bytes))
            }
        }
    }

    /// Reads what [`push_number`] wrote.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.take()?;
            let bits = u64::from(byte & 0x7F);
            // The tenth byte has room for one bit.
            if bits << shift >> shift != bits {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_size_are_read_back() {
        for number in [
            0,
            1,
            0x7F,
            0x80,
            0x3FFF,
            0x4000,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let mut bytes = Vec::new();
            push_number(number, &mut bytes);
            assert_eq!(Input::new(&bytes, Format::Short).number(), Some(number));
        }
        let too_large = [0xFF; 9].into_iter().chain([2]).collect::<Vec<_>>();
        assert_eq!(Input::new(&too_large, Format::Short).number(), None);
        assert_eq!(Input::new(&[0x80; 11], Format::Short).number(), None);
    }
}
