//! `TokenKeys`: the secrets that sign and verify tokens.

use std::fmt;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::codec::{self, VERSION, format};
use super::envelope::{self, Envelope, MAX_BYTES, TAG};
use super::signed::SignedToken;
use super::state::Token;
use crate::error::{KeyError, Rejection};

/// The prefix of the signed bytes. It keeps a signature that the same secret made for another purpose from
/// being valid for a token.
const CONTEXT: &[u8] = b"diesel-routing session token\0";

/// The secrets that tokens are signed and verified with: one to sign, any number to verify.
///
/// To rotate, give the old key with [`also_verify`](Self::also_verify) to processes that sign with the
/// new one, until the last token signed with it has expired. Processes that still sign with the old key
/// do not know the new one by themselves: let all of them verify it before the first one signs with it.
///
/// ```
/// # use std::time::{Duration, SystemTime};
/// # use diesel_routing::{Rejection, Token, TokenKeys};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (old_secret, new_secret) = ([7; 32], [8; 32]);
/// let now = SystemTime::now();
/// let token = Token::new(now + Duration::from_secs(600)).wrote_at_unknown_position(now);
///
/// let old = TokenKeys::new(1, old_secret)?;
/// let text = old.sign(&token).to_string();
/// assert_eq!(old.verify(&text, now), Ok(token.clone()));
///
/// let rotated = TokenKeys::new(2, new_secret)?.also_verify(1, old_secret)?;
/// assert_eq!(rotated.verify(&text, now), Ok(token));
///
/// let stranger = TokenKeys::new(1, [9; 32])?;
/// assert_eq!(stranger.verify(&text, now), Err(Rejection::BadSignature));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct TokenKeys {
    signing: Key,
    others: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: u8,
    /// The state of an HMAC that has read the context; wiped from memory on drop.
    mac: Hmac<Sha256>,
}

impl TokenKeys {
    /// The length of the shortest secret, in bytes: 128 bits, as many as the signature has.
    ///
    /// RFC 2104 (section 3) recommends the hash's length, 32 bytes, from a random source.
    pub const MIN_SECRET: usize = 16;

    /// Creates keys that sign with this secret, and verify with it.
    ///
    /// The `id` is written into every token, so that readers find the secret. Never reuse an id for another
    /// secret while tokens signed with the first may be alive.
    ///
    /// # Errors
    ///
    /// Returns [`KeyError::ShortSecret`] if the secret has fewer than [`MIN_SECRET`](Self::MIN_SECRET) bytes.
    pub fn new(id: u8, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Ok(Self {
            signing: Key::new(id, secret.as_ref())?,
            others: Vec::new(),
        })
    }

    /// Adds another secret to verify with.
    ///
    /// # Errors
    ///
    /// Returns [`KeyError::ShortSecret`] or [`KeyError::DuplicateId`].
    pub fn also_verify(mut self, id: u8, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        if self.key(id).is_some() {
            return Err(KeyError::DuplicateId { id });
        }
        self.others.push(Key::new(id, secret.as_ref())?);
        Ok(self)
    }

    /// Signs the token, as a text that [`verify`](Self::verify) accepts.
    ///
    /// Equal tokens have equal texts under the same signing key.
    pub fn sign(&self, token: &Token) -> SignedToken {
        let mut bytes = Vec::with_capacity(MAX_BYTES);
        bytes.extend([VERSION, self.signing.id]);
        codec::encode(&token.fitted(), &mut bytes);
        let signature = self.signing.over(&bytes).finalize().into_bytes();
        bytes.extend(signature.into_iter().take(TAG));
        SignedToken::from_bytes(&bytes)
    }

    /// Returns the token that this text stands for at `now`, if one of the keys signed it.
    ///
    /// Any text is safe to pass, of any length; the cost is bounded. The signature is compared
    /// in constant time.
    ///
    /// # Errors
    ///
    /// Returns any [`Rejection`] except [`OtherCluster`](Rejection::OtherCluster), which
    /// [`Token::for_cluster_of`] returns.
    pub fn verify(&self, text: &str, now: SystemTime) -> Result<Token, Rejection> {
        let mut buffer = envelope::buffer();
        let token = self.open(&Envelope::read(text, &mut buffer)?)?;
        if token.expires() <= now {
            return Err(Rejection::Expired);
        }
        Ok(token)
    }

    fn open(&self, envelope: &Envelope<'_>) -> Result<Token, Rejection> {
        let format = format(envelope.version).ok_or(Rejection::UnknownVersion)?;
        let key = self.key(envelope.key).ok_or(Rejection::UnknownKey)?;
        key.over(envelope.signed)
            .verify_truncated_left(envelope.tag)
            .map_err(|_| Rejection::BadSignature)?;
        codec::decode(envelope.content, format).ok_or(Rejection::Malformed)
    }

    fn key(&self, id: u8) -> Option<&Key> {
        std::iter::once(&self.signing)
            .chain(&self.others)
            .find(|key| key.id == id)
    }
}

/// Shows the keys' ids, and not the secrets.
impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<u8> = self.others.iter().map(|key| key.id).collect();
        f.debug_struct("TokenKeys")
            .field("signs_with", &self.signing.id)
            .field("also_verifies", &others)
            .finish_non_exhaustive()
    }
}

impl Key {
    fn new(id: u8, secret: &[u8]) -> Result<Self, KeyError> {
        let short = KeyError::ShortSecret {
            id,
            length: secret.len(),
        };
        if secret.len() < TokenKeys::MIN_SECRET {
            return Err(short);
        }
        // An HMAC accepts secrets of every length; its trait cannot express that.
        let mac = Hmac::new_from_slice(secret).map_err(|_| short)?;
        Ok(Self {
            id,
            mac: mac.chain_update(CONTEXT),
        })
    }

    fn over(&self, signed: &[u8]) -> Hmac<Sha256> {
        self.mac.clone().chain_update(signed)
    }
}

#[cfg(test)]
mod tests;
