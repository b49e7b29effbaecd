//! Tokens in a text: alone, or among the cookies of a header.

use diesel_routing::TokenParts;

/// A token's text, and the name of the cookie that it was in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) cookie: Option<String>,
    pub(super) text: String,
}

/// Returns the tokens in a text. If nothing in it is one, it is the text as a whole: then it is said what is wrong with that.
pub(super) fn tokens(text: &str) -> Vec<Found> {
    let text = text.trim();
    let value = header_value(text);
    if !value.contains('=') {
        let text = unquoted(value).to_owned();
        return if text.is_empty() {
            Vec::new()
        } else {
            vec![Found { cookie: None, text }]
        };
    }
    let cookies: Vec<_> = value.split(';').filter_map(cookie).collect();
    let is_token = |found: &&Found| TokenParts::read(&found.text).is_ok();
    let count = cookies.iter().filter(is_token).count();
    if count > 0 {
        return cookies
            .into_iter()
            .filter(|found| is_token(&found))
            .collect();
    }
    match <[Found; 1]>::try_from(cookies) {
        Ok([only]) => vec![only],
        Err(_) => vec![Found {
            cookie: None,
            text: value.to_owned(),
        }],
    }
}

/// Returns what stands after a header's name, if there is one.
fn header_value(text: &str) -> &str {
    match text.split_once(':') {
        Some((name, value)) if !name.contains(['=', ';', ' ']) => value.trim(),
        _ => text,
    }
}

fn cookie(pair: &str) -> Option<Found> {
    let (name, value) = pair.split_once('=')?;
    Some(Found {
        cookie: Some(name.trim().to_owned()),
        text: unquoted(value.trim()).to_owned(),
    })
}

fn unquoted(text: &str) -> &str {
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use diesel_routing::{Token, TokenKeys};

    use super::*;

    fn token(id: u8) -> String {
        let keys = TokenKeys::new(id, [7; 32]).expect("keys");
        let expires = SystemTime::now() + Duration::from_secs(60);
        keys.sign(&Token::new(expires)).to_string()
    }

    fn found(cookie: Option<&str>, text: &str) -> Found {
        Found {
            cookie: cookie.map(str::to_owned),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_token_is_found_alone_or_among_cookies() {
        let (one, other) = (token(1), token(2));
        for text in [
            one.clone(),
            format!(" {one}\n"),
            format!("\"{one}\""),
            format!("X-Token: {one}"),
        ] {
            assert_eq!(tokens(&text), [found(None, &one)], "{text}");
        }
        let header = format!("Cookie: theme=dark; session={one}; other=\"{other}\"");
        assert_eq!(
            tokens(&header),
            [found(Some("session"), &one), found(Some("other"), &other)]
        );
        let header = format!("set-cookie: session={one}; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(tokens(&header), [found(Some("session"), &one)]);
    }

    #[test]
    fn what_is_no_token_is_kept_to_say_so() {
        assert_eq!(tokens("nonsense"), [found(None, "nonsense")]);
        assert_eq!(
            tokens("session=nonsense"),
            [found(Some("session"), "nonsense")]
        );
        assert_eq!(tokens("a=b; c=d"), [found(None, "a=b; c=d")]);
        assert_eq!(tokens(" \n"), []);
    }
}
