//! What the users do, and what they see.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::nodes::KEYS;
use crate::strategy::{Page, Reader};
use crate::zipf::Zipf;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) reads: u32,
    pub(crate) stale: u32,
    primary: u32,
    by_reason: BTreeMap<&'static str, u32>,
    times: Vec<Duration>,
}

pub(crate) async fn work(
    reader: Arc<Reader>,
    users: u32,
    length: Duration,
    gap: Duration,
) -> Outcome<Tally> {
    let zipf = Arc::new(Zipf::new(KEYS));
    let mut tasks = JoinSet::new();
    for number in 0..users {
        let user = user(Arc::clone(&reader), Arc::clone(&zipf), number, length, gap);
        tasks.spawn(user);
    }
    let mut sum = Tally::default();
    while let Some(tally) = tasks.join_next().await {
        sum.add(tally??);
    }
    Ok(sum)
}

/// One user; the same every time, but for what the database takes.
async fn user(
    reader: Arc<Reader>,
    zipf: Arc<Zipf>,
    number: u32,
    length: Duration,
    gap: Duration,
) -> Outcome<Tally> {
    let end = Instant::now() + length;
    let mut random = Rng::with_seed(number.into());
    let mut user = reader.user();
    let mut known = HashMap::<i32, i64>::new();
    let mut last_written = None;
    let mut tally = Tally::default();
    loop {
        // Exponential: acts come independently of each other.
        let pause = gap.mul_f64(-(1.0 - random.f64()).ln());
        if Instant::now() + pause >= end {
            return Ok(tally);
        }
        tokio::time::sleep(pause).await;
        let key = zipf.draw(&mut random);
        if random.u8(..10) == 0 {
            let version = user.write(key).await?;
            known.insert(key, version);
            last_written = Some(key);
        } else {
            let mut keys = vec![key];
            keys.extend(last_written.filter(|&last| last != key));
            let since = Instant::now();
            let page = user.read(&keys).await?;
            tally.times.push(since.elapsed());
            tally.note(&page, &mut known);
        }
    }
}

impl Tally {
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

    fn add(&mut self, other: Self) {
        self.reads += other.reads;
        self.stale += other.stale;
        self.primary += other.primary;
        self.times.extend(other.times);
        for (reason, count) in other.by_reason {
            *self.by_reason.entry(reason).or_default() += count;
        }
    }

    /// The share of reads that replicas served.
    pub(crate) fn off_primary(&self) -> f64 {
        1.0 - f64::from(self.primary) / f64::from(self.reads.max(1))
    }

    /// Of a read with its checkout.
    pub(crate) fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
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
