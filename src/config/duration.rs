//! `HumanDuration`: a time with its unit.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A time in a configuration, with its unit: `"250ms"`, `"5s"`, `"1m 30s"`.
///
/// ```
/// # use std::time::Duration;
/// use diesel_routing::config::HumanDuration;
///
/// let max_lag: HumanDuration = serde_json::from_str(r#""250ms""#)?;
/// assert_eq!(max_lag, Duration::from_millis(250).into());
/// assert_eq!(max_lag.to_string(), "250ms");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HumanDuration(Duration);

/// The longest time that makes sense in a configuration: a longer one is a mistake in the unit.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The words for a legal time.
pub(super) const LEGAL: &str =
    "a time with its unit, of a year at most, such as `250ms`, `5s` or `1m 30s`";

impl HumanDuration {
    /// Returns the time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }

    /// Returns the time that a text says, if it does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let time = humantime::parse_duration(text).ok()?;
        (time <= LONGEST).then_some(Self(time))
    }
}

impl From<Duration> for HumanDuration {
    fn from(time: Duration) -> Self {
        Self(time)
    }
}

impl From<HumanDuration> for Duration {
    fn from(time: HumanDuration) -> Self {
        time.0
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = HumanDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(LEGAL)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<HumanDuration, E> {
                HumanDuration::parse(text)
                    .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        // Not `deserialize_str`: a number gets the words above.
        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for HumanDuration {
    fn schema_name() -> Cow<'static, str> {
        "HumanDuration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A time with its unit.",
            "examples": ["250ms", "5s", "1m 30s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        let read = |text: &str| serde_json::from_str::<HumanDuration>(text);
        for (text, millis) in [("250ms", 250), ("5s", 5000), ("1m 30s", 90_000), ("0s", 0)] {
            let time = read(&format!("{text:?}")).unwrap();
            assert_eq!(time.get(), Duration::from_millis(millis));
            let again = serde_json::to_string(&time).unwrap();
            assert_eq!(read(&again).unwrap(), time);
        }
        for text in [
            "5",
            "\"5\"",
            "\"fast\"",
            "\"\"",
            "\"-5s\"",
            "\"2years\"",
            "null",
            "[1]",
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("a time with its unit"), "{text}: {error}");
        }
    }
}
