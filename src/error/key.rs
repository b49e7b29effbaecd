//! `KeyError`: a secret that cannot be a key.

/// The errors of secrets that cannot be keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A secret is shorter than [`TokenKeys::MIN_SECRET`](crate::TokenKeys::MIN_SECRET).
    #[error(
        "the secret of key {id} has {length} bytes: give at least 16, better 32, from a random source"
    )]
    ShortSecret {
        /// The key's id.
        id: u8,
        /// The secret's length in bytes.
        length: usize,
    },

    /// Two secrets have the same id.
    #[error(
        "there are two secrets for key {id}: tokens name their key by its id, so each needs its own"
    )]
    DuplicateId {
        /// The id.
        id: u8,
    },
}

codes! {
    KeyError {
        ShortSecret => "key_short_secret",
        DuplicateId => "key_duplicate_id",
    }
}
