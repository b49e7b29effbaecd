//! A configuration file in a directory of its own, for a cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use diesel_routing::Error;
use diesel_routing::config::{Changes, ConfigFile};
use diesel_routing_testkit::SqliteCluster;

/// The longest wait for what must come.
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) struct Files {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) cluster: SqliteCluster,
}

/// What a file's callbacks were told.
pub(crate) struct Heard(Receiver<Result<Changes, String>>);

impl Files {
    pub(crate) fn new() -> Self {
        let cluster = SqliteCluster::builder()
            .replicas(2)
            .schema("CREATE TABLE users (id INTEGER PRIMARY KEY)")
            .start()
            .unwrap();
        let directory = tempfile::tempdir().unwrap();
        let this = Self { directory, cluster };
        this.lead_to(0);
        this.write(&this.text("10s"));
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes the replica's secret the URL of this one.
    pub(crate) fn lead_to(&self, replica: usize) {
        let url = self.cluster.replica_url(replica).unwrap();
        fs::write(self.path("secret"), url).unwrap();
    }

    /// Returns a configuration with this limit of lag.
    pub(crate) fn text(&self, max_lag: &str) -> String {
        let primary = self.cluster.primary_url();
        let secret = self.path("secret");
        format!(
            "max_lag = {max_lag:?}\n[nodes.primary]\nurl = {primary:?}\nrole = \"primary\"\n\
             [nodes.replica]\nurl_file = {secret:?}\nrole = \"replica\"\n"
        )
    }

    pub(crate) fn write(&self, text: &str) {
        fs::write(self.path("routing.toml"), text).unwrap();
    }

    /// Puts another file in the place of the present one.
    pub(crate) fn replace(&self, text: &str) {
        fs::write(self.path("next"), text).unwrap();
        fs::rename(self.path("next"), self.path("routing.toml")).unwrap();
    }

    /// Returns the file, read on signs alone for as long as nothing is wrong, and what it tells.
    pub(crate) fn file(&self) -> (ConfigFile, Heard) {
        heard(&self.path("routing.toml"))
    }
}

pub(crate) fn heard(path: &Path) -> (ConfigFile, Heard) {
    let (tell, heard) = channel();
    let failed: Sender<_> = tell.clone();
    let file = ConfigFile::new(path)
        .reread_every(Duration::from_secs(3600))
        .on_change(move |changes| drop(tell.send(Ok(changes.clone()))))
        .on_error(move |error: &Error| drop(failed.send(Err(error.to_string()))));
    (file, Heard(heard))
}

impl Heard {
    pub(crate) fn change(&self) -> String {
        self.0.recv_timeout(LIMIT).unwrap().unwrap().to_string()
    }

    pub(crate) fn error(&self) -> String {
        self.0.recv_timeout(LIMIT).unwrap().unwrap_err()
    }

    /// Asserts that nothing is told for a while.
    pub(crate) fn nothing(&self) {
        let heard = self.0.recv_timeout(Duration::from_millis(300));
        assert!(heard.is_err(), "{heard:?}");
    }
}
