//! Where URLs and passwords come from: never from the configuration itself.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::connect::{has_password, with_password};
use crate::error::ConfigError;

/// A URL without a password, which may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainUrl(String);

/// The remedy for a URL with a password.
const BY_REFERENCE: &str = "it has a password, or what may be a piece of one, and a configuration is shown and logged: leave it \
                            out and give it with `password_env` or `password_file`, or give the whole URL with `url_env` or \
                            `url_file`";

impl PlainUrl {
    /// Creates a URL, if it has no password; the error says what to do instead.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`], without the URL.
    pub fn new(url: impl Into<String>) -> Result<Self, ConfigError> {
        let url = url.into();
        if has_password(&url) {
            return Err(ConfigError::setting("url", BY_REFERENCE));
        }
        Ok(Self(url))
    }

    /// Returns the URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlainUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PlainUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PlainUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = String::deserialize(deserializer)?;
        if has_password(&url) {
            return Err(D::Error::custom(BY_REFERENCE));
        }
        Ok(Self(url))
    }
}

impl JsonSchema for PlainUrl {
    fn schema_name() -> Cow<'static, str> {
        "PlainUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A URL without a password.",
            "examples": ["postgres://app@10.0.0.1/app"],
        })
    }
}

/// The keys that say where a URL and its password come from, of a node or a pool.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    /// The key that these are below.
    pub(super) key: &'a str,
    pub(super) url: Option<&'a PlainUrl>,
    pub(super) url_env: Option<&'a str>,
    pub(super) url_file: Option<&'a str>,
    pub(super) password_env: Option<&'a str>,
    pub(super) password_file: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// Checks that no two of the keys contradict each other.
    pub(super) fn check(self) -> Result<(), ConfigError> {
        let urls = [self.url.map(PlainUrl::as_str), self.url_env, self.url_file];
        if urls.into_iter().flatten().count() > 1 {
            let problem = "it has more than one of `url`, `url_env` and `url_file`: give one";
            return Err(ConfigError::setting(self.key, problem));
        }
        if self.password_env.and(self.password_file).is_some() {
            let problem = "it has both `password_env` and `password_file`: give one";
            return Err(ConfigError::setting(self.key, problem));
        }
        Ok(())
    }

    /// Returns whether it says anything.
    pub(super) fn has_any(self) -> bool {
        self.has_url() || self.password_env.or(self.password_file).is_some()
    }

    /// Returns whether it has a URL.
    pub(super) fn has_url(self) -> bool {
        self.url.is_some() || self.url_env.or(self.url_file).is_some()
    }

    /// Returns the files that it is read from.
    #[cfg(feature = "config-file")]
    pub(super) fn files(self) -> impl Iterator<Item = &'a str> {
        [self.url_file, self.password_file].into_iter().flatten()
    }

    /// Reads the URL, or takes `otherwise`, with the password in its place.
    pub(super) fn read(self, otherwise: Option<&str>) -> Result<String, ConfigError> {
        self.check()?;
        let url = match (self.url, self.url_env, self.url_file) {
            (Some(url), ..) => Some(url.0.clone()),
            (_, Some(variable), _) => Some(self.variable("url_env", variable)?),
            (.., Some(path)) => Some(self.file("url_file", path)?),
            _ => otherwise.map(str::to_owned),
        };
        let url = url.ok_or_else(|| {
            let problem = "it has no URL: give one of `url`, `url_env` and `url_file`";
            ConfigError::setting(self.key, problem)
        })?;
        let password = match (self.password_env, self.password_file) {
            (Some(variable), _) => self.variable("password_env", variable)?,
            (_, Some(path)) => self.file("password_file", path)?,
            _ => return Ok(url),
        };
        Ok(with_password(&url, &password))
    }

    fn variable(self, key: &str, variable: &str) -> Result<String, ConfigError> {
        std::env::var(variable).map_err(|error| {
            let why = match error {
                std::env::VarError::NotPresent => "is not set",
                std::env::VarError::NotUnicode(_) => "is not Unicode",
            };
            let key = format!("{}.{key}", self.key);
            ConfigError::setting(key, format!("the environment variable `{variable}` {why}"))
        })
    }

    fn file(self, key: &str, path: &str) -> Result<String, ConfigError> {
        let setting = |problem| ConfigError::setting(format!("{}.{key}", self.key), problem);
        let text = std::fs::read_to_string(path)
            .map_err(|error| setting(format!("the file `{path}` cannot be read: {error}")))?;
        // Editors end a file with a line break, which is no part of a secret.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(setting(format!("the file `{path}` is empty")));
        }
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_password_is_refused_without_being_shown() {
        for url in [
            "postgres://app:hunter2@h/db",
            "postgres://h/db?user=app&password=hunter2",
            "host=h password=hunter2",
            "postgres://app:hun@ter2@h/db",
        ] {
            let error = PlainUrl::new(url).unwrap_err().to_string();
            assert!(error.contains("`password_file`"), "{error}");
            assert!(!error.contains("hun") && !error.contains("ter2"), "{error}");
            let text = serde_json::to_string(url).unwrap();
            let error = serde_json::from_str::<PlainUrl>(&text)
                .unwrap_err()
                .to_string();
            assert!(!error.contains("hun") && !error.contains("ter2"), "{error}");
        }
        for url in [
            "postgres://app@h/db",
            "/tmp/app.db",
            "host=h user=app",
            "mysql://h",
        ] {
            assert_eq!(PlainUrl::new(url).unwrap().as_str(), url);
        }
    }
}
