//! One file under two names.

use super::world::nodes;
use super::*;

#[test]
fn a_replica_that_is_the_primarys_file_by_another_name_is_refused() {
    run(async {
        let cluster = Cluster::start(0);
        let url = cluster.primary_url();
        let (dir, file) = url.rsplit_once('/').unwrap();
        let link = tempfile::tempdir().unwrap();
        let link = link.path().join("link");
        std::os::unix::fs::symlink(url, &link).unwrap();
        for twin in [
            format!("{dir}/./{file}"),
            format!("file:{url}"),
            link.display().to_string(),
        ] {
            let builder = nodes(&cluster, 1).replica(Node::new("twin", &twin));
            let error = wait!(builder.build()).unwrap_err();
            assert!(
                matches!(&error, Error::Config(ConfigError::ReplicaIsPrimary { replica, .. })
                    if replica == "twin"),
                "{twin}: {error:?}"
            );
        }
    });
}
