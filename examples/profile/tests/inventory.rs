//! The inventory of the service, which is kept beside it: rules for proxies are made from `routing-inventory.json`.

use std::fs;
use std::path::Path;

use diesel_routing::inventory::Inventory;

/// The environment variable that has the file written anew, if it is `overwrite`.
const VARIABLE: &str = "ROUTING_INVENTORY";

#[test]
fn the_file_has_the_functions_that_the_service_has() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("routing-inventory.json");
    let inventory = profile::inventory();
    if std::env::var_os(VARIABLE).is_some_and(|value| value == "overwrite") {
        inventory.write(&path).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    let kept = Inventory::from_json(&text).map(|kept| kept.digest());
    assert_eq!(
        kept,
        Ok(inventory.digest()),
        "functions, classes or rules have changed: `{VARIABLE}=overwrite cargo test -p profile --test inventory`, and export the \
         proxies' rules again"
    );
}

#[test]
fn a_library_s_functions_are_there_though_nothing_calls_them() {
    let functions = profile::inventory().functions;
    let paths: Vec<_> = functions.iter().map(|function| &*function.path).collect();
    for path in [
        "profile::payments::",
        "profile::people::",
        "profile::stock::",
    ] {
        assert!(
            paths.iter().any(|known| known.starts_with(path)),
            "{paths:?}"
        );
    }
}
