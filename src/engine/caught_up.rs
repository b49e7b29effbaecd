//! `CaughtUp`: the answer to whether every replica has what the primary has.

use std::fmt;

use crate::position::Position;

/// The nodes' answers when they were asked whether the replicas have caught up: see
/// [`Router::verify_caught_up`](crate::Router::verify_caught_up).
///
/// # Example
///
/// ```no_run
/// # use std::time::Duration;
/// # fn example(router: &diesel_routing::sync::sqlite::Router) -> Result<(), diesel_routing::Error> {
/// let report = router.verify_caught_up(Duration::from_secs(10))?;
/// if !report.is_caught_up() {
///     let behind = report.replicas.iter().filter(|replica| !replica.is_caught_up());
///     println!("{report}\nbehind: {}", behind.count());
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "it says whether the replicas have caught up"]
pub struct CaughtUpReport {
    /// The primary's name.
    pub primary: String,
    /// Its position when it was asked, at the beginning.
    pub position: Position,
    /// The replicas, in the order of [`Status::nodes`](crate::Status::nodes).
    pub replicas: Vec<ReplicaReport>,
}

/// One replica's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicaReport {
    /// Its name.
    pub node: String,
    /// Its position when it was asked last; `None` if it gave none.
    pub position: Option<Position>,
    /// Set if it has everything that the primary had at the beginning.
    pub has_all: bool,
    /// The obstacle, in words: it does not answer; its applier or its receiver is not running; its account may not
    /// ask for that. `None` if nothing does.
    pub problem: Option<String>,
}

impl CaughtUpReport {
    /// Returns whether every replica has what the primary had at the beginning, and nothing stands in the way of what comes
    /// next. Also `true` without replicas.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.replicas.iter().all(ReplicaReport::is_caught_up)
    }
}

impl ReplicaReport {
    /// Returns whether it has all, and nothing stands in its way.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.has_all && self.problem.is_none()
    }

    /// Creates the report on a node that was not heard yet.
    pub(crate) fn of(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            position: None,
            has_all: false,
            problem: None,
        }
    }
}

/// One line for the primary, and one for each replica.
impl fmt::Display for CaughtUpReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "primary `{}` is at {}", self.primary, self.position)?;
        for replica in &self.replicas {
            write!(f, "\n{replica}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ReplicaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replica `{}` ", self.node)?;
        match (&self.position, self.has_all) {
            (_, true) => f.write_str("has all of that")?,
            (Some(position), false) => write!(f, "is behind, at {position}")?,
            (None, false) => f.write_str("gave no position")?,
        }
        match &self.problem {
            Some(problem) => write!(f, ": {problem}"),
            None => Ok(()),
        }
    }
}
