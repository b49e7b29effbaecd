//! What `docs/` says of configurations, against the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use diesel_routing::config::RoutingConfig;
use serde_json::Value;

fn docs(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(file)
}

/// Returns the example with all keys.
fn example() -> String {
    let text = fs::read_to_string(docs("configuration.md")).unwrap();
    let (_, after) = text.split_once("```toml\n").unwrap();
    after.split_once("```").unwrap().0.to_owned()
}

/// Returns the names of properties, at any depth.
fn properties(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(table) => {
            for (name, value) in table {
                if let ("properties", Value::Object(properties)) = (name.as_str(), value) {
                    into.extend(properties.keys().cloned());
                }
                properties(value, into);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| properties(value, into)),
        _ => {}
    }
}

/// After a change of the keys: `ROUTING_CONFIG_SCHEMA=overwrite cargo test --all-features --test configuration`.
#[test]
fn the_schema_in_the_docs_is_that_of_the_code() {
    let path = docs("routing-config.schema.json");
    let schema = serde_json::to_string_pretty(&RoutingConfig::json_schema()).unwrap() + "\n";
    if std::env::var("ROUTING_CONFIG_SCHEMA").is_ok_and(|wish| wish == "overwrite") {
        fs::write(&path, &schema).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == schema,
        "docs/routing-config.schema.json is not current: ROUTING_CONFIG_SCHEMA=overwrite rewrites it"
    );
}

#[test]
fn the_example_in_the_docs_is_valid_and_has_every_key() {
    let example = example();
    let config = RoutingConfig::from_toml(&example).unwrap();
    let again = serde_json::to_string(&config).unwrap();
    assert_eq!(RoutingConfig::from_json(&again).unwrap(), config);
    let mut keys = BTreeSet::new();
    properties(
        &serde_json::to_value(RoutingConfig::json_schema()).unwrap(),
        &mut keys,
    );
    assert!(keys.len() > 30, "{keys:?}");
    let is_there = |key: &&String| {
        let mut words = example.split([' ', '.', '[', ']', '\n', '`']);
        words.any(|word| word == key.as_str())
    };
    let missing: Vec<_> = keys.iter().filter(|key| !is_there(key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
