//! An edge's settings, and the methods of both flavours that set them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::counts::Counts;
use super::requested_level::requested_level;
use super::rule::{Rules, Treatment};
use super::{Cacheable, StoreDown, TokenCookie};
use crate::engine::Options;
use crate::routing::Level;
use crate::session::{SignedToken, Token};

/// The maximum number of tokens read from one request. Chosen: a browser sends few cookies of one name, one for each
/// path and domain, and each token costs a signature's verification.
const MOST_TOKENS: usize = 8;

/// The response header with the time of the last write.
pub(crate) const WRITE_TIMESTAMP: HeaderName = HeaderName::from_static("x-write-timestamp");
/// The response header with the routes.
pub(crate) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

// Logged by both flavours.
pub(crate) const TOO_SLOW: &str = "it took too long";
pub(crate) const LEFT_ALONE: &str = "it failed lately, and was not asked";

/// Returns a header's value as text, whatever it is.
fn text_of(value: &HeaderValue) -> Cow<'_, str> {
    match value.to_str() {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(value.as_bytes()),
    }
}

/// Returns the name of the header for what was read.
fn of_reads(name: &HeaderName) -> Option<HeaderName> {
    HeaderName::try_from(format!("{name}-seen")).ok()
}

/// Returns the time of the session's last write, in milliseconds since 1970.
pub(crate) fn written_at(token: &Token) -> Option<HeaderValue> {
    let since = token.written_at()?.duration_since(UNIX_EPOCH).ok()?;
    HeaderValue::try_from(since.as_millis().to_string()).ok()
}

pub(crate) type Source = Arc<dyn Fn(&Parts) -> Option<String> + Send + Sync>;
type Predicate = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// The settings that do not depend on the flavour of the connections.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) cookie: Option<TokenCookie>,
    pub(crate) header: Option<HeaderName>,
    pub(crate) source: Option<Source>,
    pub(crate) trust: Option<Predicate>,
    /// Those of the router's configuration, if `None`.
    pub(crate) rules: Option<Rules>,
    pub(crate) carry_reads: bool,
    pub(crate) write_timestamp: bool,
    /// The most that clocks of machines may be apart.
    pub(crate) clock_skew: Duration,
    pub(crate) server_timing: bool,
    pub(crate) cacheable: Cacheable,
    /// The function that finds the key that a request's session is drawn by.
    pub(crate) session_key: Option<Source>,
    /// The function that finds the key of a request's state in the store.
    pub(crate) key: Option<Source>,
    pub(crate) store_timeout: Duration,
    pub(crate) store_down: StoreDown,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cookie: Some(TokenCookie::default()),
            header: None,
            source: None,
            trust: None,
            rules: None,
            carry_reads: false,
            write_timestamp: false,
            clock_skew: Duration::from_secs(1),
            server_timing: false,
            cacheable: Cacheable::default(),
            session_key: None,
            key: None,
            store_timeout: Duration::from_millis(50),
            store_down: StoreDown::Primary,
        }
    }
}

impl Settings {
    /// Calls `absorb` with each text found where tokens are expected. Returns whether these were all.
    pub(crate) fn tokens(
        &self,
        request: &Parts,
        counts: &Counts,
        mut absorb: impl FnMut(&str),
    ) -> bool {
        let mut found = 0;
        let mut find = |text: &str| {
            found += 1;
            if found <= MOST_TOKENS {
                absorb(text);
            }
        };
        if let Some(source) = &self.source
            && let Some(text) = source(request)
        {
            find(&text);
        }
        if let Some(name) = &self.header {
            let seen = self.carry_reads.then(|| of_reads(name)).flatten();
            for name in [Some(name), seen.as_ref()].into_iter().flatten() {
                for value in request.headers.get_all(name) {
                    // A value that is not text is not a token: it is passed on, to be counted as malformed.
                    find(&text_of(value));
                }
            }
        }
        if let Some(cookie) = &self.cookie {
            let seen = self.carry_reads.then(|| cookie.of_reads());
            for cookie in [Some(cookie), seen.as_ref()].into_iter().flatten() {
                for line in request.headers.get_all(header::COOKIE) {
                    cookie.values_in(&text_of(line), &mut find);
                }
            }
        }
        let are_all = found <= MOST_TOKENS;
        if !are_all {
            counts.surplus_tokens.add();
        }
        are_all
    }

    /// Returns whether the request's caller is trusted.
    pub(crate) fn trusts(&self, request: &Parts) -> bool {
        self.trust.as_ref().is_some_and(|trust| trust(request))
    }

    /// Returns the level that the caller asks for, if it may.
    fn requested(&self, request: &Parts, counts: &Counts) -> Option<Level> {
        let level = requested_level(&request.headers)?;
        let granted = level.ok().filter(|_| self.trusts(request));
        if granted.is_none() {
            counts.ignored_wishes.add();
        }
        granted
    }

    /// Returns the options of the request's session; `configured` are the rules of the router's configuration.
    pub(crate) fn options(
        &self,
        request: &Parts,
        counts: &Counts,
        configured: Option<&Rules>,
    ) -> Options {
        let mut options = Options::default();
        let rules = self.rules.as_ref().or(configured);
        match rules.and_then(|rules| rules.of(&request.method, request.uri.path())) {
            Some(Treatment::Level(level)) => options.advice().edge().at_level(*level),
            Some(Treatment::Class(class)) => {
                options.advice().edge().in_class(Arc::clone(class));
            }
            None => {}
        }
        if let Some(level) = self.requested(request, counts) {
            options.advice().edge().at_level(level);
        }
        options
    }

    /// Returns the key that the request's session is drawn by; that of its state in the store, unless there is a function.
    pub(crate) fn session_key(&self, request: &Parts, stored: Option<&String>) -> Option<String> {
        match &self.session_key {
            Some(key) => key(request),
            None => stored.cloned(),
        }
    }

    /// Returns the key of the request's state in the store.
    pub(crate) fn key(&self, request: &Parts) -> Option<String> {
        self.key.as_ref().and_then(|key| key(request))
    }

    /// Adds a token to the response, where the next request's is looked for.
    ///
    /// The token of a request that only read has a place of its own: the response of a slow page that did not
    /// see a write, sent after that write, must not replace the write's token.
    ///
    /// Returns whether it was added: a cache may be meant to give the response to others.
    pub(crate) fn give(
        &self,
        token: &SignedToken,
        wrote: bool,
        life: Duration,
        to: &mut HeaderMap,
    ) -> bool {
        let cookie = self.cookie.is_some().then_some(&header::COOKIE);
        let carrier = cookie.or(self.header.as_ref());
        if carrier.is_some_and(|carrier| !self.cacheable.prepare(to, carrier)) {
            return false;
        }
        let cookie = self.cookie.as_ref().and_then(|cookie| {
            if wrote {
                cookie.line(token.as_str(), life)
            } else {
                cookie.of_reads().line(token.as_str(), life)
            }
        });
        to.extend(cookie.map(|line| (header::SET_COOKIE, line)));
        let name = self.header.as_ref();
        let name = name.and_then(|name| {
            if wrote {
                Some(name.clone())
            } else {
                of_reads(name)
            }
        });
        if let Some(name) = name
            && let Ok(mut value) = HeaderValue::try_from(token.as_str())
        {
            value.set_sensitive(true);
            to.insert(name, value);
        }
        true
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("cookie", &self.cookie)
            .field("header", &self.header)
            .field("rules", &self.rules)
            .field("carry_reads", &self.carry_reads)
            .field("cacheable", &self.cacheable)
            .field("store_timeout", &self.store_timeout)
            .field("store_down", &self.store_down)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::session::TokenKeys;

    const HOUR: Duration = Duration::from_secs(3600);

    fn request(headers: HeaderMap) -> Parts {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.headers = headers;
        parts
    }

    #[test]
    fn what_was_read_has_a_header_of_its_own_in_which_it_is_looked_for() {
        let settings = Settings {
            cookie: None,
            header: Some(HeaderName::from_static("x-db-session")),
            carry_reads: true,
            ..Settings::default()
        };
        let keys = TokenKeys::new(1, [7; 32]).expect("keys");
        let token = keys.sign(&Token::new(SystemTime::now() + HOUR));
        for (wrote, name) in [(true, "x-db-session"), (false, "x-db-session-seen")] {
            let mut headers = HeaderMap::new();
            assert!(settings.give(&token, wrote, HOUR, &mut headers));
            let of_tokens = |name: &&HeaderName| name.as_str().starts_with("x-");
            let names: Vec<_> = headers.keys().filter(of_tokens).collect();
            assert_eq!(names, [name]);
            let request = request(headers);
            let found = |settings: &Settings| {
                let mut found = Vec::new();
                let counts = Counts::default();
                let are_all =
                    settings.tokens(&request, &counts, |token| found.push(token.to_owned()));
                assert!(are_all);
                found
            };
            assert_eq!(found(&settings), [token.as_str()]);
            let without_reads = Settings {
                carry_reads: false,
                ..settings.clone()
            };
            assert_eq!(found(&without_reads).len(), usize::from(wrote));
        }
    }

    #[test]
    fn sessions_are_drawn_by_the_key_of_the_store_unless_there_is_another() {
        let (request, stored) = (request(HeaderMap::new()), "ann".to_owned());
        let mut settings = Settings::default();
        assert_eq!(settings.session_key(&request, None), None);
        let key = settings.session_key(&request, Some(&stored));
        assert_eq!(key.as_deref(), Some("ann"));
        settings.session_key = Some(Arc::new(|_| Some("tenant".to_owned())));
        let key = settings.session_key(&request, Some(&stored));
        assert_eq!(key.as_deref(), Some("tenant"));
    }
}
