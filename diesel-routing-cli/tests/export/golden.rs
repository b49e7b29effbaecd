//! The files as they are: a change of a generator shows.

use serde_json::Value;

use crate::generated::{export, fixture, words};

/// Returns the files for a proxy, each behind its name, without the version of the program.
fn files(proxy: &str, config: &str, more: &[&str]) -> String {
    let (config, inventory) = (fixture(config), fixture("inventory.json"));
    let mut all = words(proxy, &config, &inventory);
    all.push("--json");
    all.extend(more);
    let first = export(&all);
    assert_eq!(first, export(&all), "the same source gives the same files");
    let export: Value = serde_json::from_str(&first).unwrap();
    let files = export["files"].as_array().unwrap().iter();
    let files = files.map(|file| {
        let (name, text) = (
            file["name"].as_str().unwrap(),
            file["text"].as_str().unwrap(),
        );
        format!("=== {name}\n{text}")
    });
    let warnings = export["warnings"].as_array().unwrap().iter();
    let warnings = warnings.map(|warning| format!("=== warning: {}\n", warning.as_str().unwrap()));
    let all = files.chain(warnings).collect::<String>();
    all.replace(
        concat!("diesel-routing ", env!("CARGO_PKG_VERSION")),
        "diesel-routing VERSION",
    )
}

macro_rules! golden {
    ($name:ident, $($argument:expr),+) => {
        #[test]
        fn $name() {
            insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
                insta::assert_snapshot!(stringify!($name), files($($argument),+));
            });
        }
    };
}

golden!(
    proxysql_has_rules_servers_and_a_way_back,
    "proxysql",
    "mysql.toml",
    &[
        "--critical-table",
        "shop.payments",
        "--critical-table",
        "stock"
    ]
);
golden!(
    pgbouncer_has_two_aliases,
    "pgbouncer",
    "postgres.toml",
    &["--instances", "4", "--max-connections", "100"]
);
golden!(
    pgbouncer_s_pools_are_as_large_as_the_load_needs,
    "pgbouncer",
    "postgres.toml",
    &[
        "--write-load",
        "225/s:12ms",
        "--primary-read-load",
        "150/s:4ms",
        "--read-load",
        "1350/s:5ms",
        "--instances",
        "8",
        "--max-connections",
        "200"
    ]
);
golden!(
    pgbouncer_stands_behind_haproxy_s_two_addresses,
    "pgbouncer",
    "postgres.toml",
    &["--through", "127.0.0.1:5000,[::1]:5001"]
);
golden!(
    haproxy_asks_postgres_for_its_role,
    "haproxy",
    "postgres.toml",
    &[]
);
golden!(
    haproxy_asks_patroni,
    "haproxy",
    "postgres.toml",
    &["--check-port", "8008"]
);
golden!(
    haproxy_asks_mysql_for_its_role,
    "haproxy",
    "mysql.toml",
    &["--port", "3306", "--read-port", "3307"]
);
golden!(
    pgpool_has_lists_of_functions_and_patterns,
    "pgpool",
    "postgres.toml",
    &[
        "--critical-table",
        "payments",
        "--read-function",
        "shop.total"
    ]
);
golden!(pgdog_has_roles, "pgdog", "postgres.toml", &[]);
