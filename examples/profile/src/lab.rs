//! `Lab`: makes the kit's replicas lag and stand still.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel_routing_testkit::{PgCluster, PgNode, ServerError};

/// The most that a replica can be made to lag. The router's limit is a minute: then it serves nothing.
const MOST: Duration = Duration::from_secs(30);

/// The errors of a change to a replica.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// There is none of this number.
    #[error("there is no replica number {0}: they are counted from 0")]
    NoReplica(usize),
    /// It would lag too much.
    #[error("a replica can be made to lag {MOST:?} at most")]
    TooMuch,
    /// The server refused.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// The changes that were made to a replica.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Knobs {
    pub(crate) lag: Duration,
    pub(crate) is_paused: bool,
    pub(crate) is_down: bool,
}

/// A cluster of the test kit's, and what was done to its replicas. Its methods block for milliseconds.
#[derive(Debug)]
pub struct Lab {
    cluster: PgCluster,
    knobs: Vec<Mutex<Knobs>>,
}

impl Lab {
    pub(crate) fn new(cluster: PgCluster) -> Self {
        let knobs = cluster.standbys().iter().map(|_| Mutex::default());
        Self {
            knobs: knobs.collect(),
            cluster,
        }
    }

    /// Returns the cluster.
    pub fn cluster(&self) -> &PgCluster {
        &self.cluster
    }

    /// Has a replica (counted from 0) apply what was written this much later; zero ends it, 30 s is the most.
    ///
    /// # Errors
    ///
    /// [`LabError`].
    pub fn set_lag(&self, replica: usize, lag: Duration) -> Result<(), LabError> {
        let (node, mut knobs) = self.replica(replica)?;
        if lag > MOST {
            return Err(LabError::TooMuch);
        }
        node.set_apply_delay(lag)?;
        knobs.lag = lag;
        Ok(())
    }

    /// Stops a replica's replay: it answers with the rows that it has.
    ///
    /// # Errors
    ///
    /// [`LabError`].
    pub fn pause(&self, replica: usize) -> Result<(), LabError> {
        let (node, mut knobs) = self.replica(replica)?;
        node.pause_replay()?;
        knobs.is_paused = true;
        Ok(())
    }

    /// Lets it go on.
    ///
    /// # Errors
    ///
    /// [`LabError`].
    pub fn resume(&self, replica: usize) -> Result<(), LabError> {
        let (node, mut knobs) = self.replica(replica)?;
        node.resume_replay()?;
        knobs.is_paused = false;
        Ok(())
    }

    /// Kills a replica, as a crash does.
    ///
    /// # Errors
    ///
    /// [`LabError`].
    pub fn kill(&self, replica: usize) -> Result<(), LabError> {
        let (node, mut knobs) = self.replica(replica)?;
        node.kill()?;
        *knobs = Knobs {
            is_down: true,
            // It replays once it is back.
            is_paused: false,
            ..*knobs
        };
        Ok(())
    }

    /// Starts it again.
    ///
    /// # Errors
    ///
    /// [`LabError`].
    pub fn restart(&self, replica: usize) -> Result<(), LabError> {
        let (node, mut knobs) = self.replica(replica)?;
        node.restart()?;
        knobs.is_down = false;
        Ok(())
    }

    /// Returns what was done to a replica; nothing, if there is none of this number.
    pub(crate) fn knobs(&self, replica: usize) -> Knobs {
        self.replica(replica)
            .map(|(_, knobs)| *knobs)
            .unwrap_or_default()
    }

    fn replica(&self, replica: usize) -> Result<(&PgNode, MutexGuard<'_, Knobs>), LabError> {
        let node = self.cluster.standbys().get(replica);
        let knobs = self.knobs.get(replica);
        let (node, knobs) = node.zip(knobs).ok_or(LabError::NoReplica(replica))?;
        Ok((node, knobs.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}
