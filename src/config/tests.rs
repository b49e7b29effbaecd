use std::time::Duration;

use super::*;

/// Returns the key and the problem of what is wrong with a text.
fn problem(text: &str) -> (String, String) {
    match RoutingConfig::from_json(text) {
        Err(ConfigError::Key { key, problem }) => (key, problem),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_is_left_out_is_left_as_it_is_and_what_is_said_comes_back() {
    let empty = RoutingConfig::from_json("{}").unwrap();
    assert_eq!(empty, RoutingConfig::default());
    assert_eq!(serde_json::to_string(&empty).unwrap(), r#"{"version":1}"#);
    let text = r#"{"version":1,"nodes":{"one":{"url":"postgres://app@h/d","role":"primary","pools":{"read":{"size":3,"max_lifetime":"never"}}}},"zone":"a","max_lag":"10s","balance":{"strategy":"round_robin","primary_share":0.25},"classes":{"payments":{"max_lag":"250ms","region":"bound=2s"}},"edge":{"rules":[{"path":"/admin","method":"GET","level":"bounded=1s"}]}}"#;
    let config = RoutingConfig::from_json(text).unwrap();
    assert_eq!(serde_json::to_string(&config).unwrap(), text);
    assert_eq!(config.max_lag, Some(Duration::from_secs(10).into()));
}

#[test]
fn a_mistake_names_the_key_the_value_and_what_is_legal() {
    for (text, key, words) in [
        (r#"{"maxlag":"1s"}"#, "maxlag", "`max_lag`"),
        (
            r#"{"classes":{"payments":{"maxlag":"1s"}}}"#,
            "classes.payments.maxlag",
            "`max_lag`",
        ),
        (
            r#"{"nodes":{"one":{"pools":{"reed":{}}}}}"#,
            "nodes.one.pools.reed",
            "`read`",
        ),
        (
            r#"{"max_lag":5}"#,
            "max_lag",
            "integer `5`, expected a time with its unit",
        ),
        (
            r#"{"max_lag":"5"}"#,
            "max_lag",
            "\"5\", expected a time with its unit",
        ),
        (
            r#"{"window":{"fixed":"soon"}}"#,
            "window.fixed",
            "\"soon\", expected a time",
        ),
        (
            r#"{"window":["5s"]}"#,
            "window",
            "sequence, expected a table of keys",
        ),
        (
            r#"{"classes":{"a":["1s"]}}"#,
            "classes.a",
            "expected a table of keys",
        ),
        (
            r#"{"edge":{"rules":[["/a","GET","strong"]]}}"#,
            "edge.rules[0]",
            "expected a table of keys",
        ),
        (
            r#"{"window":"5s"}"#,
            "window",
            "string \"5s\", expected a table of keys",
        ),
        (
            r#"{"balance":{"strategy":"best"}}"#,
            "balance.strategy",
            "`least_of_two`",
        ),
        (
            r#"{"balance":{"primary_share":101}}"#,
            "balance.primary_share",
            "101, and a share is a number from 0",
        ),
        (
            r#"{"balance":{"primary_share":-0.1}}"#,
            "balance.primary_share",
            "-0.1",
        ),
        (
            r#"{"nodes":{"one":{"role":"leader"}}}"#,
            "nodes.one.role",
            "`primary`",
        ),
        (r#"{"nodes":{"one":{}}}"#, "nodes.one", "`url_env`"),
        (
            r#"{"nodes":{"one":{"url":"a","url_env":"B"}}}"#,
            "nodes.one",
            "more than one",
        ),
        (
            r#"{"nodes":{"one":{"url":"a","weight":0}}}"#,
            "nodes.one.weight",
            "at least 1",
        ),
        (
            r#"{"nodes":{"one":{"url":"a","weight":-1}}}"#,
            "nodes.one.weight",
            "expected u32",
        ),
        (
            r#"{"nodes":{"one":{"url":"a","only_tagged":true}}}"#,
            "nodes.one.tags",
            "is empty",
        ),
        (
            r#"{"nodes":{"one":{"url":"a","pools":{"write":{"size":0}}}}}"#,
            "nodes.one.pools.write.size",
            "at least 1",
        ),
        (
            r#"{"nodes":{"a":{"url":"a","role":"primary"},"b":{"url":"b","role":"primary"}}}"#,
            "nodes.b.role",
            "so is `a`'s",
        ),
        (
            r#"{"classes":{"a":{"region":"near"}}}"#,
            "classes.a.region",
            "`refuse`",
        ),
        (
            r#"{"edge":{"rules":[{"path":"/a","level":"high"}]}}"#,
            "edge.rules[0].level",
            "`strong`",
        ),
        (
            r#"{"edge":{"rules":[{"path":"/a"}]}}"#,
            "edge.rules[0]",
            "neither `level` nor `class`",
        ),
        (
            r#"{"edge":{"rules":[{"path":"/a","class":"b"}]}}"#,
            "edge.rules[0].class",
            "no such class",
        ),
        (
            r#"{"replica_share":101}"#,
            "replica_share",
            "it is 101, and a share is from 0 to 100",
        ),
        (
            r#"{"classes":{"a":{"replica_share":101}}}"#,
            "classes.a.replica_share",
            "101",
        ),
        (r#"{"mode":"off"}"#, "mode", "`primary_only`"),
        (
            r#"{"classes":{"a":{"fallback":"replica"}}}"#,
            "classes.a.fallback",
            "`refuse`",
        ),
        (
            r#"{"window":{"fixed":"5s","min":"1s"}}"#,
            "window",
            "it has `fixed`",
        ),
        (
            r#"{"window":{"factor":0.5}}"#,
            "window.factor",
            "it is 0.5, and must be from 1 to 100",
        ),
        (
            r#"{"breaker":{"load":{"strained":0.9,"open":0.8}}}"#,
            "breaker.load",
            "it is 0.9 and 0.8",
        ),
        (
            r#"{"watch":{"interval":"0s"}}"#,
            "watch.interval",
            "at least `1ms`",
        ),
        (
            r#"{"watch":{"interval":"100ms"},"classes":{"a":{"max_lag":"50ms"}}}"#,
            "classes.a.max_lag",
            "50ms, less than what can be measured",
        ),
        (r#"{"classes":{"":{}}}"#, "classes", "a name is empty"),
    ] {
        let (found, problem) = problem(text);
        assert_eq!(found, key, "{text}: {problem}");
        assert!(problem.contains(words), "{text}: {problem}");
    }
}

#[test]
fn two_of_one_name_are_refused_in_every_format() {
    let twice = r#"{"classes":{"a":{"wait":"1s"},"b":{},"a":{}}}"#;
    let (key, words) = problem(twice);
    assert!(key.starts_with("classes"), "{key}");
    assert!(words.contains("the name `a` comes twice"), "{words}");
    let (key, _) = problem(r#"{"nodes":{"a":{"url":"x"},"a":{"url":"y"}}}"#);
    assert!(key.starts_with("nodes"), "{key}");
    #[cfg(feature = "config-file")]
    for text in [
        "[classes.a]\nwait = \"1s\"\n[classes.a]\n",
        "[classes]\na = {}\na = {}\n",
        "[nodes.a]\nurl = \"x\"\n[nodes.a]\nurl = \"y\"\n",
    ] {
        let error = RoutingConfig::from_toml(text).unwrap_err().to_string();
        assert!(error.contains("duplicate key"), "{error}");
    }
}

#[test]
fn a_later_version_is_said_to_be_one_whatever_else_there_is() {
    let later = r#"{"a_key_of_tomorrow":{"x":1},"version":2}"#;
    let (key, words) = problem(later);
    assert_eq!(key, "version");
    assert!(
        words.contains("it is 2") && words.contains("upgrade"),
        "{words}"
    );
    assert_eq!(problem(r#"{"version":0}"#).0, "version");
    assert_eq!(problem(r#"{"version":"1"}"#).0, "version");
    #[cfg(feature = "config-file")]
    assert!(matches!(
        RoutingConfig::from_toml("version = 3\n[tomorrow]\n"),
        Err(ConfigError::Key { key, .. }) if key == "version"
    ));
    // A value of a library that puts sources together.
    let error = RoutingConfig::read(serde_json::json!({ "version": 2 })).unwrap_err();
    assert!(error.to_string().contains("`version`: it is 2"), "{error}");
}

#[test]
fn what_is_malformed_says_where_and_shows_no_secret() {
    for text in ["{", "[]", "", "{} x"] {
        let error = RoutingConfig::from_json(text).unwrap_err();
        assert!(
            matches!(error, ConfigError::Unreadable { .. }),
            "{text}: {error:?}"
        );
    }
    for text in [
        r#"{"nodes":{"one":{"url":"postgres://app:hunter2@h/d"}}}"#,
        r#"{"nodes":{"one":{"weight":"postgres://app:hunter2@h/d"}}}"#,
        r#"{"max_lag":"postgres://h/d?password=hunter2"}"#,
        r#"{"max_lag":"host=h password=hunter2"}"#,
        r#"{"nodes":{"one":{"password":"hunter2"}}}"#,
    ] {
        let error = RoutingConfig::from_json(text).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    #[cfg(feature = "config-file")]
    for (text, words) in [
        ("max_lag = \"5s\"\n\nwait = \"hunter2\n", "line 3"),
        ("[nodes.one]\nurl = \"x\"\nport = 5\n", "`nodes.one.port`"),
        (
            "[nodes.one]\nurl = \"x\"\nweight = \"hunter2@\"\n",
            "line 3",
        ),
        (
            "[nodes.one]\nurl = \"postgres://a:hunter2@h\"\n",
            "`nodes.one.url`",
        ),
    ] {
        let error = RoutingConfig::from_toml(text).unwrap_err();
        let shown = format!("{error}");
        assert!(shown.contains(words), "{shown}");
        assert!(
            !shown.contains("://a:hunter2") && !shown.contains("wait ="),
            "{shown}"
        );
    }
}

#[test]
fn secrets_come_from_where_the_configuration_says_and_stay_out_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("secret");
    std::fs::write(&path, "hun/ter2\n").unwrap();
    let path = path.to_str().unwrap();
    let config = RoutingConfig::from_json(&format!(
        r#"{{"nodes":{{"one":{{"url":"postgres://app@h/d","password_file":{path:?},
            "pools":{{"write":{{"url":"postgres://writer@h/d"}}}}}}}}}}"#
    ))
    .unwrap();
    let nodes = config.read_nodes().unwrap();
    assert_eq!(nodes[0].url(), "postgres://app:hun%2Fter2@h/d");
    use crate::server::PoolKind::{Read, Write};
    assert_eq!(nodes[0].url_of(Some(Write)), "postgres://writer@h/d");
    assert_eq!(nodes[0].url_of(Some(Read)), nodes[0].url());
    let shown = format!(
        "{config:?} {} {nodes:?}",
        serde_json::to_string(&config).unwrap()
    );
    assert!(!shown.contains("ter2"), "{shown}");
    std::fs::remove_file(path).unwrap();
    let error = config.read_nodes().unwrap_err().to_string();
    assert!(
        error.contains("`nodes.one.password_file`") && error.contains(path),
        "{error}"
    );
    let unset = r#"{"nodes":{"one":{"url_env":"NOT_SET_ANYWHERE"}}}"#;
    let error = RoutingConfig::from_json(unset)
        .unwrap()
        .read_nodes()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("`nodes.one.url_env`") && error.contains("`NOT_SET_ANYWHERE` is not set"),
        "{error}"
    );
    let set = r#"{"nodes":{"one":{"url_env":"CARGO_MANIFEST_DIR"}}}"#;
    let nodes = RoutingConfig::from_json(set).unwrap().read_nodes().unwrap();
    assert_eq!(nodes[0].url(), env!("CARGO_MANIFEST_DIR"));
}
