//! Reads a configuration, with errors that name the key.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

use super::named::Table;
use super::{RoutingConfig, SCHEMA_VERSION};
use crate::error::ConfigError;

impl RoutingConfig {
    /// Reads a configuration from any source that serde knows, and [checks](Self::check) it.
    ///
    /// ```
    /// use diesel_routing::config::RoutingConfig;
    ///
    /// let value = serde_json::json!({ "max_lag": "2s", "balance": { "strategy": "round_robin" } });
    /// let config = RoutingConfig::read(value)?;
    /// # Ok::<_, diesel_routing::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Key`] names the key that is unknown or wrong, and what is legal there;
    /// [`ConfigError::Unreadable`] is about the source as a whole.
    pub fn read<'de, D: Deserializer<'de>>(source: D) -> Result<Self, ConfigError> {
        let config: Self = table(source)?;
        config.check()?;
        Ok(config)
    }

    /// Reads a configuration in JSON.
    ///
    /// # Errors
    ///
    /// As of [`read`](Self::read).
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let version = serde_json::from_str::<Version>(text);
        version.map_or(Ok(()), |known| check_version(known.version))?;
        let config: Self = json(text)?;
        config.check()?;
        Ok(config)
    }

    /// Reads a configuration in TOML.
    ///
    /// # Errors
    ///
    /// As of [`read`](Self::read).
    ///
    /// # Example
    ///
    /// ```
    /// use diesel_routing::config::RoutingConfig;
    ///
    /// let config = RoutingConfig::from_toml("version = 1\nmax_lag = \"30s\"")?;
    /// assert!(config.max_lag.is_some());
    /// # Ok::<(), diesel_routing::ConfigError>(())
    /// ```
    #[cfg(feature = "config-file")]
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let version = toml::from_str::<Version>(text);
        version.map_or(Ok(()), |known| check_version(known.version))?;
        // Never the error's own text: that quotes the line, which may be a URL.
        let line = |error: &toml::de::Error| {
            let start = error.span()?.start;
            Some(text.get(..start)?.matches('\n').count() + 1)
        };
        let source = toml::Deserializer::parse(text).map_err(|error| {
            let line = line(&error).map_or_else(String::new, |line| format!("line {line}: "));
            unreadable(&format!("{line}{}", error.message()))
        })?;
        let read = serde_path_to_error::deserialize::<_, Table<Self>>(source);
        let Table(config) = read.map_err(|error| {
            let inner = error.inner();
            invalid(error.path(), inner.message(), line(inner))
        })?;
        config.check()?;
        Ok(config)
    }
}

/// Reads a table in JSON, with errors that name the key.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    let mut source = serde_json::Deserializer::from_str(text);
    let read = table(&mut source)?;
    let end = source.end();
    end.map_err(|error| unreadable(&error.to_string()))?;
    Ok(read)
}

/// Reads a table, with errors that name the key.
fn table<'de, D: Deserializer<'de>, T: Deserialize<'de>>(source: D) -> Result<T, ConfigError> {
    let read = serde_path_to_error::deserialize::<_, Table<T>>(source);
    let Table(read) =
        read.map_err(|error| invalid(error.path(), &error.inner().to_string(), None))?;
    Ok(read)
}

/// The version alone: of a later one, the other keys are unknown, and that is not what is wrong.
#[derive(serde::Deserialize)]
struct Version {
    #[serde(default = "Version::first")]
    version: u32,
}

impl Version {
    fn first() -> u32 {
        SCHEMA_VERSION
    }
}

/// Reads the version of a schema that this release knows.
pub(super) fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let version = u32::deserialize(deserializer)?;
    match problem_of(version) {
        Some(problem) => Err(D::Error::custom(problem)),
        None => Ok(version),
    }
}

/// Checks that this release knows a version of the schema.
pub(super) fn check_version(version: u32) -> Result<(), ConfigError> {
    let problem = problem_of(version);
    problem.map_or(Ok(()), |problem| {
        Err(ConfigError::setting("version", problem))
    })
}

fn problem_of(version: u32) -> Option<String> {
    match version {
        SCHEMA_VERSION => None,
        0 => Some("it is 0, and the first version is 1".to_owned()),
        later => Some(format!(
            "it is {later}, a later one than {SCHEMA_VERSION}, the latest that this release knows: upgrade diesel-routing first, \
             or write the configuration for version {SCHEMA_VERSION}"
        )),
    }
}

fn unreadable(problem: &str) -> ConfigError {
    ConfigError::Unreadable {
        problem: concealed(problem),
    }
}

/// Returns the error for what stands at this path.
fn invalid(path: &serde_path_to_error::Path, message: &str, line: Option<usize>) -> ConfigError {
    // A key that could not be read is none.
    let mut key = path.to_string();
    if let Some(above) = key.strip_suffix('?') {
        key = match above.trim_end_matches('.') {
            "" => ".".to_owned(),
            above => above.to_owned(),
        };
    }
    let unknown = message.strip_prefix("unknown field `");
    let unknown = unknown.and_then(|rest| rest.split_once('`'));
    if let Some((field, _)) = unknown {
        let is_named = key == field
            || key
                .strip_suffix(field)
                .is_some_and(|before| before.ends_with('.'));
        if key == "." {
            key = field.to_owned();
        } else if !is_named {
            key = format!("{key}.{field}");
        }
    }
    let message = match line {
        Some(line) => format!("{} (line {line})", concealed(message)),
        None => concealed(message),
    };
    if key == "." {
        return ConfigError::Unreadable { problem: message };
    }
    ConfigError::setting(key, message)
}

/// Takes out what may be a password: a URL that stands where none belongs is quoted by serde.
fn concealed(message: &str) -> String {
    if message.contains("password=") {
        return "what stands there is withheld: it may have a password".to_owned();
    }
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after.find(['"', '`', '\'']).unwrap_or(after.len());
        let (url, left) = after.split_at(end);
        shown.push_str(if url.contains(['@', '?']) { "***" } else { url });
        rest = left;
    }
    shown + rest
}
