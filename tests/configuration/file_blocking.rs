//! A file that a blocking router follows.

use diesel_routing::sync::sqlite::Router;

use crate::world::Files;

#[test]
fn a_file_is_applied_as_it_changes_and_one_that_is_wrong_changes_nothing() {
    let files = Files::new();
    let (file, heard) = files.file();
    let router = Router::builder()
        .config(&file.read().unwrap())
        .build()
        .unwrap();
    let watch = router.watch_file(file).unwrap();
    // In one step: the file is also read as it begins to be watched, and might be half written then.
    files.replace("max_lag = 9\n");
    assert!(heard.error().contains("`max_lag`"));
    files.replace(&files.text("9s"));
    assert_eq!(heard.change(), "`max_lag`: 10s -> 9s");
    files.lead_to(1);
    assert_eq!(
        heard.change(),
        "node `replica` was replaced: all its connections are new"
    );
    drop(watch);
    files.replace(&files.text("8s"));
    heard.nothing();
    assert_eq!(router.status().configuration.version, 3);
}
