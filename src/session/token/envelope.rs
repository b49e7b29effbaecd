//! `Envelope`: a token's text, cut into what it says of itself, the content and the signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::codec::MAX_CONTENT;
use super::signed::SignedToken;
use crate::error::Rejection;

/// Bytes of the signature: the first half of HMAC-SHA256, the least that RFC 2104 (section 5)
/// recommends, called HMAC-SHA-256-128 in RFC 4868.
pub(super) const TAG: usize = 16;

/// Bytes that the longest text decodes to.
const MAX_DECODED: usize = SignedToken::MAX_LEN / 4 * 3;

const HEADER: usize = 2;
pub(super) const MAX_BYTES: usize = HEADER + MAX_CONTENT + TAG;

/// A compile-time check that every token's text has a legal length.
const _: () = assert!(MAX_BYTES <= MAX_DECODED);

/// A token's bytes, cut. Nothing of it is proved.
pub(super) struct Envelope<'a> {
    pub(super) version: u8,
    /// The id of the key.
    pub(super) key: u8,
    pub(super) content: &'a [u8],
    /// All that the signature is over.
    pub(super) signed: &'a [u8],
    pub(super) tag: &'a [u8; TAG],
}

/// Returns the room for a token's bytes.
pub(super) fn buffer() -> [u8; MAX_DECODED] {
    [0; MAX_DECODED]
}

impl<'a> Envelope<'a> {
    /// Cuts a text. Any text is safe to pass, of any length; the cost is bounded.
    pub(super) fn read(text: &str, buffer: &'a mut [u8; MAX_DECODED]) -> Result<Self, Rejection> {
        if text.len() > SignedToken::MAX_LEN {
            return Err(Rejection::TooLong);
        }
        // The decoder refuses padding, foreign letters and stray bits in the last letter: one text per token.
        let length = URL_SAFE_NO_PAD
            .decode_slice(text, buffer)
            .map_err(|_| Rejection::Malformed)?;
        let bytes = buffer.get(..length).ok_or(Rejection::Malformed)?;
        let (signed, tag) = bytes
            .split_last_chunk::<TAG>()
            .ok_or(Rejection::Malformed)?;
        let (&[version, key], content) = signed.split_first_chunk().ok_or(Rejection::Malformed)?;
        Ok(Self {
            version,
            key,
            content,
            signed,
            tag,
        })
    }
}
