//! What the users do, and what they see.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::counters::Popularity;
use crate::strategy::{Page, Reader};

#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) reads: u32,
    pub(crate) stale: u32,
    primary: u32,
    by_reason: BTreeMap<&'static str, u32>,
    /// Of a read with its checkout, in microseconds.
    times: Histogram<u64>,
}

pub(crate) async fn work(
    reader: Arc<Reader>,
    users: u32,
    length: Duration,
    gap: Duration,
) -> Outcome<Tally> {
    let popularity = Popularity::new()?;
    let mut tasks = JoinSet::new();
    for number in 0..users {
        let user = user(Arc::clone(&reader), popularity, number, length, gap);
        tasks.spawn(user);
    }
    let mut sum = Tally::new()?;
    while let Some(tally) = tasks.join_next().await {
        sum.add(tally??)?;
    }
    Ok(sum)
}

/// Runs one user; the same every time, but for what the database takes.
async fn user(
    reader: Arc<Reader>,
    popularity: Popularity,
    number: u32,
    length: Duration,
    gap: Duration,
) -> Outcome<Tally> {
    let end = Instant::now() + length;
    let mut random = SmallRng::seed_from_u64(number.into());
    let mut user = reader.user();
    let mut known = HashMap::<i32, i64>::new();
    let mut last_written = None;
    let mut tally = Tally::new()?;
    loop {
        // Exponential: acts come independently of each other.
        let pause = gap.mul_f64(random.sample(Exp1));
        if Instant::now() + pause >= end {
            return Ok(tally);
        }
        tokio::time::sleep(pause).await;
        let key = popularity.key(&mut random);
        if random.random_ratio(1, 10) {
            let version = user.write(key).await?;
            known.insert(key, version);
            last_written = Some(key);
        } else {
            let mut keys = vec![key];
            keys.extend(last_written.filter(|&last| last != key));
            let since = Instant::now();
            let page = user.read(&keys).await?;
            tally
                .times
                .record(since.elapsed().as_micros().try_into()?)?;
            tally.note(&page, &mut known);
        }
    }
}

impl Tally {
    fn new() -> Outcome<Self> {
        Ok(Self {
            reads: 0,
            stale: 0,
            primary: 0,
            by_reason: BTreeMap::new(),
            times: Histogram::new(3)?,
        })
    }

    fn note(&mut self, page: &Page, known: &mut HashMap<i32, i64>) {
        let mut is_stale = false;
        for &(key, version) in &page.rows {
            let known = known.entry(key).or_default();
            is_stale |= version < *known;
            *known = version.max(*known);
        }
        self.reads += 1;
        self.stale += u32::from(is_stale);
        self.primary += u32::from(page.is_primary);
        *self.by_reason.entry(page.reason).or_default() += 1;
    }

    fn add(&mut self, other: Self) -> Outcome {
        self.reads += other.reads;
        self.stale += other.stale;
        self.primary += other.primary;
        for (reason, count) in other.by_reason {
            *self.by_reason.entry(reason).or_default() += count;
        }
        Ok(self.times.add(&other.times)?)
    }

    /// Returns the share of reads that replicas served.
    pub(crate) fn off_primary(&self) -> f64 {
        1.0 - f64::from(self.primary) / f64::from(self.reads.max(1))
    }

    pub(crate) fn median_micros(&self) -> u64 {
        self.times.value_at_quantile(0.5)
    }

    pub(crate) fn reasons(&self) -> String {
        let whole = f64::from(self.reads.max(1));
        let reasons = self
            .by_reason
            .iter()
            .map(|(reason, &count)| format!("{reason} {:.1} %", 100.0 * f64::from(count) / whole));
        reasons.collect::<Vec<_>>().join(", ")
    }
}
