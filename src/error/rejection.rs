//! `Rejection`: the reason why a token was rejected.

/// The reason why a token was rejected.
///
/// A rejected token is ignored: it is never a reason to fail a request. A router counts the
/// rejections: see [`Status`](crate::Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The text is longer than [`SignedToken::MAX_LEN`](crate::SignedToken::MAX_LEN).
    #[error(
        "the session token is longer than 256 bytes, the maximum: find out what else is sent in its place"
    )]
    TooLong,

    /// The text is not a token: truncated, not base64url, or not in this version's format.
    #[error("malformed session token: it was truncated or altered in transit, or is not a token")]
    Malformed,

    /// The format's version is unknown to this release: a later one wrote it.
    #[error(
        "the session token has an unknown version: upgrade every reader before the first writer"
    )]
    UnknownVersion,

    /// The signing key is not among the keys.
    #[error(
        "the session token names an unknown key: after a rotation, keep the old key with `also_verify` while its tokens live"
    )]
    UnknownKey,

    /// The signature is wrong: the token was forged or altered, or two keys have one id.
    #[error(
        "the session token has a wrong signature: it was forged or altered, or another service gave its key id to another secret"
    )]
    BadSignature,

    /// The token has expired.
    #[error("the session token has expired")]
    Expired,

    /// The token's positions all belong to another cluster.
    #[error(
        "the session token belongs to another database cluster: give each router a token of its own"
    )]
    OtherCluster,

    /// The router has no keys to verify a token with.
    #[error(
        "the router has no keys to verify session tokens with, and received one: give it some with `token_keys`"
    )]
    NoKeys,
}

impl Rejection {
    /// All rejections.
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

    /// Returns a stable name in `snake_case`, for metrics and logs.
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

codes! {
    Rejection {
        TooLong => "token_too_long",
        Malformed => "token_malformed",
        UnknownVersion => "token_unknown_version",
        UnknownKey => "token_unknown_key",
        BadSignature => "token_bad_signature",
        Expired => "token_expired",
        OtherCluster => "token_other_cluster",
        NoKeys => "token_no_keys",
    }
}
