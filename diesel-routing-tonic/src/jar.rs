//! `TokenJar`: a client's tokens.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel_routing::SignedToken;
use http::{HeaderMap, HeaderValue};
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::METADATA;

/// One more than servers look at: they take a session with that many for one that has written just now.
const MOST_TOKENS: usize = 9;

/// The token of a client's session, kept between calls. Clones share it: give each user, or each unit of work, a jar of its own.
///
/// As a layer of the channel (see the [crate](crate)), it sends the token with each call and keeps what comes back, also with a
/// [`Status`]. Calls that run at the same time lose nothing: until a later response joins their tokens, all are sent.
///
/// As an [`Interceptor`], for `ThemesClient::with_interceptor(channel, jar.clone())`, it sends; an interceptor does not see responses, so
/// [`keep`](Self::keep) their metadata.
///
/// ```
/// # use diesel_routing_tonic::TokenJar;
/// # use tonic::{Request, Response, service::Interceptor};
/// let jar = TokenJar::new();
/// # let response = || { let mut response = Response::new(()); response.metadata_mut().insert("x-db-session", "AgE".parse().unwrap()); response };
/// let response = response(); // of a call
/// jar.keep(response.metadata());
///
/// let request = jar.clone().call(Request::new(()))?;
/// assert_eq!(request.metadata().get("x-db-session").unwrap(), "AgE");
/// # Ok::<(), tonic::Status>(())
/// ```
///
/// A service that has sessions of its own on the same cluster [puts](Self::put) their token in, and lets them
/// [absorb](diesel_routing::Session::absorb) what came back.
#[derive(Clone, Default)]
pub struct TokenJar(Arc<Mutex<Vec<HeaderValue>>>);

impl TokenJar {
    /// Creates an empty jar: the session of its first call is new.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the token of a session, to be sent with the next calls.
    pub fn put(&self, token: &SignedToken) {
        // Tokens are base64url.
        if let Ok(token) = HeaderValue::try_from(token.as_str()) {
            self.add(&mut self.lock(), token);
        }
    }

    /// Replaces the tokens by that of a response's metadata, or of a status's, if there is one.
    pub fn keep(&self, metadata: &MetadataMap) {
        let value = metadata.get(METADATA).map(AsciiMetadataValue::as_bytes);
        if let Some(Ok(token)) = value.map(HeaderValue::from_bytes) {
            let mut tokens = self.lock();
            tokens.clear();
            self.add(&mut tokens, token);
        }
    }

    /// Returns the tokens that the next call sends: one, or none, unless calls run at the same time.
    #[must_use]
    pub fn tokens(&self) -> Vec<String> {
        let tokens = self.lock();
        let texts = tokens.iter().filter_map(|token| token.to_str().ok());
        texts.map(str::to_owned).collect()
    }

    /// Adds the tokens to a call's headers, and returns them.
    pub(crate) fn send(&self, headers: &mut HeaderMap) -> Vec<HeaderValue> {
        let tokens = self.lock().clone();
        for token in &tokens {
            headers.append(METADATA, token.clone());
        }
        tokens
    }

    /// Keeps the token of a response to the call that sent these: it has joined them, and no others.
    pub(crate) fn receive(&self, headers: &HeaderMap, sent: &[HeaderValue]) {
        if let Some(token) = headers.get(METADATA) {
            let mut tokens = self.lock();
            tokens.retain(|known| !sent.contains(known));
            self.add(&mut tokens, token.clone());
        }
    }

    fn add(&self, tokens: &mut Vec<HeaderValue>, mut token: HeaderValue) {
        token.set_sensitive(true);
        tokens.retain(|known| *known != token);
        tokens.push(token);
        let surplus = tokens.len().saturating_sub(MOST_TOKENS);
        tokens.drain(..surplus);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<HeaderValue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interceptor for TokenJar {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for token in self.lock().iter() {
            if let Ok(token) = AsciiMetadataValue::try_from(token.as_bytes()) {
                request.metadata_mut().append(METADATA, token);
            }
        }
        Ok(request)
    }
}

/// Shows no token.
impl fmt::Debug for TokenJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenJar")
            .field("tokens", &self.lock().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(token: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            http::HeaderName::from_static(METADATA),
            HeaderValue::from_static(token),
        )])
    }

    fn send(jar: &TokenJar) -> Vec<HeaderValue> {
        jar.send(&mut HeaderMap::new())
    }

    #[test]
    fn a_response_replaces_what_its_call_sent_and_nothing_else() {
        let jar = TokenJar::new();
        jar.receive(&answer("first"), &send(&jar));
        let (one, other) = (send(&jar), send(&jar));
        jar.receive(&answer("one"), &one);
        jar.receive(&answer("other"), &other);
        assert_eq!(jar.tokens(), ["one", "other"]);
        jar.receive(&answer("both"), &send(&jar));
        assert_eq!(jar.tokens(), ["both"]);
        jar.receive(&HeaderMap::new(), &send(&jar));
        assert_eq!(jar.tokens(), ["both"]);
    }

    #[test]
    fn it_keeps_as_many_tokens_as_make_servers_careful() {
        let jar = TokenJar::new();
        let names: Vec<String> = (0..20).map(|number| format!("token-{number}")).collect();
        for name in &names {
            let value = HeaderValue::try_from(name).unwrap();
            jar.receive(
                &HeaderMap::from_iter([(http::HeaderName::from_static(METADATA), value)]),
                &[],
            );
        }
        assert_eq!(jar.tokens(), names[11..]);
    }

    #[test]
    fn nobodys_log_has_a_token() {
        let jar = TokenJar::new();
        jar.receive(&answer("secret"), &[]);
        let mut headers = HeaderMap::new();
        jar.send(&mut headers);
        assert!(!format!("{jar:?} {headers:?}").contains("secret"));
    }
}
