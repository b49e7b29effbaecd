use std::fs;

use crate::program::{program, run};
use crate::{log_all, nodes, postgres};

#[test]
fn a_configuration_is_that_of_a_router() {
    let cluster = postgres(1);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("routing.toml");
    let url = |index: usize| cluster.node(index).url();
    // Pools that keep connections open are a router's, and not ours.
    let text = format!(
        "zone = 'a'\n\
         [nodes.one]\nurl = '{}'\nrole = 'primary'\npools.write = {{ size = 4, min_idle = 4 }}\n\
         [nodes.two]\nurl = '{}'\nrole = 'replica'\n",
        url(0),
        url(1)
    );
    fs::write(&path, text).unwrap();
    let by_option = run([
        "status".as_ref(),
        "--json".as_ref(),
        "--config".as_ref(),
        path.as_os_str(),
    ]);
    let by_environment = program()
        .args(["status", "--json"])
        .env("DIESEL_ROUTING_CONFIG", &path)
        .output();
    for run in [by_option, crate::program::Run::of(by_environment.unwrap())] {
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        let nodes = &run.json()["nodes"];
        assert_eq!(nodes[0]["name"], "one");
        assert_eq!(nodes[0]["role"], "primary");
        assert_eq!(nodes[1]["role"], "replica");
    }
}

#[test]
fn nodes_may_come_from_the_environment_with_their_urls_from_variables() {
    let cluster = postgres(0);
    let output = program()
        .args(["status", "--json"])
        .env("DIESEL_ROUTING_NODES", "one=env:ONE_URL")
        .env("ONE_URL", cluster.primary().url())
        .output();
    let run = crate::program::Run::of(output.unwrap());
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.json()["nodes"][0]["role"], "primary");
}

#[test]
fn a_mistake_in_a_configuration_names_the_file_and_the_key() {
    let dir = tempfile::tempdir().unwrap();
    for (text, words) in [
        (
            "[nodes.a]\nurl = 'postgres://app:hunter2@h/db'\n",
            "`nodes.a.url`",
        ),
        (
            "[nodes.a]\nurl_env = 'NO_SUCH_VARIABLE'\n",
            "`NO_SUCH_VARIABLE` is not set",
        ),
        ("maxlag = '1s'\n", "maxlag"),
        ("max_lag = '1s'\n", "it names no node"),
        ("[nodes.a\n", "routing.toml"),
    ] {
        let path = dir.path().join("routing.toml");
        fs::write(&path, text).unwrap();
        let run = run(["status".as_ref(), "-c".as_ref(), path.as_os_str()]);
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(
            run.err.contains("routing.toml") && run.err.contains(words),
            "{}",
            run.err
        );
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
    let missing = run(["status", "-c", "/no/such/file.toml"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.err.contains("/no/such/file.toml"),
        "{}",
        missing.err
    );
}

#[test]
fn no_nodes_two_origins_and_several_kinds_are_mistakes() {
    let none = run(["status"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("--config FILE"), "{}", none.err);
    let output = program()
        .arg("status")
        .env("DIESEL_ROUTING_NODES", "a=/a.db")
        .env("DIESEL_ROUTING_CONFIG", "a.toml")
        .output();
    let both = crate::program::Run::of(output.unwrap());
    assert_eq!(both.code, Some(2), "{both:?}");
    let mixed = run(["status", "-n", "a=/a.db", "-n", "b=mysql://u:hunter2@h/db"]);
    assert_eq!(mixed.code, Some(2));
    assert!(
        mixed.err.contains("different kinds") && !mixed.err.contains("hunter2"),
        "{}",
        mixed.err
    );
}

#[test]
fn the_sessions_of_a_look_are_read_only() {
    let cluster = postgres(0);
    log_all(&cluster);
    let run = run(["status".to_owned()].into_iter().chain(nodes(&cluster)));
    assert_eq!(run.code, Some(0), "{run:?}");
    let log = cluster.primary().log_tail();
    let guard = "set_config('default_transaction_read_only', 'on', false)";
    assert!(log.contains(guard), "{log}");
}
