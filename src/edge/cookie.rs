//! `TokenCookie`: the cookie that carries a session token.

use std::time::Duration;

use cookie::Cookie;
use http::HeaderValue;

use super::EdgeError;
use crate::session::SignedToken;

/// The most bytes of a cookie's name and value that browsers accept (RFC 6265bis, section 5.6).
const MOST_BYTES: usize = 4096;
/// The most bytes of an attribute's value that they accept.
const MOST_OF_ATTRIBUTE: usize = 1024;

/// The cookie that carries a session token.
///
/// It is named `__Host-db-session` by default: browsers accept that name from the host itself alone, so no subdomain can set
/// another of it, or many. With a domain, another path than `/`, or without `Secure`, browsers would refuse the name, and the default
/// is `db-session`.
///
/// Defaults to `Path=/; HttpOnly; Secure; SameSite=Lax`, with the token's life (`token_life` of the router's
/// builder) as `Max-Age`. `Secure` works on `http://localhost` too, except in Safari.
///
/// ```
/// use diesel_routing::edge::{SameSite, TokenCookie};
///
/// let cookie = TokenCookie::default().same_site(SameSite::Strict);
/// # let _ = cookie;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct TokenCookie {
    name: String,
    /// Set if the name is the default one, which depends on the attributes.
    is_default: bool,
    path: String,
    domain: Option<String>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
}

/// The requests from other sites to which a browser adds the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Not to any.
    Strict,
    /// To navigations only.
    Lax,
    /// To all; this needs `Secure`.
    None,
}

impl TokenCookie {
    /// Creates a cookie of this name, with the default attributes.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_default: false,
            path: "/".into(),
            domain: None,
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
        }
    }

    /// Sets its `Path`. Defaults to `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self.renamed()
    }

    /// Sets its `Domain`. Defaults to none: the host that sets it, without subdomains.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self.renamed()
    }

    /// Sets whether it is sent over HTTPS only. Defaults to `true`.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self.renamed()
    }

    /// Sets whether it is hidden from scripts. Defaults to `true`.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Sets its `SameSite`. Defaults to [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Returns it with the default name for its attributes, if it has no other.
    fn renamed(mut self) -> Self {
        if self.is_default {
            self.name = if self.is_host_only() {
                "__Host-db-session".to_owned()
            } else {
                "db-session".to_owned()
            };
        }
        self
    }

    /// Returns whether its attributes are those that browsers ask of names that start with `__Host-`.
    fn is_host_only(&self) -> bool {
        self.secure && self.path == "/" && self.domain.is_none()
    }

    /// Returns the cookie, if browsers accept it (RFC 6265bis, sections 4.1 and 5.7).
    pub(crate) fn checked(self) -> Result<Self, EdgeError> {
        let refused = |why| {
            Err(EdgeError::Cookie {
                name: self.name.clone(),
                why,
            })
        };
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_value = |text: &str| {
            text.bytes()
                .all(|byte| (b' '..=b'~').contains(&byte) && byte != b';')
        };
        let starts = |prefix: &str| {
            let start = self.name.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if self.name.is_empty() || !self.name.bytes().all(is_token) {
            return refused("its name has letters other than `a-zA-Z0-9` and ``!#$%&'*+-.^_`|~``");
        }
        if !is_value(&self.path) || !self.domain.as_deref().is_none_or(is_value) {
            return refused(
                "its path or domain has a semicolon, or something other than printable ASCII",
            );
        }
        if !self.path.starts_with('/') {
            return refused("its path does not start with `/`");
        }
        if self.same_site == SameSite::None && !self.secure {
            return refused("`SameSite=None` needs `Secure`");
        }
        if starts("__Secure-") && !self.secure {
            return refused("a name that starts with `__Secure-` needs `Secure`");
        }
        if starts("__Host-") && !self.is_host_only() {
            return refused(
                "a name that starts with `__Host-` needs `Secure`, the path `/`, and no domain",
            );
        }
        if self.of_reads().name.len() + SignedToken::MAX_LEN > MOST_BYTES {
            return refused("its name leaves no room for a token: name and value have 4096 bytes");
        }
        let attributes = [Some(&self.path), self.domain.as_ref()];
        if attributes
            .iter()
            .flatten()
            .any(|text| text.len() > MOST_OF_ATTRIBUTE)
        {
            return refused("its path or domain is longer than 1024 bytes");
        }
        Ok(self)
    }

    /// Returns the cookie for what was read: see [`Edge::carry_reads`](super::Edge::carry_reads).
    pub(crate) fn of_reads(&self) -> Self {
        Self {
            name: format!("{}-seen", self.name),
            ..self.clone()
        }
    }

    /// Calls `found` with the value of each cookie of this name in one header line; others may be anything.
    pub(crate) fn values_in(&self, line: &str, mut found: impl FnMut(&str)) {
        // Most cookies belong to others, so they are not parsed.
        let pairs = line.split(';').map(str::trim_start);
        for pair in pairs.filter(|pair| pair.starts_with(&self.name)) {
            if let Ok(cookie) = Cookie::parse(pair)
                && cookie.name() == self.name
            {
                found(cookie.value_trimmed());
            }
        }
    }

    /// Returns the header line that sets it.
    pub(crate) fn line(&self, value: &str, life: Duration) -> Option<HeaderValue> {
        let max_age = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
        let mut cookie = Cookie::build((self.name.as_str(), value))
            .path(self.path.as_str())
            .secure(self.secure)
            .http_only(self.http_only)
            .max_age(cookie::time::Duration::seconds(max_age))
            .same_site(match self.same_site {
                SameSite::Strict => cookie::SameSite::Strict,
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::None => cookie::SameSite::None,
            });
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.as_str());
        }
        let mut line = HeaderValue::try_from(cookie.to_string()).ok()?;
        line.set_sensitive(true);
        Some(line)
    }
}

impl Default for TokenCookie {
    fn default() -> Self {
        Self {
            is_default: true,
            ..Self::new("")
        }
        .renamed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_safe() {
        let line = TokenCookie::default().line("token", Duration::from_secs(3600));
        assert_eq!(
            line.unwrap(),
            "__Host-db-session=token; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"
        );
    }

    #[test]
    fn the_default_name_is_one_that_browsers_accept_with_its_attributes() {
        let default = TokenCookie::default;
        for (cookie, name) in [
            (default(), "__Host-db-session"),
            (default().same_site(SameSite::Strict), "__Host-db-session"),
            (default().secure(false), "db-session"),
            (default().secure(false).secure(true), "__Host-db-session"),
            (default().path("/app"), "db-session"),
            (default().domain("example.org"), "db-session"),
            (TokenCookie::new("mine").secure(false), "mine"),
        ] {
            assert_eq!(cookie.name, name);
            assert!(cookie.checked().is_ok(), "{name}");
        }
    }

    #[test]
    fn what_browsers_refuse_is_refused_here() {
        let named = TokenCookie::new;
        for cookie in [
            named(""),
            named("a b"),
            named("a;b"),
            named("ä"),
            named("a").path("admin"),
            named("a").path("/a;b"),
            named("a").domain("a\r\nSet-Cookie: b"),
            named("a").same_site(SameSite::None).secure(false),
            named("__secure-a").secure(false),
            named("__Host-a").secure(false),
            named("__Host-a").path("/a"),
            named("__Host-a").domain("example.org"),
            TokenCookie::new("a".repeat(4000)),
            named("a").path(format!("/{}", "a".repeat(1024))),
        ] {
            assert!(cookie.clone().checked().is_err(), "{cookie:?}");
        }
        for cookie in [
            named("__Host-a"),
            named("a").same_site(SameSite::None),
            named("a").secure(false).path("/a").domain("example.org"),
        ] {
            assert!(cookie.clone().checked().is_ok(), "{cookie:?}");
        }
    }

    #[test]
    fn it_is_found_among_whatever_else_the_line_holds() {
        let values = |line: &[u8]| {
            let line = String::from_utf8_lossy(line);
            let mut values = Vec::new();
            TokenCookie::new("a").values_in(&line, |value| values.push(value.to_owned()));
            values
        };
        assert_eq!(
            values(b"b=1; a=2;c; =;a=\"3\";\xff\xfe=a=4; aa=5"),
            ["2", "3"]
        );
        assert_eq!(values(b"x=\xff\xff; a=2"), ["2"]);
        assert_eq!(values(b""), [""; 0]);
        assert_eq!(values(b"a"), [""; 0]);
    }
}
