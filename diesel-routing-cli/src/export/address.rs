//! The place where a node is, from its URL. Passwords are left behind.

use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

const NO_HOST: &str = "its URL has no host: a proxy needs one, and not a socket's directory";

/// The kind of a node's server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Postgres,
    /// MySQL or MariaDB.
    MySql,
}

/// The place where a node is, and as whom the program connects to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) server: Server,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: Option<String>,
    pub(super) user: Option<String>,
}

impl Address {
    /// Reads the address that a URL leads to; the error has no part of the URL.
    pub(super) fn of_url(url: &str) -> Result<Self, &'static str> {
        let address = match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => of_url(url, Server::Postgres, 5432)?,
            Some(("mysql", _)) => of_url(url, Server::MySql, 3306)?,
            Some(("sqlite", _)) => {
                return Err("it is on SQLite, which no proxy stands in front of");
            }
            Some(_) => {
                return Err(
                    "its URL is of an unknown kind: it begins with `postgres://` or `mysql://`",
                );
            }
            None if url.contains('=') => of_pairs(url)?,
            None => return Err("it is on SQLite, which no proxy stands in front of"),
        };
        if address.host.is_empty() || address.host.starts_with('/') {
            return Err(NO_HOST);
        }
        let is_of_hosts = |char: char| char.is_ascii_alphanumeric() || "-._:%".contains(char);
        if !address.host.chars().all(is_of_hosts) {
            return Err(
                "its URL has several hosts, or one with odd characters: give each node a URL with its own host",
            );
        }
        Ok(address)
    }

    /// Returns the host and the port, as in `10.0.0.1:5432`.
    pub(super) fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn of_url(text: &str, server: Server, port: u16) -> Result<Address, &'static str> {
    let url = Url::parse(text).map_err(|error| match error {
        ParseError::EmptyHost => NO_HOST,
        _ => "its URL cannot be read: it has several hosts, or a wrong port",
    })?;
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let of_query = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let host = url.host_str().filter(|host| !host.is_empty()).map(decoded);
    let host = host.or_else(|| of_query("host")).unwrap_or_default();
    let database =
        Some(decoded(url.path().trim_start_matches('/'))).filter(|name| !name.is_empty());
    let user = Some(decoded(url.username())).filter(|name| !name.is_empty());
    Ok(Address {
        server,
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(port),
        database: database.or_else(|| of_query("dbname")),
        user: user.or_else(|| of_query("user")),
    })
}

/// Reads libpq's form, `host=10.0.0.1 dbname='my app'`.
fn of_pairs(text: &str) -> Result<Address, &'static str> {
    const WRONG: &str =
        "its connection string cannot be read: write it as `postgres://app@10.0.0.1/app`";
    let mut address = Address {
        server: Server::Postgres,
        host: String::new(),
        port: 5432,
        database: None,
        user: None,
    };
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=').ok_or(WRONG)?;
        let (value, after) = value(after.trim_start()).ok_or(WRONG)?;
        match key.trim_end() {
            "host" | "hostaddr" => address.host = value,
            "port" => address.port = value.parse().map_err(|_| WRONG)?,
            "dbname" => address.database = Some(value),
            "user" => address.user = Some(value),
            _ => {}
        }
        rest = after.trim_start();
    }
    Ok(address)
}

/// Returns the value at the beginning, and what is behind it.
fn value(text: &str) -> Option<(String, &str)> {
    let (is_quoted, text) = match text.strip_prefix('\'') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, char)) = chars.next() {
        match char {
            '\\' => value.push(chars.next()?.1),
            '\'' if is_quoted => return Some((value, &text[index + 1..])),
            char if !is_quoted && char.is_whitespace() => return Some((value, &text[index..])),
            char => value.push(char),
        }
    }
    (!is_quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_from_every_form_without_the_password() {
        for url in [
            "postgres://app:hunter2@db-1:6000/shop",
            "postgresql://app:hunter2@db-1:6000/shop?sslmode=require",
            "host=db-1 port=6000 user=app password='hunter 2' dbname = shop",
        ] {
            let address = Address::of_url(url).unwrap();
            assert_eq!(address.place(), "db-1:6000", "{url}");
            assert_eq!(address.database.as_deref(), Some("shop"), "{url}");
            assert_eq!(address.user.as_deref(), Some("app"), "{url}");
            assert!(!format!("{address:?}").contains("hunter"), "{address:?}");
        }
        let address = Address::of_url("mysql://root@[::1]/my%20shop").unwrap();
        assert_eq!(address.place(), "[::1]:3306");
        assert_eq!(address.database.as_deref(), Some("my shop"));
    }

    #[test]
    fn what_a_proxy_cannot_reach_is_refused_without_a_part_of_the_url() {
        for (url, words) in [
            ("postgres://u:hunter2@/db?host=/tmp", "a socket's directory"),
            ("postgres://u:hunter2@a,b/db", "several hosts"),
            ("postgres://u:hunter2@a:1,b:2/db", "several hosts"),
            ("host=a,b password=hunter2", "several hosts"),
            ("redis://hunter2", "unknown kind"),
            ("/var/lib/hunter2.db", "SQLite"),
        ] {
            let error = Address::of_url(url).unwrap_err();
            assert!(
                error.contains(words) && !error.contains("hunter2"),
                "{url}: {error}"
            );
        }
    }
}
