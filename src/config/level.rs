//! Words with a time: levels, and what classes do about other regions.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use super::HumanDuration;
use crate::routing::{Fallback, Level, RegionPolicy};

/// A level of reads in a configuration: `"eventual"`, `"bounded=250ms"`, `"session"` or `"strong"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelConfig(Level);

/// The region policy of a class, in a configuration: `"pay"`, `"bound=2s"` or `"refuse"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionConfig(RegionPolicy);

/// The fallback of a class, where no replica may serve its reads, in a configuration: `"primary"`, `"wait=200ms"` (or `"wait 200ms"`)
/// or `"refuse"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FallbackConfig(Fallback);

/// A value that is written as a word, possibly with a time.
trait Worded: Copy + Sized {
    /// The texts that are legal.
    const LEGAL: &'static str;
    /// The same as a regular expression.
    const PATTERN: &'static str;

    /// Returns the value that a word stands for, with a time behind `=` or without.
    fn of_word(word: &str, time: Option<HumanDuration>) -> Option<Self>;

    /// Returns the word for a value, and the time that goes with it.
    fn word(self) -> (&'static str, Option<HumanDuration>);

    fn parse(text: &str) -> Option<Self> {
        match text.split_once(['=', ' ']) {
            Some((word, time)) => Self::of_word(word, Some(HumanDuration::parse(time)?)),
            None => Self::of_word(text, None),
        }
    }
}

impl Worded for LevelConfig {
    const LEGAL: &'static str =
        "`eventual`, `bounded=250ms` (or another time), `session` or `strong`";
    const PATTERN: &'static str = "^(eventual|bounded=.+|session|strong)$";

    fn of_word(word: &str, time: Option<HumanDuration>) -> Option<Self> {
        let level = match (word, time) {
            ("eventual", None) => Level::Eventual,
            ("bounded", Some(lag)) => Level::Bounded(lag.get()),
            ("session", None) => Level::Session,
            ("strong", None) => Level::Strong,
            _ => return None,
        };
        Some(Self(level))
    }

    fn word(self) -> (&'static str, Option<HumanDuration>) {
        match self.0 {
            Level::Eventual => ("eventual", None),
            Level::Bounded(lag) => ("bounded", Some(lag.into())),
            Level::Session => ("session", None),
            Level::Strong | Level::Write => ("strong", None),
        }
    }
}

impl Worded for RegionConfig {
    const LEGAL: &'static str = "`pay`, `bound=2s` (or another time) or `refuse`";
    const PATTERN: &'static str = "^(pay|bound=.+|refuse)$";

    fn of_word(word: &str, time: Option<HumanDuration>) -> Option<Self> {
        let policy = match (word, time) {
            ("pay", None) => RegionPolicy::Pay,
            ("bound", Some(lag)) => RegionPolicy::Bound(lag.get()),
            ("refuse", None) => RegionPolicy::Refuse,
            _ => return None,
        };
        Some(Self(policy))
    }

    fn word(self) -> (&'static str, Option<HumanDuration>) {
        match self.0 {
            RegionPolicy::Pay => ("pay", None),
            RegionPolicy::Bound(lag) => ("bound", Some(lag.into())),
            RegionPolicy::Refuse => ("refuse", None),
        }
    }
}

impl Worded for FallbackConfig {
    const LEGAL: &'static str = "`primary`, `wait=200ms` (or another time) or `refuse`";
    const PATTERN: &'static str = "^(primary|wait[= ].+|refuse)$";

    fn of_word(word: &str, time: Option<HumanDuration>) -> Option<Self> {
        let fallback = match (word, time) {
            ("primary", None) => Fallback::ToPrimary,
            ("wait", Some(limit)) => Fallback::Wait(limit.get()),
            ("refuse", None) => Fallback::Refuse,
            _ => return None,
        };
        Some(Self(fallback))
    }

    fn word(self) -> (&'static str, Option<HumanDuration>) {
        match self.0 {
            Fallback::ToPrimary => ("primary", None),
            Fallback::Wait(limit) => ("wait", Some(limit.into())),
            Fallback::Refuse => ("refuse", None),
        }
    }
}

/// Gives a type that is [`Worded`] what it has in common with the others.
macro_rules! worded {
    ($($name:ident($inner:ident);)+) => {$(
        impl $name {
            /// Returns the value.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.word() {
                    (word, Some(time)) => write!(f, "{word}={time}"),
                    (word, None) => f.write_str(word),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($name::LEGAL)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text)
                            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
                    }
                }

                deserializer.deserialize_any(Text)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": $name::LEGAL,
                    "pattern": $name::PATTERN,
                })
            }
        }
    )+};
}

worded! {
    FallbackConfig(Fallback);
    LevelConfig(Level);
    RegionConfig(RegionPolicy);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_for_themselves() {
        for text in ["eventual", "bounded=250ms", "session", "strong"] {
            assert_eq!(LevelConfig::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            FallbackConfig::parse("wait 1m 30s"),
            FallbackConfig::parse("wait=1m 30s")
        );
        for text in ["primary", "wait=200ms", "refuse"] {
            assert_eq!(FallbackConfig::parse(text).unwrap().to_string(), text);
        }
        for text in ["pay", "bound=2s", "refuse"] {
            assert_eq!(RegionConfig::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "bounded",
            "bounded=",
            "bounded=5",
            "strong=5s",
            "write",
            "Strong",
        ] {
            assert_eq!(LevelConfig::parse(text), None, "{text}");
        }
        let error = serde_json::from_str::<LevelConfig>("\"high\"")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("high") && error.contains("`session`"),
            "{error}"
        );
    }
}
