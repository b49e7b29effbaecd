//! A configuration in a file, which is applied as it changes.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::{Changes, RoutingConfig};
use crate::cluster::after;
use crate::error::{ConfigError, Error, error_chain};
use crate::observe;

/// A TOML file that a router follows, for `Router::watch_file`.
///
/// ```no_run
/// # #[cfg(feature = "sync-postgres")]
/// # fn example(router: &diesel_routing::sync::pg::Router) {
/// use diesel_routing::config::ConfigFile;
///
/// let file = ConfigFile::new("/etc/app/routing.toml")
///     .on_error(|error| eprintln!("the configuration stays as it is: {error}"));
/// let watch = router.watch_file(file); // until it is dropped
/// # drop(watch);
/// # }
/// ```
#[must_use]
pub struct ConfigFile {
    path: PathBuf,
    author: Option<String>,
    reread_every: Duration,
    on_change: Callback<Changes>,
    on_error: Callback<Error>,
}

type Callback<T> = Box<dyn Fn(&T) + Send + Sync>;

/// Follows a file until it is dropped, or the router is.
///
/// A change that is under way when it is dropped is completed.
#[derive(Debug)]
#[must_use = "dropping it ends it"]
pub struct FileWatch(Arc<Signs>);

/// The signs that a file may have changed.
#[derive(Debug, Default)]
struct Signs {
    /// Set if there was a sign that nobody has seen.
    has_come: AtomicBool,
    has_ended: AtomicBool,
    event: Event,
}

/// The time without signs after which a file is read: whoever writes it, does so in several steps. Chosen.
const SETTLES: Duration = Duration::from_millis(50);

/// The most that a file is waited for which changes all the time. Chosen.
const SETTLES_WITHIN: Duration = Duration::from_secs(1);

/// The time after which a file is tried again that could not be applied: a node may have been down, or the file on its way.
/// Chosen.
const RETRY: Duration = Duration::from_secs(5);

/// The time after which a file is read though there was no sign: network file systems give none. Chosen.
const REREAD: Duration = Duration::from_secs(60);

impl ConfigFile {
    /// Creates a file that is followed; it need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            author: None,
            reread_every: REREAD,
            on_change: Box::new(|_| {}),
            on_error: Box::new(|_| {}),
        }
    }

    /// Sets who or what its changes are by, in `Status::configuration` and the log. Defaults to the path.
    pub fn by(mut self, author: impl Into<String>) -> Self {
        self.author = Some(author.into());
        self
    }

    /// Sets how often the file and the secrets that it refers to are read though there was no sign of a change. Defaults to a
    /// minute.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// use diesel_routing::config::ConfigFile;
    ///
    /// let file = ConfigFile::new("routing.toml")
    ///     .reread_every(Duration::from_secs(60)) // a file system that tells of no changes
    ///     .on_change(|changes| println!("{changes}"))
    ///     .on_error(|error| println!("{error}"));
    /// # let _ = file;
    /// ```
    pub fn reread_every(mut self, interval: Duration) -> Self {
        self.reread_every = interval.max(Duration::from_millis(10));
        self
    }

    /// Sets what is called with each change that was applied.
    pub fn on_change(mut self, call: impl Fn(&Changes) + Send + Sync + 'static) -> Self {
        self.on_change = Box::new(call);
        self
    }

    /// Sets what is called with each error, once as long as it stays the same: a file that is not there, or wrong, or whose
    /// nodes do not answer. The running configuration stays.
    pub fn on_error(mut self, call: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_error = Box::new(call);
        self
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unreadable`] and [`ConfigError::Key`].
    pub fn read(&self) -> Result<RoutingConfig, ConfigError> {
        let text =
            std::fs::read_to_string(&self.path).map_err(|error| ConfigError::Unreadable {
                problem: format!("{}: {error}", self.path.display()),
            })?;
        if text.trim().is_empty() {
            // The first half of a file that is being written, more likely than the wish for no settings.
            let problem = format!("{}: it is empty", self.path.display());
            return Err(ConfigError::Unreadable { problem });
        }
        RoutingConfig::from_toml(&text)
    }
}

impl<P: Into<PathBuf>> From<P> for ConfigFile {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        self.0.has_ended.store(true, Ordering::Release);
        self.0.event.notify(usize::MAX);
    }
}

impl Signs {
    fn come(&self) {
        self.has_come.store(true, Ordering::Release);
        self.event.notify(usize::MAX);
    }
}

/// Follows a file for a router, as a machine without I/O of its own waits.
pub(crate) struct FileWatcher {
    file: ConfigFile,
    signs: Arc<Signs>,
    watcher: Option<RecommendedWatcher>,
    /// The directories that are watched.
    watched: BTreeSet<PathBuf>,
    /// The time at which it is read next, whatever happens.
    next: Instant,
    /// The end of the wait for a file that changes all the time, once there was a sign.
    settles_by: Option<Instant>,
    /// The last error, in words.
    problem: Option<String>,
}

/// The next step of a watcher.
pub(crate) enum Told {
    /// Wait for the event, but not longer than that; then ask again.
    Wait(EventListener, Instant),
    /// Apply the file, and tell what came of it.
    Apply,
    /// Stop.
    End,
}

impl FileWatcher {
    /// Starts to follow a file.
    pub(crate) fn new(file: ConfigFile) -> (Self, FileWatch) {
        let signs = Arc::<Signs>::default();
        let watch = FileWatch(Arc::clone(&signs));
        let watcher = notify_of(&signs)
            .inspect_err(|error| is_unwatched(&file.path, error))
            .ok();
        let mut follower = Self {
            file,
            signs,
            watcher,
            watched: BTreeSet::new(),
            next: Instant::now(),
            settles_by: None,
            problem: None,
        };
        follower.watch(None);
        (follower, watch)
    }

    /// Returns who or what its changes are by.
    pub(crate) fn author(&self) -> String {
        let path = || self.file.path.display().to_string();
        self.file.author.clone().unwrap_or_else(path)
    }

    /// Returns what to do now.
    pub(crate) fn next(&mut self, now: Instant) -> Told {
        // Listen before looking: a sign in between counts.
        let sign = self.signs.event.listen();
        if self.signs.has_ended.load(Ordering::Acquire) {
            return Told::End;
        }
        if self.signs.has_come.swap(false, Ordering::AcqRel) {
            let by = *self.settles_by.get_or_insert(after(now, SETTLES_WITHIN));
            self.next = after(now, SETTLES).min(by);
        }
        if now < self.next {
            return Told::Wait(sign, self.next);
        }
        self.settles_by = None;
        Told::Apply
    }

    /// Reads the file, and watches the secrets that it refers to.
    pub(crate) fn read(&mut self) -> Result<RoutingConfig, Error> {
        let config = self.file.read();
        self.watch(config.as_ref().ok());
        Ok(config?)
    }

    /// Records what came of the file.
    pub(crate) fn applied(&mut self, outcome: &Result<Changes, Error>, now: Instant) {
        match outcome {
            Ok(changes) => {
                self.problem = None;
                self.next = after(now, self.file.reread_every);
                if !changes.is_empty() {
                    (self.file.on_change)(changes);
                }
            }
            Err(error) => {
                self.next = after(now, RETRY.min(self.file.reread_every));
                let words = error_chain(error);
                if self.problem.as_ref() != Some(&words) {
                    self.problem = Some(words);
                    (self.file.on_error)(error);
                }
            }
        }
    }

    /// Watches the directories of the file and of its secrets: what is replaced is another file, in the same place.
    fn watch(&mut self, config: Option<&RoutingConfig>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let secrets = config
            .into_iter()
            .flat_map(RoutingConfig::files)
            .map(Path::new);
        let files = secrets.chain([self.file.path.as_path()]);
        for directory in files.map(directory_of) {
            // Each time: it may have been another directory in its place.
            match watcher.watch(directory, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(directory.to_owned());
                }
                Err(error) if self.watched.remove(directory) || self.problem.is_none() => {
                    is_unwatched(directory, &error);
                }
                Err(_) => {}
            }
        }
    }
}

fn is_unwatched(path: &Path, error: &notify::Error) {
    observe::Event::FileUnwatched {
        path: &path.display().to_string(),
        why: &error.to_string(),
    }
    .emit();
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn notify_of(signs: &Arc<Signs>) -> notify::Result<RecommendedWatcher> {
    let signs = Arc::clone(signs);
    let sign = move |event: notify::Result<notify::Event>| {
        // Reading it is no change; whatever else happens there may be.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            signs.come();
        }
    };
    let config = notify::Config::default().with_poll_interval(Duration::from_secs(1));
    RecommendedWatcher::new(sign, config)
}
