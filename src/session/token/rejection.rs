//! Why a token was not honoured.

/// Why a token was not honoured.
///
/// Callers treat a rejected token as no token at all: it is never a reason to fail a request. A
/// router counts them: see [`Status`](crate::Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// It is longer than [`SignedToken::MAX_LEN`](crate::SignedToken::MAX_LEN).
    #[error(
        "the session token is longer than 256 bytes: no token is, so look for what else is sent in its place"
    )]
    TooLong,

    /// It is not a token: cut short, not base64url, or not what this version of the format writes.
    #[error("the session token is not one: it was cut or changed on its way, or never was a token")]
    Malformed,

    /// It has a version of the format that this release does not know.
    #[error(
        "the session token has an unknown version: upgrade every reader before the first writer"
    )]
    UnknownVersion,

    /// It names a key that is not among the keys.
    #[error(
        "the session token names an unknown key: after a rotation, keep the old key with `also_verify` while its tokens live"
    )]
    UnknownKey,

    /// Its signature is not that of its key: it was forged or changed, or two keys have one id.
    #[error(
        "the session token has a wrong signature: it was forged or changed, or another service gave its key id to another secret"
    )]
    BadSignature,

    /// Its life is over.
    #[error("the session token has expired")]
    Expired,

    /// All it says is about another cluster.
    #[error(
        "the session token is of another database cluster: give each router a token of its own"
    )]
    OtherCluster,

    /// The router has no keys to verify it with.
    #[error(
        "a session token came, and the router has no keys to verify it with: give it some with `token_keys`"
    )]
    NoKeys,
}

impl Rejection {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::TooLong,
        Self::Malformed,
        Self::UnknownVersion,
        Self::UnknownKey,
        Self::BadSignature,
        Self::Expired,
        Self::OtherCluster,
        Self::NoKeys,
    ];

    /// A stable name in `snake_case`, for metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::Expired => "expired",
            Self::OtherCluster => "other_cluster",
            Self::NoKeys => "no_keys",
        }
    }
}
