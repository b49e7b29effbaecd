//! `Cacheable`: what becomes of responses that caches might give to others.

use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The treatment of a response that gets a session's token, and that a shared cache might store and give to others: they would
/// get the token with it, and take it for theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Cacheable {
    /// It is made private: its `Cache-Control` loses `public` and `s-maxage` and gets `private`, unless it says `private` or
    /// `no-store`; headers for one cache alone (`CDN-Cache-Control`, `Surrogate-Control` and the like) become `no-store`. Browsers go
    /// on caching it.
    #[default]
    MakePrivate,
    /// A response that says `public` or `s-maxage`, or has a header for one cache alone, stays as it is, and gets no token; its `Vary`
    /// gets the header in which tokens come. **The session's next request may miss what this one wrote**, unless its state is kept in
    /// a [store](super::TokenStore). Other responses are made private.
    OmitToken,
    /// Nothing: whoever is in front of the service never stores responses with `Set-Cookie`, nor with the token's header.
    Keep,
}

/// A response's permission for shared caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// It may not be stored there.
    Forbidden,
    /// It is silent: caches decide by its status, method and age.
    Unsaid,
    /// It asks to be.
    Wanted,
}

impl Cacheable {
    /// Prepares a response for a token; returns whether it gets that.
    pub(crate) fn prepare(self, headers: &mut HeaderMap, carrier: &HeaderName) -> bool {
        let sharing = sharing(headers);
        match (self, sharing) {
            (Self::Keep, _) | (_, Sharing::Forbidden) => true,
            (Self::OmitToken, Sharing::Wanted) => {
                if let Ok(name) = HeaderValue::try_from(carrier.as_str()) {
                    headers.append(VARY, name);
                }
                false
            }
            (Self::MakePrivate | Self::OmitToken, _) => {
                make_private(headers);
                true
            }
        }
    }
}

/// Returns the directives of a response's `Cache-Control`, in all its lines. Quotes enclose commas.
fn directives(headers: &HeaderMap) -> Vec<String> {
    let mut all = Vec::new();
    for line in headers.get_all(CACHE_CONTROL) {
        let line = String::from_utf8_lossy(line.as_bytes());
        let mut quoted = false;
        let parts = line.split(|letter| {
            quoted ^= letter == '"';
            letter == ',' && !quoted
        });
        all.extend(parts.map(|part| part.trim().to_owned()));
    }
    all.retain(|directive| !directive.is_empty());
    all
}

/// Returns whether this is the directive of that name, with an argument or without.
fn is(directive: &str, name: &str) -> bool {
    let found = directive.split('=').next().unwrap_or_default();
    found.trim_end().eq_ignore_ascii_case(name)
}

/// Returns whether only one kind of cache obeys this header (RFC 9213, and what was there before).
fn is_targeted(name: &HeaderName) -> bool {
    let name = name.as_str();
    name != CACHE_CONTROL.as_str() && name.ends_with("cache-control") || name == "surrogate-control"
}

fn sharing(headers: &HeaderMap) -> Sharing {
    let directives = directives(headers);
    let has = |name| directives.iter().any(|directive| is(directive, name));
    let forbids = |value: &HeaderValue| {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        value.contains("no-store") || value.contains("private")
    };
    let mut targeted = headers.iter().filter(|(name, _)| is_targeted(name));
    if targeted.any(|(_, value)| !forbids(value)) {
        return Sharing::Wanted;
    }
    // With field names, `private` speaks of those alone.
    let is_private = directives
        .iter()
        .any(|directive| directive.eq_ignore_ascii_case("private"));
    if is_private || has("no-store") {
        Sharing::Forbidden
    } else if has("public") || has("s-maxage") {
        Sharing::Wanted
    } else {
        Sharing::Unsaid
    }
}

fn make_private(headers: &mut HeaderMap) {
    let mut directives = directives(headers);
    directives.retain(|directive| {
        !["public", "s-maxage", "private"]
            .iter()
            .any(|name| is(directive, name))
    });
    directives.push("private".to_owned());
    if let Ok(line) = HeaderValue::try_from(directives.join(", ")) {
        headers.insert(CACHE_CONTROL, line);
    }
    for (name, value) in headers.iter_mut() {
        if is_targeted(name) {
            *value = HeaderValue::from_static("no-store");
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    fn prepared(policy: Cacheable, lines: &[(&'static str, &'static str)]) -> (bool, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let gets_it = policy.prepare(&mut headers, &COOKIE);
        let lines = headers.iter().map(|(name, value)| {
            let value = value.to_str().expect("text");
            format!("{name}: {value}")
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort();
        (gets_it, lines.join("\n"))
    }

    #[test]
    fn what_caches_might_share_is_made_private() {
        for (before, after) in [
            ("public", "private"),
            ("Public, max-age=60", "max-age=60, private"),
            ("s-maxage=60, max-age=5", "max-age=5, private"),
            ("max-age=60", "max-age=60, private"),
            ("private=\"set-cookie, x\", max-age=1", "max-age=1, private"),
            (
                "no-cache=\"set-cookie\"",
                "no-cache=\"set-cookie\", private",
            ),
            ("private, max-age=60", "private, max-age=60"),
            ("no-store", "no-store"),
            ("", "private"),
        ] {
            let (gets_it, lines) = prepared(Cacheable::MakePrivate, &[("cache-control", before)]);
            assert!(gets_it);
            assert_eq!(lines, format!("cache-control: {after}"), "{before}");
        }
        let (gets_it, lines) = prepared(Cacheable::MakePrivate, &[]);
        assert!(gets_it);
        assert_eq!(lines, "cache-control: private");
    }

    #[test]
    fn a_second_line_and_a_cache_of_its_own_do_not_undo_it() {
        let lines = [
            ("cache-control", "max-age=60"),
            ("cache-control", "public"),
            ("cdn-cache-control", "max-age=600"),
            ("surrogate-control", "max-age=600"),
        ];
        let (gets_it, lines) = prepared(Cacheable::MakePrivate, &lines);
        assert!(gets_it);
        assert_eq!(
            lines,
            "cache-control: max-age=60, private\ncdn-cache-control: no-store\nsurrogate-control: no-store"
        );
        let private = [
            ("cache-control", "private"),
            ("cdn-cache-control", "max-age=600"),
        ];
        let (_, lines) = prepared(Cacheable::MakePrivate, &private);
        assert_eq!(lines, "cache-control: private\ncdn-cache-control: no-store");
    }

    #[test]
    fn a_response_that_is_to_be_shared_goes_without_a_token_where_that_is_asked_for() {
        let shared = [("cache-control", "public, max-age=60")];
        let (gets_it, lines) = prepared(Cacheable::OmitToken, &shared);
        assert!(!gets_it);
        assert_eq!(lines, "cache-control: public, max-age=60\nvary: cookie");
        let lines = [("vary", "accept"), ("surrogate-control", "max-age=60")];
        let (gets_it, lines) = prepared(Cacheable::OmitToken, &lines);
        assert!(!gets_it);
        assert_eq!(
            lines,
            "surrogate-control: max-age=60\nvary: accept\nvary: cookie"
        );
        for silent in ["private, max-age=60", "no-store"] {
            let (gets_it, _) = prepared(Cacheable::OmitToken, &[("cdn-cache-control", silent)]);
            assert!(gets_it, "{silent}");
        }
        let (gets_it, lines) = prepared(Cacheable::OmitToken, &[("cache-control", "max-age=60")]);
        assert!(gets_it);
        assert_eq!(lines, "cache-control: max-age=60, private");
    }

    #[test]
    fn a_response_is_left_alone_where_that_is_asked_for() {
        let (gets_it, lines) = prepared(Cacheable::Keep, &[("cache-control", "public")]);
        assert!(gets_it);
        assert_eq!(lines, "cache-control: public");
    }
}
