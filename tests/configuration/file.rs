//! A file that an async router follows.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use diesel_routing::sqlite::Router;

use crate::world::{Files, heard};

async fn router(files: &Files) -> Router {
    let (file, _) = files.file();
    let config = file.read().unwrap();
    Router::builder().config(&config).build().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_applied_when_it_is_written_or_replaced() {
    let files = Files::new();
    let router = router(&files).await;
    let (file, heard) = files.file();
    let watch = router.watch_file(file.by("routing.toml"));
    heard.nothing();
    files.write(&files.text("9s"));
    assert_eq!(heard.change(), "`max_lag`: 10s -> 9s");
    files.replace(&files.text("8s"));
    assert_eq!(heard.change(), "`max_lag`: 9s -> 8s");
    let status = router.status().configuration;
    assert_eq!(
        (status.version, status.by.as_deref()),
        (3, Some("routing.toml"))
    );
    drop(watch);
    files.replace(&files.text("7s"));
    heard.nothing();
    assert_eq!(router.status().configuration.version, 3);
}

/// As a kubelet does it: the file is a link into a directory that is a link, which is replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_mount_whose_links_are_swapped_is_seen() {
    let files = Files::new();
    let mount = files.path("mount");
    for (name, lag) in [("..one", "9s"), ("..two", "8s")] {
        fs::create_dir_all(mount.join(name)).unwrap();
        fs::write(mount.join(name).join("routing.toml"), files.text(lag)).unwrap();
    }
    symlink("..one", mount.join("..data")).unwrap();
    symlink("..data/routing.toml", mount.join("routing.toml")).unwrap();
    let router = router(&files).await;
    let (file, heard) = heard(&mount.join("routing.toml"));
    let _watch = router.watch_file(file);
    assert_eq!(heard.change(), "`max_lag`: 10s -> 9s");
    symlink("..two", mount.join("..data_tmp")).unwrap();
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    assert_eq!(heard.change(), "`max_lag`: 9s -> 8s");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_file_the_running_configuration_stays() {
    let files = Files::new();
    let router = router(&files).await;
    let running = router.configuration();
    let (file, heard) = files.file();
    let _watch = router.watch_file(file);
    let (half, whole) = (files.text("9s"), files.text("9s"));
    let half = half.get(..half.len() / 2).unwrap();
    for (text, words) in [
        ("", "it is empty"),
        (half, "cannot be read: line"),
        ("max_lag = 9\n", "`max_lag`"),
        ("max_lags = \"9s\"\n", "unknown field `max_lags`"),
        ("version = 2\n", "`version`: it is 2"),
        (
            "[balance]\nprimary_share = 101\n",
            "`balance.primary_share`: it is 101",
        ),
        ("[classes.a]\n[classes.a]\n", "duplicate key"),
        ("max_lag = \"9s\"\n", "no primary"),
        ("[watch]\ninterval = \"7ms\"\n", "`watch.interval`"),
        (
            "[classes.a]\nmax_lag = \"1ms\"\n[watch]\ninterval = \"9ms\"\n",
            "less than what can be measured",
        ),
    ] {
        files.write(text);
        let error = heard.error();
        assert!(error.contains(words), "{text:?}: {error}");
        assert!(!error.contains("url ="), "{error}");
        let status = router.status().configuration;
        assert_eq!(status.version, 1, "{text:?}");
        assert!(status.problem.unwrap().contains(words), "{text:?}");
        assert_eq!(router.configuration(), running);
    }
    fs::remove_file(files.path("routing.toml")).unwrap();
    assert!(heard.error().contains("routing.toml"));
    // A directory in its place.
    fs::create_dir(files.path("routing.toml")).unwrap();
    assert!(heard.error().contains("routing.toml"));
    fs::remove_dir(files.path("routing.toml")).unwrap();
    heard.error();
    files.write(&whole);
    assert_eq!(heard.change(), "`max_lag`: 10s -> 9s");
    assert_eq!(router.status().configuration.problem, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_changes_gives_its_node_new_connections() {
    let files = Files::new();
    let router = router(&files).await;
    let (file, heard) = files.file();
    let _watch = router.watch_file(file);
    heard.nothing();
    files.lead_to(1);
    assert_eq!(
        heard.change(),
        "node `replica` was replaced: all its connections are new"
    );
    // One that leads nowhere takes the place of none.
    fs::write(files.path("secret"), "/not/there/db.sqlite").unwrap();
    let error = heard.error();
    assert!(
        error.contains("`replica`") && !error.contains("/not/there"),
        "{error}"
    );
    let conn = router.read_eventual().await.unwrap();
    assert_eq!(conn.route().node, "replica");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_no_router_alive() {
    let files = Files::new();
    let router = router(&files).await;
    let (file, heard) = files.file();
    let _watch = router.watch_file(file);
    heard.nothing();
    drop(router);
    files.write("wrong");
    tokio::time::sleep(Duration::from_millis(1)).await;
    heard.nothing();
}
