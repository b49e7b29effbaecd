//! The Redis store's script and answers, for both flavours.

use std::time::{Duration, SystemTime};

use redis::{Script, ScriptInvocation};

use crate::error::StoreError;
use crate::session::Token;

/// Attempts at joining a state before [`StoreError::Contended`]. Chosen: after the first, each failed attempt means
/// that another request of the session succeeded.
pub(crate) const ATTEMPTS: u32 = 64;

/// The default prefix of keys.
pub(crate) const PREFIX: &str = "diesel-routing:session:";

/// Sets the key if it still has the value that was read (`''`: none); otherwise returns its value.
const COMPARE_AND_SET: &str = r"
local known = redis.call('GET', KEYS[1]) or ''
if known == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return false
end
return known
";

/// Joins one state with the one under a key, by compare-and-set on its bytes.
#[derive(Debug)]
pub(crate) struct Join<'a> {
    key: String,
    token: &'a Token,
    life: Duration,
    /// The value of the key when it was last read.
    known: Vec<u8>,
}

impl<'a> Join<'a> {
    pub(crate) fn new(key: String, token: &'a Token, life: Duration) -> Self {
        Self {
            key,
            token,
            life,
            known: Vec::new(),
        }
    }

    /// Returns the script to invoke: its answer is empty if the state was joined.
    pub(crate) fn invocation<'s>(&self, script: &'s Script) -> ScriptInvocation<'s> {
        let joined = match Token::from_bytes(&self.known) {
            Ok(known) => known.merge(self.token),
            Err(_) if self.known.is_empty() => self.token.clone(),
            // It may have been a state, whose content is now unknown.
            Err(_) => self
                .token
                .clone()
                .wrote_at_unknown_position(SystemTime::now()),
        };
        let life = u64::try_from(self.life.as_millis()).unwrap_or(u64::MAX);
        let mut invocation = script.prepare_invoke();
        invocation
            .key(&self.key)
            .arg(&self.known)
            .arg(joined.to_bytes())
            // Redis refuses a life of zero, and one of more than 2^63 ms.
            .arg(life.clamp(1, 1 << 50));
        invocation
    }

    /// Records the value that was there instead.
    pub(crate) fn lost_to(&mut self, known: Vec<u8>) {
        self.known = known;
    }
}

pub(crate) fn script() -> Script {
    Script::new(COMPARE_AND_SET)
}

/// Decodes a state.
pub(crate) fn state(bytes: Option<Vec<u8>>) -> Result<Option<Token>, StoreError> {
    let token = bytes.map(|bytes| Token::from_bytes(&bytes));
    token.transpose().map_err(StoreError::Garbage)
}
