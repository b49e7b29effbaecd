//! `NodesFile`: a file that names the nodes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diesel_routing::Node;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use serde::Deserialize;
use tokio::sync::Notify;

use crate::{DiscoveryError, Found, Source};

/// A TOML file that names the nodes, read again when it changes.
///
/// ```toml
/// [[node]]
/// name = "replica-1"
/// url = "postgres://app@10.0.0.2/app"
/// zone = "eu-central-1a" # optional
/// weight = 2             # optional
///
/// [[node]]
/// name = "replica-2"
/// url_env = "REPLICA_2_URL" # an environment variable has the URL
/// ```
///
/// Its directory is watched, so a file that is replaced (by an editor, by `mv`, as Kubernetes does with a `ConfigMap`) is
/// seen. One that is half written or wrong is an error that names the line; the last good set stands. Where the system
/// cannot watch, it is read at each question.
///
/// # Example
///
/// ```no_run
/// use diesel_routing_discovery::{Discovery, NodesFile};
///
/// let node_sets = Discovery::of(NodesFile::new("/etc/app/nodes.toml")).into_stream();
/// # let _ = node_sets;
/// ```
pub struct NodesFile {
    path: PathBuf,
    finish: Box<dyn Fn(Node) -> Node + Send + Sync>,
    changed: Arc<Notify>,
    /// Kept for as long as signs are wanted; `None` where the system has none to give.
    _watcher: Option<RecommendedWatcher>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    node: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: Option<String>,
    url_env: Option<String>,
    zone: Option<String>,
    weight: Option<u32>,
}

impl NodesFile {
    /// Creates a source of the nodes in this file, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let changed = Arc::new(Notify::new());
        let watcher = watch(&path, Arc::clone(&changed))
            .inspect_err(|error| {
                let path = path.display();
                // As the router says it of its configuration.
                tracing::warn!(
                    name: "file_unwatched",
                    target: "diesel_routing",
                    event = "file_unwatched",
                    %path,
                    why = %error,
                    "changes of the file are found when it is read next only"
                );
            })
            .ok();
        Self {
            path,
            finish: Box::new(|node| node),
            changed,
            _watcher: watcher,
        }
    }

    /// Sets what else is said of each node: pool sizes, time-outs.
    #[must_use]
    pub fn each(mut self, finish: impl Fn(Node) -> Node + Send + Sync + 'static) -> Self {
        self.finish = Box::new(finish);
        self
    }

    fn read(&self) -> Result<Vec<Node>, DiscoveryError> {
        let text =
            std::fs::read_to_string(&self.path).map_err(|error| DiscoveryError::Unreachable {
                source_name: self.name(),
                cause: error.to_string(),
            })?;
        let content: Content =
            toml::from_str(&text).map_err(|error| self.unreadable(told(&text, &error)))?;
        let nodes = content.node.into_iter().map(|entry| self.node(entry));
        nodes.collect()
    }

    fn node(&self, entry: Entry) -> Result<Node, DiscoveryError> {
        let name = &entry.name;
        let url = match (entry.url, entry.url_env) {
            (Some(url), None) => url,
            (None, Some(variable)) => std::env::var(&variable).map_err(|_| {
                self.unreadable(format!(
                    "node `{name}` has its URL from the environment variable `{variable}`, which is not set, or no Unicode"
                ))
            })?,
            _ => {
                return Err(self.unreadable(format!(
                    "node `{name}` needs either `url` or `url_env`"
                )));
            }
        };
        let mut node = Node::new(entry.name, url);
        if let Some(zone) = entry.zone {
            node = node.zone(zone);
        }
        if let Some(weight) = entry.weight {
            node = node.weight(weight);
        }
        Ok((self.finish)(node))
    }

    fn unreadable(&self, cause: String) -> DiscoveryError {
        DiscoveryError::Unreadable {
            source_name: self.name(),
            cause,
        }
    }
}

impl Source for NodesFile {
    fn name(&self) -> String {
        format!("the file {}", self.path.display())
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        // A small local file: shorter than handing it to another thread.
        self.read().map(Found::new)
    }

    async fn changed(&mut self) {
        self.changed.notified().await;
    }
}

impl fmt::Debug for NodesFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodesFile")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Watches the directory of a file: one that is replaced is another file.
fn watch(path: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let sign = move |event: notify::Result<notify::Event>| {
        // Reading it is no change; whatever else happens there may be.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            changed.notify_one();
        }
    };
    let config = notify::Config::default().with_poll_interval(Duration::from_secs(1));
    let mut watcher = RecommendedWatcher::new(sign, config)?;
    watcher.watch(directory, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

/// Returns what is wrong and where, without the text of the line: that may be a URL with a password.
fn told(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| {
        let before = text.get(..span.start).unwrap_or(text);
        before.matches('\n').count() + 1
    });
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::pin::pin;

    use futures_util::StreamExt as _;

    use super::*;
    use crate::Discovery;

    const ONE: &str = "[[node]]\nname = \"one\"\nurl = \"postgres://u:secret@h/d\"\n";
    const TWO: &str = "[[node]]\nname = \"two\"\nurl = \"u\"\nzone = \"a\"\nweight = 3\n";

    fn file(text: &str) -> (tempfile::TempDir, NodesFile) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nodes.toml");
        fs::write(&path, text).unwrap();
        (directory, NodesFile::new(path))
    }

    fn names(nodes: &[Node]) -> Vec<&str> {
        nodes.iter().map(Node::name).collect()
    }

    #[tokio::test]
    async fn a_file_is_read_again_when_it_is_replaced() {
        let (directory, source) = file(ONE);
        let path = directory.path().join("nodes.toml");
        let quick = Duration::from_millis(1);
        let sets = Discovery::of(source)
            .at_least_every(Duration::from_secs(3600))
            .no_more_often_than(quick);
        let mut sets = pin!(sets.into_stream());
        assert_eq!(names(&sets.next().await.unwrap().unwrap()), ["one"]);

        let other = directory.path().join("other");
        fs::write(&other, format!("{ONE}{TWO}")).unwrap();
        fs::rename(&other, &path).unwrap();
        loop {
            let set = sets.next().await.unwrap().unwrap();
            if names(&set) == ["one", "two"] {
                break;
            }
        }
        fs::remove_file(&path).unwrap();
        while sets.next().await.unwrap().is_ok() {}
        fs::write(&path, TWO).unwrap();
        loop {
            if let Ok(set) = sets.next().await.unwrap()
                && names(&set) == ["two"]
            {
                break;
            }
        }
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_file_is_said_without_its_secrets() {
        let cases = [
            (
                "[[node]]\nname = \"one\"\nurl = \"postgres://u:secret@h/d\n",
                "line 3: ",
            ),
            (
                "[[node]]\nname = 1\nurl = \"secret\"\n",
                "line 2: invalid type: integer `1`, expected a string",
            ),
            (
                "[[node]]\nname = \"one\"\nurl = \"secret\"\nport = 7\n",
                "line 4: unknown field `port`",
            ),
            (
                "[[nodes]]\nname = \"one\"\n",
                "line 1: unknown field `nodes`",
            ),
            (
                "[[node]]\nname = \"one\"\n",
                "node `one` needs either `url` or `url_env`",
            ),
            (
                "[[node]]\nname = \"one\"\nurl = \"secret\"\nurl_env = \"X\"\n",
                "node `one` needs either",
            ),
            (
                "[[node]]\nname = \"one\"\nurl_env = \"NOT_SET_ANYWHERE\"\n",
                "`NOT_SET_ANYWHERE`, which is not set",
            ),
        ];
        for (text, words) in cases {
            let (_directory, mut source) = file(text);
            let error = source.ask().await.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
            assert!(error.contains("nodes.toml"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_named() {
        let mut source = NodesFile::new("not/there.toml");
        let error = source.ask().await.unwrap_err().to_string();
        assert!(
            error.starts_with("the file not/there.toml cannot be asked: "),
            "{error}"
        );
    }

    #[tokio::test]
    async fn each_node_can_be_given_more() {
        let (_directory, source) = file(TWO);
        let mut source = source.each(|node| node.read_pool_size(3));
        let nodes = source.ask().await.unwrap().nodes;
        let node = Node::new("two", "u").zone("a").weight(3).read_pool_size(3);
        assert_eq!(format!("{nodes:?}"), format!("{:?}", [node]));
    }
}
