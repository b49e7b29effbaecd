//! The replication thread: looks at the primary, keeps its recent past, lets each replica show some of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::database::Database;
use super::history::{History, Snapshot};
use super::state::{Replica, Shared};
use crate::Error;

/// The most steps that a replica's lag is divided into, when commits come faster than that.
const STEPS: u64 = 32;
/// The least number of steps, however large the database.
const FEWEST_STEPS: u64 = 4;
/// The memory that one lag's snapshots may take, unless the fewest steps need more.
const MEMORY: u64 = 256 << 20;

pub(super) struct Replication {
    shared: Arc<Shared>,
    tick: Duration,
    primary: Database,
    replicas: Vec<Database>,
    history: History<Connection>,
    newest: Newest,
}

/// The newest snapshot taken.
#[derive(Clone, Copy)]
struct Newest {
    number: u64,
    /// The version of the primary's file it is a copy of.
    version: Option<i64>,
    /// The primary was last seen to be at that version here.
    complete: Instant,
    sealed: Instant,
    /// The primary has changed since.
    outdated: bool,
    bytes: u64,
}

impl Newest {
    /// Notes what is known about a replica that shows this snapshot, or doesn't.
    fn update(&self, replica: &mut Replica) {
        let shown = replica.shown == self.number;
        replica.current = shown && !self.outdated;
        if shown {
            replica.complete = self.complete;
        }
    }
}

impl Replication {
    pub(super) fn new(
        shared: Arc<Shared>,
        tick: Duration,
        primary: Database,
        replicas: Vec<Database>,
    ) -> Self {
        let now = Instant::now();
        let newest = Newest {
            number: 0,
            version: None,
            complete: now,
            sealed: now,
            outdated: true,
            bytes: 0,
        };
        Self {
            shared,
            tick,
            primary,
            replicas,
            history: History::new(),
            newest,
        }
    }

    /// Gives every replica the primary's present state, whatever its lag.
    pub(super) fn seed(&mut self) -> Result<(), Error> {
        self.look(Duration::ZERO)?;
        for index in 0..self.replicas.len() {
            self.advance(index, Duration::ZERO)?;
        }
        Ok(())
    }

    /// Replicates until the owner says stop or a step fails; in either case nobody waits in vain.
    pub(super) fn run(mut self) {
        let _ended = Ended(Arc::clone(&self.shared));
        if let Err(error) = self.replicate() {
            self.shared.lock().failure = Some(error);
        }
    }

    fn replicate(&mut self) -> Result<(), Error> {
        loop {
            let lags = self.lags();
            if let Some(spacing) = lags.iter().map(|(lag, _)| self.spacing(*lag)).min() {
                self.look(spacing)?;
            }
            for (index, (lag, paused)) in lags.iter().enumerate() {
                if !paused {
                    self.advance(index, *lag)?;
                }
            }
            self.forget();

            self.shared.ring();
            if self.wait() {
                return Ok(());
            }
        }
    }

    /// Waits for the next tick, or for the owner to ask for something. Returns whether to stop.
    fn wait(&self) -> bool {
        let start = Instant::now();
        let mut state = self.shared.lock();
        while !state.stop && !state.asked {
            let Some(left) = self.tick.checked_sub(start.elapsed()) else {
                break;
            };
            state = self.shared.wait(state, left);
        }
        state.asked = false;
        state.stop
    }

    /// Takes a snapshot if the primary has changed and the last one is at least `spacing` old.
    fn look(&mut self, spacing: Duration) -> Result<(), Error> {
        let seen = Instant::now();
        let readable = match self.primary.version()? {
            None => false,
            version if version == self.newest.version => {
                self.newest.complete = seen;
                true
            }
            Some(_) => {
                self.newest.outdated = true;
                self.newest.sealed.elapsed() < spacing || self.take()?
            }
        };

        let mut state = self.shared.lock();
        state.primary_locked = !readable;
        for replica in &mut state.replicas {
            self.newest.update(replica);
        }
        Ok(())
    }

    /// Takes a snapshot; returns whether no lock was in the way.
    fn take(&mut self) -> Result<bool, Error> {
        let complete = Instant::now();
        let Some(transaction) = self.primary.begin_read()? else {
            return Ok(false);
        };
        let sealed = Instant::now();
        let Some((content, bytes)) = transaction.snapshot()? else {
            return Ok(false);
        };
        let number = self.newest.number + 1;
        let since = self.newest.complete;
        self.history.push(Snapshot {
            number,
            since,
            complete,
            sealed,
            content,
        });
        let version = Some(transaction.version);
        self.newest = Newest {
            number,
            version,
            complete,
            sealed,
            outdated: false,
            bytes,
        };
        Ok(true)
    }

    /// Lets replica `index` show the newest snapshot that is at least `lag` old, if it doesn't yet.
    fn advance(&mut self, index: usize, lag: Duration) -> Result<(), Error> {
        let (Some(database), Some(shown)) = (
            self.replicas.get_mut(index),
            begin(&self.shared, index, lag),
        ) else {
            return Ok(());
        };
        let due = self.history.due(Instant::now(), lag, shown);
        let applied = due.map_or(Ok(None), |snapshot| database.apply(&snapshot.content));

        let mut state = self.shared.lock();
        let replica = state.replica(index)?;
        replica.applying = false;
        if let Some(snapshot) = due {
            replica.locked = matches!(applied, Ok(None));
            if matches!(applied, Ok(Some(()))) {
                replica.shown = snapshot.number;
                replica.complete = snapshot.complete;
                self.newest.update(replica);
            }
        }
        drop(state);
        self.shared.ring();
        applied.map(|_| ())
    }

    fn forget(&mut self) {
        let replicas: Vec<_> = self
            .shared
            .lock()
            .replicas
            .iter()
            .map(|r| (r.lag, r.shown))
            .collect();
        let replicas: Vec<_> = replicas
            .into_iter()
            .map(|(lag, shown)| (lag, self.spacing(lag), shown))
            .collect();
        self.history.thin(Instant::now(), &replicas);
    }

    /// Returns how far apart the snapshots for a replica of that lag may be.
    fn spacing(&self, lag: Duration) -> Duration {
        // The history keeps up to two snapshots per step.
        let steps = (MEMORY / 2 / self.newest.bytes.max(1)).clamp(FEWEST_STEPS, STEPS);
        lag / u32::try_from(steps).unwrap_or(u32::MAX)
    }

    fn lags(&self) -> Vec<(Duration, bool)> {
        self.shared
            .lock()
            .replicas
            .iter()
            .map(|r| (r.lag, r.paused))
            .collect()
    }
}

/// Marks replica `index` as being written to and says what it shows, unless the owner has paused it or
/// changed its lag in the meantime.
fn begin(shared: &Shared, index: usize, lag: Duration) -> Option<u64> {
    let mut state = shared.lock();
    let replica = state.replicas.get_mut(index)?;
    // The first snapshot ignores the lag.
    if replica.paused || (replica.shown > 0 && replica.lag != lag) {
        return None;
    }
    replica.applying = true;
    Some(replica.shown)
}

/// Says that the thread has ended, also when it panics.
struct Ended(Arc<Shared>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.ring();
    }
}
