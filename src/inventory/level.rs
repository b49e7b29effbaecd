//! A level as text: `"session"`, `"bounded=250ms"`, `"write"`.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde::ser::Serializer;

use crate::config::HumanDuration;
use crate::routing::Level;

#[expect(clippy::ref_option, reason = "serde's signature")]
pub(super) fn serialize<S: Serializer>(
    level: &Option<Level>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match level {
        Some(Level::Bounded(lag)) => {
            serializer.collect_str(&format_args!("bounded={}", HumanDuration::from(*lag)))
        }
        Some(Level::Eventual) => serializer.serialize_str("eventual"),
        Some(Level::Session) => serializer.serialize_str("session"),
        Some(Level::Strong) => serializer.serialize_str("strong"),
        Some(Level::Write) => serializer.serialize_str("write"),
        None => serializer.serialize_none(),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Level>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let level = match text.split_once('=') {
        Some(("bounded", lag)) => HumanDuration::parse(lag).map(|lag| Level::Bounded(lag.get())),
        Some(_) => None,
        None => match text.as_str() {
            "eventual" => Some(Level::Eventual),
            "session" => Some(Level::Session),
            "strong" => Some(Level::Strong),
            "write" => Some(Level::Write),
            _ => None,
        },
    };
    let legal = "`eventual`, `bounded=250ms` (or another time), `session`, `strong` or `write`";
    level
        .map(Some)
        .ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &legal))
}
