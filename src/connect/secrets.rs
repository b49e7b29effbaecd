//! Keeps passwords out of what drivers say.

use std::borrow::Cow;

use diesel::ConnectionError;
use percent_encoding::percent_decode_str;

use super::ConnectionString;

/// Removes whatever may be a piece of a password of `url` from an error: drivers quote parts of a string that they cannot
/// read, and cut it elsewhere than its writer meant.
pub(crate) fn conceal(url: &str, error: ConnectionError) -> ConnectionError {
    let words = error.to_string();
    let concealed = match Secrets::of(url) {
        Secrets::Known(secrets) => {
            let hide = |words: String, secret: &Cow<'_, str>| replace(&words, secret);
            secrets.iter().fold(words.clone(), hide)
        }
        Secrets::Anywhere(why) => why.to_owned(),
    };
    if concealed == words {
        return error;
    }
    match error {
        ConnectionError::InvalidConnectionUrl(_) => {
            ConnectionError::InvalidConnectionUrl(concealed)
        }
        _ => ConnectionError::BadConnection(concealed),
    }
}

/// Returns whether a connection string has a password, or what may be a piece of one.
#[cfg(feature = "config")]
pub(crate) fn has_password(url: &str) -> bool {
    match Secrets::of(url) {
        Secrets::Known(secrets) => !secrets.is_empty(),
        Secrets::Anywhere(_) => true,
    }
}

/// The passwords in a connection string.
enum Secrets<'a> {
    /// As they are written, and as they are meant.
    Known(Vec<Cow<'a, str>>),
    /// A driver may take any part of it for something else: the reason, and the remedy.
    Anywhere(&'static str),
}

const IN_URL: &str = "the connection failed, and the URL is ambiguous: in user names, passwords and parameters, percent-encode \
                      `@` (`%40`), `:`, `/`, `?`, `#`, `%` and spaces. What the driver says is withheld, as it may quote a \
                      piece of the password";
const IN_PAIRS: &str = "the connection failed, and the connection string is ambiguous: put the password in single quotes, with \
                        a backslash before each quote and backslash in it. What the driver says is withheld, as it may quote a \
                        piece of the password";

impl<'a> Secrets<'a> {
    fn of(url: &'a str) -> Self {
        let Some((_, rest)) = url.split_once("://") else {
            return Self::of_pairs(url);
        };
        // As drivers cut it, from the front; whoever wrote it may have meant the last `@`.
        let (user_info, rest) = rest.split_once('@').unwrap_or(("", rest));
        let is_plain =
            |char: char| char.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:".contains(char);
        if rest.contains('@') || !without_escapes(user_info).chars().all(is_plain) {
            return Self::Anywhere(IN_URL);
        }
        let user_info = user_info.split_once(':').map(|(_, password)| password);
        let mut known: Vec<_> = user_info.into_iter().flat_map(both).collect();
        if let Some(string) = ConnectionString::parse(url) {
            if string.has_unknown_after_password() {
                return Self::Anywhere(IN_URL);
            }
            known.extend(string.into_passwords());
        }
        Self::known(known)
    }

    fn of_pairs(text: &'a str) -> Self {
        match ConnectionString::parse(text) {
            Some(string) if !string.has_plain_names() => Self::Anywhere(IN_URL),
            Some(string) if string.has_unknown_after_password() => Self::Anywhere(IN_PAIRS),
            Some(string) => Self::known(string.into_passwords()),
            None if text.contains("password") => Self::Anywhere(IN_PAIRS),
            // A URL without its scheme.
            None if text
                .split_once(':')
                .is_some_and(|(_, rest)| rest.contains('@')) =>
            {
                Self::Anywhere(IN_URL)
            }
            None => Self::Known(Vec::new()),
        }
    }

    /// Keeps what is not empty, the longest first: one may be part of another.
    fn known(mut secrets: Vec<Cow<'a, str>>) -> Self {
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self::Known(secrets)
    }
}

/// Returns a text as it is written, and as it is meant.
fn both(text: &str) -> [Cow<'_, str>; 2] {
    [text.into(), percent_decode_str(text).decode_utf8_lossy()]
}

/// Returns a text with a plain character in place of each well-formed percent-encoded byte; a bare `%` stays.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let hex = rest.get(1..3).unwrap_or_default();
        let is_encoded =
            char == '%' && hex.len() == 2 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        plain.push(if is_encoded { '-' } else { char });
        let length = if is_encoded { 3 } else { char.len_utf8() };
        rest = rest.get(length..).unwrap_or_default();
    }
    plain
}

/// The length from which a secret is looked for inside words.
const LONG: usize = 4;

/// Replaces a secret; a short one only where it stands for itself, as any word may have its letters.
fn replace(words: &str, secret: &str) -> String {
    let is_whole = |at: usize| {
        let is_edge = |char: Option<char>| char.is_none_or(|char| !char.is_alphanumeric());
        is_edge(
            words
                .get(..at)
                .and_then(|before| before.chars().next_back()),
        ) && is_edge(
            words
                .get(at + secret.len()..)
                .and_then(|after| after.chars().next()),
        )
    };
    let mut concealed = String::with_capacity(words.len());
    let mut from = 0;
    for (at, _) in words.match_indices(secret) {
        if secret.len() >= LONG || is_whole(at) {
            concealed.push_str(words.get(from..at).unwrap_or_default());
            concealed.push_str("***");
            from = at + secret.len();
        }
    }
    concealed + words.get(from..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concealed(url: &str, words: &str) -> String {
        conceal(url, ConnectionError::BadConnection(words.to_owned())).to_string()
    }

    #[test]
    fn a_password_is_taken_out_of_what_a_driver_says() {
        for url in [
            "postgres://app:hunter2@host/db",
            "postgres://app:%68unter2@host/db",
            "postgres://app:x%40y@host/db?password=hunter2&sslmode=disable",
            "mysql://app:hunter2@host/db",
            "host=h password=hunter2 user=app",
            "host=h user=app password = 'hunter2'",
            r"host=h user=app password=hun\ter2",
            "host=h user=app sslpassword='hunter2'",
        ] {
            let shown = concealed(url, &format!("app: what is \"hunter2\" in {url}?"));
            assert!(!shown.contains("hunter2"), "{url}: {shown}");
            assert!(
                !shown.contains("%68unter2") && shown.contains("app"),
                "{shown}"
            );
        }
    }

    #[test]
    fn of_an_ambiguous_string_nothing_is_quoted() {
        for url in [
            "postgres://app:hun@ter2@host/db",
            "postgres://app:hun/ter2@host/db",
            "postgres://app:hun?ter2@host/db",
            "postgres://app:hun#ter2@host/db",
            "postgres://app:hun ter2@host/db",
            "postgres://app:hun%ter2@host/db",
            "postgres://app:hun%2@host/db",
            "postgres://app:hün@host/db",
            "postgres://app@host/db?password=hun&ter2",
            "postgres://app@host/db?password=hun&ter2=x",
            "postgres//app:hunter2@host",
            "postgres//app:hun&ter2=x@host",
            "host=h password=hun ter2",
            "host=h password=hun ter2=x",
            "host=h password='hunter2",
        ] {
            let shown = concealed(url, "what is \"hun\", \"ter2\" or \"hün\"?");
            assert!(shown.contains("withheld"), "{url}: {shown}");
            assert!(!shown.contains("hun") && !shown.contains("ter2"), "{shown}");
        }
    }

    #[test]
    fn what_has_no_password_is_shown_as_it_is() {
        let words = "no route to host \"a\"";
        for url in [
            "postgres://app:@host/db",
            "postgres://app@host/db?application_name=me",
            "host=h user=app",
            "/var/lib/app@1/db.sqlite",
            "an alias",
            "postgres://app:a@host/db?sslmode=disable",
        ] {
            let shown = concealed(url, words);
            if url.contains(":a@") {
                assert_eq!(shown, words.replace("\"a\"", "\"***\""));
            } else {
                assert_eq!(shown, words, "{url}");
            }
        }
    }
}
