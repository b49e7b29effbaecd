//! A filter that rules out most words before names are compared.

/// First letters and lengths of the listed functions' names: they rule out most other words at once.
#[derive(Clone, Debug)]
pub(super) struct Shapes {
    /// One bit for each length, by first letter; the last bit stands for all longer ones.
    lengths: [u64; 128],
    /// Set if there are names with anything but ASCII letters, digits and underscores.
    odd: bool,
}

impl Shapes {
    pub(super) fn new() -> Self {
        Self {
            lengths: [0; 128],
            odd: false,
        }
    }

    pub(super) fn add(&mut self, name: &str) {
        self.odd |= !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if let Some((lengths, bit)) =
            position(name).and_then(|(first, bit)| Some((self.lengths.get_mut(first)?, bit)))
        {
            *lengths |= bit;
        }
    }

    pub(super) fn odd(&self) -> bool {
        self.odd
    }

    /// Returns whether a name may be among those added, which are compared in lower case.
    pub(super) fn may_hold(&self, name: &str) -> bool {
        let lengths = position(name).and_then(|(first, bit)| Some(self.lengths.get(first)? & bit));
        lengths.is_none_or(|found| found != 0)
    }
}

fn position(name: &str) -> Option<(usize, u64)> {
    let first = name.bytes().next()?.to_ascii_lowercase();
    Some((usize::from(first), 1 << name.len().min(63)))
}
