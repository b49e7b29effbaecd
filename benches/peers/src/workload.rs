//! What the clients do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::backend::Backend;
use crate::counters::Popularity;
use crate::side::{Running, User};
use crate::tally::{Known, Tally};

/// The time for which a client catches up with acts that were due before the end, at a rate that is too high.
const MOST_LATE: Duration = Duration::from_secs(5);

/// The work of the clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) clients: u32,
    /// The mean time before an act; a user reads what they have written at once.
    pub(crate) think: Duration,
    /// The time between two acts of all clients together, if they come whether or not the last ones have ended.
    pub(crate) interval: Option<Duration>,
    /// Not measured.
    pub(crate) warm_up: Duration,
    pub(crate) length: Duration,
}

/// Lets all clients work, each for a user.
///
/// `done` counts their acts, those of the warm-up included.
pub(crate) async fn run<B: Backend>(
    side: &Running<B>,
    work: Work,
    start: Instant,
    done: &Arc<AtomicU64>,
) -> Result<Tally> {
    let mut tasks = JoinSet::new();
    for number in 0..work.clients {
        let done = Arc::clone(done);
        tasks.spawn(client(side.user(), work, number, start, done));
    }
    let mut sum = Tally::new()?;
    while let Some(tally) = tasks.join_next().await {
        sum.add(&tally??)?;
    }
    Ok(sum)
}

async fn client<B: Backend>(
    mut user: User<B>,
    work: Work,
    number: u32,
    start: Instant,
    done: Arc<AtomicU64>,
) -> Result<Tally> {
    let popularity = Popularity::new()?;
    // The same acts on every side.
    let mut random = SmallRng::seed_from_u64(number.into());
    let mut pace = Pace::new(work, number, start);
    let (mut tally, mut known) = (Tally::new()?, Known::default());
    let measured = start + work.warm_up;
    let end = measured + work.length;
    let mut written = None;
    loop {
        let pause = match written {
            Some(_) => Duration::ZERO,
            None => work.think.mul_f64(random.sample(Exp1)),
        };
        // From when it was due: what waits for a late one before it is late itself.
        let since = pace.next(pause).await;
        if since >= end || Instant::now() >= end + MOST_LATE {
            return Ok(tally);
        }
        let counts = since >= measured;
        let key = written.unwrap_or(popularity.key(&mut random));
        // Each write comes with one more read: 10 % of all.
        if written.is_none() && random.random_ratio(1, 9) {
            let version = user.write(key).await.context("a write")?;
            ensure!(
                known.wrote(key, version),
                "a write returned version {version}, which its user had seen before"
            );
            written = Some(key);
            if counts {
                tally.wrote(since.elapsed())?;
            }
        } else {
            let version = user.read(key).await.context("a read")?;
            let seen = known.read(key, version);
            let is_own = written.take().is_some();
            if counts {
                tally.read(seen, is_own, since.elapsed())?;
            }
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// The times at which a client's acts are due.
#[derive(Debug)]
struct Pace {
    due: Instant,
    step: Option<Duration>,
}

impl Pace {
    fn new(work: Work, number: u32, start: Instant) -> Self {
        // One client after the other.
        let offset = work.interval.unwrap_or_default() * number;
        Self {
            due: start + offset,
            step: work.interval.map(|interval| interval * work.clients),
        }
    }

    /// Waits for the next act, and returns when it was due.
    async fn next(&mut self, pause: Duration) -> Instant {
        let Some(step) = self.step else {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            return Instant::now();
        };
        let due = self.due;
        self.due += step;
        let early = due.saturating_duration_since(Instant::now());
        if early.is_zero() {
            return due;
        }
        // A timer goes off up to a millisecond late, which is not the servers' fault.
        sleep(early).await;
        Instant::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_act_that_starts_late_was_due_when_it_was_due() {
        let work = Work {
            clients: 4,
            think: Duration::ZERO,
            interval: Some(Duration::from_millis(1)),
            warm_up: Duration::ZERO,
            length: Duration::ZERO,
        };
        let long_ago = Instant::now() - Duration::from_secs(1);
        let mut pace = Pace::new(work, 3, long_ago);
        let dues = [
            pace.next(Duration::ZERO).await,
            pace.next(Duration::ZERO).await,
        ];
        let after = dues.map(|due| due.duration_since(long_ago).as_millis());
        assert_eq!(after, [3, 7]);
        let closed = Work {
            interval: None,
            ..work
        };
        let due = Pace::new(closed, 3, long_ago).next(Duration::ZERO).await;
        assert!(due.duration_since(long_ago) >= Duration::from_secs(1));
    }
}
