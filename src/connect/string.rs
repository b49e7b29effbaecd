//! Connection strings: URLs, and the `keyword=value` pairs of libpq.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// The parameters that are secret.
const SECRETS: [&str; 2] = ["password", "sslpassword"];

/// The names of parameters that drivers know. One that stands behind a password and is none of them may be a piece of it.
const KNOWN: &[&str] = &[
    "application_name",
    "built_in_roots",
    "channel_binding",
    "client_encoding",
    "compression",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "krbsrvname",
    "load_balance_hosts",
    "max_allowed_packet",
    "max_protocol_version",
    "min_protocol_version",
    "options",
    "passfile",
    "password",
    "pool_max",
    "pool_min",
    "port",
    "prefer_socket",
    "replication",
    "require_auth",
    "require_ssl",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "secure_auth",
    "service",
    "servicefile",
    "setup",
    "socket",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "ssl_mode",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "stmt_cache_size",
    "target_session_attrs",
    "tcp_keepalive",
    "tcp_nodelay",
    "tcp_user_timeout",
    "unix_socket",
    "user",
    "verify_ca",
    "verify_identity",
    "wait_timeout",
];

/// A connection string, cut into what stands before its parameters, and the parameters.
#[derive(Debug)]
pub(crate) struct ConnectionString<'a> {
    /// A URL up to its `?`; `None` for pairs.
    head: Option<&'a str>,
    parameters: Vec<Parameter<'a>>,
}

#[derive(Debug)]
struct Parameter<'a> {
    raw: &'a str,
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl<'a> ConnectionString<'a> {
    /// Cuts a URL, or pairs; `None` if they are malformed.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return pairs(text).map(|parameters| Self {
                head: None,
                parameters,
            });
        };
        // As tokio-postgres and the URL standard: a `?` before the `@` belongs to the user information.
        let start = scheme.len() + "://".len() + rest.find('@').unwrap_or_default();
        let Some(at) = text.get(start..)?.find('?') else {
            return Some(Self {
                head: Some(text),
                parameters: Vec::new(),
            });
        };
        let (head, query) = text.split_at(start + at);
        let parameters = query.trim_start_matches('?').split('&');
        Some(Self {
            head: Some(head),
            parameters: parameters.filter_map(Parameter::of_url).collect(),
        })
    }

    /// Returns the hosts that a URL has before its path, with their ports; `None` for pairs.
    pub(crate) fn authority(&self) -> Option<&'a str> {
        let (_, rest) = self.head?.split_once("://")?;
        // As in `parse`: what stands before the `@` is user information, slashes and all.
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        Some(rest.split_once('/').map_or(rest, |(hosts, _)| hosts))
    }

    /// Returns a URL up to its `?`; `None` for pairs.
    pub(crate) fn head(&self) -> Option<&'a str> {
        self.head
    }

    /// Takes a parameter out, and returns its value: of several, the last.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let mut value = None;
        self.parameters.retain(|parameter| {
            let is_it = parameter.name == name;
            if is_it {
                value = Some(parameter.value.to_string());
            }
            !is_it
        });
        value
    }

    /// Returns the value of a parameter: of several, the last.
    #[allow(dead_code, reason = "where not every driver is compiled in")]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.parameters.iter().rev();
        found
            .find(|parameter| parameter.name == name)
            .map(|parameter| parameter.value.as_ref())
    }
}

/// What is secret in it.
impl<'a> ConnectionString<'a> {
    /// Returns the passwords among the parameters, as they are written, and as they are meant.
    pub(crate) fn into_passwords(self) -> Vec<Cow<'a, str>> {
        let secrets = self.parameters.into_iter();
        let secrets = secrets.filter(|parameter| SECRETS.contains(&&*parameter.name));
        secrets
            .flat_map(|parameter| {
                let (_, raw) = parameter.raw.split_once('=').unwrap_or_default();
                let raw = raw.trim_matches([' ', '\'']);
                [Cow::Borrowed(raw), parameter.value]
            })
            .collect()
    }

    /// Returns whether all parameters have names as parameters have: of a URL without its scheme, none may be one.
    pub(crate) fn has_plain_names(&self) -> bool {
        let mut names = self.parameters.iter().map(|parameter| &*parameter.name);
        names.all(|name| {
            name.bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        })
    }

    /// Returns whether there are parameters, and all have names that drivers know.
    pub(crate) fn has_known_names(&self) -> bool {
        let mut names = self.parameters.iter().map(|parameter| &*parameter.name);
        !self.parameters.is_empty() && names.all(|name| KNOWN.contains(&name))
    }

    /// Returns whether a parameter that no driver knows stands behind a password: it may be a piece of it.
    pub(crate) fn has_unknown_after_password(&self) -> bool {
        let mut names = self.parameters.iter().map(|parameter| &*parameter.name);
        names.any(|name| SECRETS.contains(&name)) && names.any(|name| !KNOWN.contains(&name))
    }
}

impl<'a> Parameter<'a> {
    fn of_url(raw: &'a str) -> Option<Self> {
        let decode = |text: &'a str| percent_decode_str(text).decode_utf8_lossy();
        let (name, value) = raw.split_once('=').unwrap_or((raw, ""));
        (!raw.is_empty()).then(|| Self {
            raw,
            name: decode(name),
            value: decode(value),
        })
    }
}

/// Cuts pairs as libpq does: a value may stand in single quotes, a backslash escapes the next character.
fn pairs(text: &str) -> Option<Vec<Parameter<'_>>> {
    let mut parameters = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        let after = after.trim_start();
        let (value, left) = value(after)?;
        let (raw, left) = (rest.strip_suffix(left)?, left.trim_start());
        parameters.push(Parameter {
            raw,
            name: name.into(),
            value: value.into(),
        });
        rest = left;
    }
    Some(parameters)
}

/// Returns the value that a text begins with, and what comes after it; `None` if its quote is not closed.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let text = quoted.unwrap_or(text);
    let (mut value, mut chars) = (String::new(), text.char_indices());
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted.is_some() => return Some((value, text.get(at + 1..)?)),
            char if quoted.is_none() && char.is_whitespace() => {
                return Some((value, text.get(at..)?));
            }
            char => value.push(char),
        }
    }
    quoted.is_none().then_some((value, ""))
}

impl fmt::Display for ConnectionString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut before, between) = match self.head {
            Some(head) => {
                f.write_str(head)?;
                ("?", "&")
            }
            None => ("", " "),
        };
        for parameter in &self.parameters {
            write!(f, "{before}{}", parameter.raw)?;
            before = between;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, name: &str) -> (Option<String>, String) {
        let mut string = ConnectionString::parse(text).unwrap();
        (string.take(name), string.to_string())
    }

    #[test]
    fn a_parameter_is_taken_out_of_a_url_and_the_rest_stays_as_it_is_written() {
        for (text, value, rest) in [
            ("postgres://h/db", None, "postgres://h/db"),
            (
                "postgres://h/db?sslmode=require",
                Some("require"),
                "postgres://h/db",
            ),
            (
                "postgres://u:a?b@h,i:5/db?a=%41&sslmode=verify%2Dfull&b=+",
                Some("verify-full"),
                "postgres://u:a?b@h,i:5/db?a=%41&b=+",
            ),
            (
                "postgres://h?sslmode=allow&sslmode=prefer",
                Some("prefer"),
                "postgres://h",
            ),
            ("mysql://h?&&x", None, "mysql://h?x"),
        ] {
            let (taken, left) = without(text, "sslmode");
            assert_eq!((taken.as_deref(), left.as_str()), (value, rest), "{text}");
        }
    }

    #[test]
    fn pairs_are_cut_as_libpq_cuts_them() {
        let text = r"host = /tmp sslmode='verify-full' password='a b\'c\\' user=a\ b";
        let mut string = ConnectionString::parse(text).unwrap();
        assert_eq!(string.get("password"), Some(r"a b'c\"));
        assert_eq!(string.get("user"), Some("a b"));
        assert_eq!(string.take("sslmode").as_deref(), Some("verify-full"));
        assert_eq!(
            string.to_string(),
            r"host = /tmp password='a b\'c\\' user=a\ b"
        );
        for malformed in ["alias", "host=h password='a", "password=a b host=h", "=x"] {
            assert!(ConnectionString::parse(malformed).is_none(), "{malformed}");
        }
    }
}
