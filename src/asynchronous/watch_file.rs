//! `Router::watch_file`: a configuration that is applied as it changes.

use super::follow_file::follow;
use super::{RoutedConnection, Router};
use crate::config::{ConfigFile, FileWatch, FileWatcher};

impl<C: RoutedConnection> Router<C> {
    /// Applies the configuration in a TOML file, now and as it changes, until what this returns is dropped; in a task of its
    /// own, so call it in a runtime. It keeps no router alive.
    ///
    /// A file that vanishes, is half written or wrong changes nothing: the running configuration stays, and the error is given to
    /// [`ConfigFile::on_error`], logged, and stands in [`Status::configuration`](crate::Status::configuration). It is tried again as soon
    /// as it changes, and every few seconds. The file's directory is watched, so a file that is replaced (by an editor, by
    /// `mv`, as Kubernetes does with a `ConfigMap`) is seen, and so are the files that its secrets are in; both are read once
    /// a minute in any case.
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))]
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use diesel_routing::config::ConfigFile;
    /// use diesel_routing::pg::Router;
    ///
    /// let file = ConfigFile::new("/etc/app/routing.toml");
    /// let router = Router::builder().config(&file.read()?).build().await?;
    /// let watch = router.watch_file(file.by("routing.toml"));
    /// # let _ = watch;
    /// # Ok(()) }
    /// ```
    pub fn watch_file(&self, file: impl Into<ConfigFile>) -> FileWatch {
        let (file, watch) = FileWatcher::new(file.into());
        let router = self.downgrade();
        tokio::spawn(follow(move || router.upgrade(), file));
        watch
    }
}
