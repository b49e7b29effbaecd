//! Load that comes at its own pace, and what became of it.

use std::fmt;
use std::time::Duration;

use diesel::sql_types::BigInt;
use diesel_routing::pg::{ReadConn, Router, read_sql};
use diesel_routing::prelude::*;
use diesel_routing::{Error, Replica};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::Outcome;
use super::schema::counters;

/// The outcome of some writes and reads.
#[derive(Debug)]
pub(crate) struct Tally {
    writes: Histogram<u64>,
    /// The slowest write of each second, in milliseconds.
    slowest: Vec<u128>,
    failed: u64,
    reads: u64,
    refused: u64,
}

/// The outcome of one of them.
#[derive(Debug)]
enum Done {
    /// Begun so long after the start, it took so long.
    Wrote(Duration, Duration),
    Failed,
    Read,
    Refused,
}

impl Tally {
    /// Returns the 99th percentile of the writes' times.
    pub(crate) fn p99(&self) -> Duration {
        Duration::from_micros(self.writes.value_at_quantile(0.99))
    }

    /// Returns the time of the slowest write of each second, in milliseconds.
    pub(crate) fn slowest(&self) -> &[u128] {
        &self.slowest
    }

    fn add(&mut self, done: &Done) -> Outcome {
        match done {
            Done::Wrote(begun, took) => {
                self.writes.record(u64::try_from(took.as_micros())?)?;
                let second = usize::try_from(begun.as_secs())?;
                if self.slowest.len() <= second {
                    self.slowest.resize(second + 1, 0);
                }
                if let Some(slowest) = self.slowest.get_mut(second) {
                    *slowest = took.as_millis().max(*slowest);
                }
            }
            Done::Failed => self.failed += 1,
            Done::Read => self.reads += 1,
            Done::Refused => self.refused += 1,
        }
        Ok(())
    }
}

/// Runs so many writes and reads a second for this time, each begun when it is due whatever became of the ones before.
pub(crate) async fn under(
    router: &Router,
    writes: f64,
    reads: f64,
    time: Duration,
) -> Outcome<Tally> {
    let since = Instant::now();
    let until = since + time;
    let mut tasks = JoinSet::new();
    let mut tally = Tally {
        writes: Histogram::new(3)?,
        slowest: Vec::new(),
        failed: 0,
        reads: 0,
        refused: 0,
    };
    let pace = |rate: f64| {
        let mut pace = interval(Duration::from_secs_f64(1.0 / rate));
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        pace
    };
    let (mut writes, mut reads) = (pace(writes), pace(reads));
    let mut id = 0;
    loop {
        tokio::select! {
            due = writes.tick() => {
                id = (id + 1) % 100;
                let router = router.clone();
                tasks.spawn(async move {
                    match wrote(&router, id).await {
                        Ok(()) => Done::Wrote(due - since, due.elapsed()),
                        Err(_) => Done::Failed,
                    }
                });
            }
            _ = reads.tick() => {
                let router = router.clone();
                tasks.spawn(async move {
                    match eventual(&router).await {
                        Ok(()) => Done::Read,
                        Err(_) => Done::Refused,
                    }
                });
            }
            Some(done) = tasks.join_next() => tally.add(&done?)?,
            () = sleep_until(until) => break,
        }
    }
    while let Some(done) = tasks.join_next().await {
        tally.add(&done?)?;
    }
    Ok(tally)
}

async fn wrote(router: &Router, id: i32) -> Result<(), Error> {
    let mut conn = router.write().await?;
    diesel::update(counters::table.find(id))
        .set(counters::n.eq(counters::n + 1))
        .execute(&mut conn)
        .await?;
    Ok(())
}

async fn eventual(router: &Router) -> Result<(), Error> {
    let mut conn = router.read_eventual().await?;
    Ok(read(&mut conn).await?)
}

/// The answer to the read.
#[derive(diesel::QueryableByName)]
struct Sum {
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// Reads what takes the server some ten milliseconds of its processor.
pub(crate) async fn read(conn: &mut ReadConn<Replica>) -> QueryResult<()> {
    let sql = read_sql!(
        "SELECT sum(a.n + b.n)::int8 AS sum FROM counters a, counters b, counters c WHERE c.id < 10"
    );
    let sum: Sum = sql.get_result(conn).await?;
    std::hint::black_box(sum.sum);
    Ok(())
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1e3;
        write!(
            f,
            "{:>9.2} {:>9.2} {:>9.2} {:>8} {:>8} {:>8} {:>8}",
            millis(self.writes.value_at_quantile(0.5)),
            millis(self.writes.value_at_quantile(0.99)),
            millis(self.writes.max()),
            self.writes.len(),
            self.failed,
            self.reads,
            self.refused,
        )
    }
}
