//! The differences between two configurations, key by key.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{KeyChange, RoutingConfig};

/// Returns the keys whose values differ, with both.
pub(crate) fn changed_keys(before: &RoutingConfig, after: &RoutingConfig) -> Vec<KeyChange> {
    let (before, after) = (leaves_of(before), leaves_of(after));
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let changed = keys.into_iter().filter_map(|key| {
        let (from, to) = (before.get(key), after.get(key));
        (from != to).then(|| KeyChange {
            key: key.clone(),
            from: from.cloned(),
            to: to.cloned(),
            is_overridden: false,
        })
    });
    changed.collect()
}

/// Returns whether a key is this one, or below it.
pub(crate) fn is_below(key: &str, above: &str) -> bool {
    let rest = key.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Returns the key with this name below another.
pub(super) fn join(above: &str, name: &str) -> String {
    let is_bare = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match (above, is_bare) {
        ("", true) => name.to_owned(),
        (_, true) => format!("{above}.{name}"),
        ("", false) => format!("{name:?}"),
        (_, false) => format!("{above}.{name:?}"),
    }
}

/// Returns the values of a configuration as text, by key.
pub(super) fn leaves_of(config: &RoutingConfig) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    // It is made of tables, texts, numbers and lists: all of which JSON has.
    if let Ok(value) = serde_json::to_value(config) {
        collect("", &value, &mut leaves);
    }
    leaves
}

fn collect(key: &str, value: &Value, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(table) if key.is_empty() || !table.is_empty() => {
            for (name, value) in table {
                collect(&join(key, name), value, leaves);
            }
        }
        Value::String(text) => {
            leaves.insert(key.to_owned(), text.clone());
        }
        value => {
            leaves.insert(key.to_owned(), value.to_string());
        }
    }
}

/// Returns a configuration with the value that one key has in another.
pub(crate) fn with_key(
    before: &RoutingConfig,
    after: &RoutingConfig,
    key: &str,
) -> Option<RoutingConfig> {
    let before = serde_json::to_value(before).ok()?;
    let after = serde_json::to_value(after).ok()?;
    let value = exchanged("", Some(&before), Some(&after), key)?;
    serde_json::from_value(value).ok()
}

fn exchanged(at: &str, before: Option<&Value>, after: Option<&Value>, key: &str) -> Option<Value> {
    if at == key {
        return after.cloned();
    }
    let table = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
    if !at.is_empty() && !is_below(key, at) {
        return before.cloned();
    }
    let (old, new) = (table(before), table(after));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let mut names: Vec<_> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    let values = names.into_iter().filter_map(|name| {
        let value = exchanged(&join(at, name), old.get(name), new.get(name), key)?;
        Some((name.clone(), value))
    });
    Some(Value::Object(values.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> RoutingConfig {
        RoutingConfig::from_json(text).unwrap()
    }

    #[test]
    fn each_key_that_differs_is_named_with_both_values() {
        let before = config(r#"{"max_lag":"10s","classes":{"a.b":{"wait":"1s"}}}"#);
        let after =
            config(r#"{"max_lag":"2s","classes":{"c":{}},"balance":{"primary_share":0.5}}"#);
        let shown: Vec<_> = changed_keys(&before, &after)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "`balance.primary_share`: unset -> 0.5",
            "`classes.\"a.b\".wait`: 1s -> unset",
            "`classes.c`: unset -> {}",
            "`max_lag`: 10s -> 2s",
        ];
        assert_eq!(shown, expected);
        assert!(changed_keys(&before, &before).is_empty());
    }

    #[test]
    fn one_key_is_taken_from_another_configuration() {
        let before = config(r#"{"max_lag":"10s","classes":{"a.b":{"wait":"1s"}}}"#);
        let after = config(r#"{"max_lag":"2s","classes":{"a.b":{"wait":"2s","max_lag":"9s"}}}"#);
        let with = |key| with_key(&before, &after, key).unwrap();
        let expected = config(r#"{"max_lag":"2s","classes":{"a.b":{"wait":"1s"}}}"#);
        assert_eq!(with("max_lag"), expected);
        let expected =
            config(r#"{"max_lag":"10s","classes":{"a.b":{"wait":"1s","max_lag":"9s"}}}"#);
        assert_eq!(with("classes.\"a.b\".max_lag"), expected);
        let removed = with_key(&after, &before, "classes.\"a.b\".max_lag").unwrap();
        assert_eq!(
            removed,
            config(r#"{"max_lag":"2s","classes":{"a.b":{"wait":"2s"}}}"#)
        );
    }
}
