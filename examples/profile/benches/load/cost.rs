//! The first part: what the layer costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use axum::Router as App;
use hdrhistogram::Histogram;
use profile::Nodes;
use tokio::sync::Mutex;

use crate::Sides;
use crate::crowd::{AT_ONCE, User, together};

/// The length of one side's turn.
const TURN: Duration = Duration::from_millis(200);
/// The users whose pages are looked at.
const USERS: i32 = 400;

/// The times of one side's requests, in nanoseconds.
#[derive(Debug)]
struct Times {
    all: Histogram<u64>,
    /// The 99th percentile of each turn.
    p99s: Vec<u64>,
    spent: Duration,
}

pub(crate) async fn measure(nodes: &Nodes, sides: &Sides, length: Duration) -> Result<()> {
    let per_task = USERS / AT_ONCE;
    let crowds = together(|task| {
        let app = sides.plain.clone();
        async move {
            let users = (1..=per_task).map(|user| User::new(task * per_task + user));
            let mut users: Vec<_> = users.collect();
            for user in &mut users {
                user.change(&app).await;
            }
            Arc::new(Mutex::new(users))
        }
    });
    let crowds = crowds.await;
    if let Some(lab) = nodes.lab() {
        lab.cluster()
            .wait_until_caught_up(Duration::from_secs(30))?;
    }

    let [mut with, mut without] = [Times::new()?, Times::new()?];
    // The first turns open connections.
    turn(&sides.plain, &crowds).await?;
    turn(&sides.without, &crowds).await?;
    let end = Instant::now() + length;
    while Instant::now() < end {
        with.add(&turn(&sides.plain, &crowds).await?)?;
        // In this order, neither side has the better places.
        without.add(&turn(&sides.without, &crowds).await?)?;
        without.add(&turn(&sides.without, &crowds).await?)?;
        with.add(&turn(&sides.plain, &crowds).await?)?;
    }
    println!("1. Nothing is stale: {AT_ONCE} at once, in turns of {TURN:?}");
    println!("   with the layer     {with}");
    println!("   without            {without}");
    println!(
        "   ratio of p99: {:.3} (all), {:.3} (median of the turns); of requests a second: {:.3}",
        with.nanos(0.99) as f64 / without.nanos(0.99) as f64,
        with.median_ratio(&without),
        with.rate() / without.rate(),
    );
    Ok(())
}

async fn turn(app: &App, crowds: &[Arc<Mutex<Vec<User>>>]) -> Result<Times> {
    let since = Instant::now();
    let times = together(|task| {
        let app = app.clone();
        let users = usize::try_from(task)
            .ok()
            .and_then(|task| crowds.get(task))
            .cloned();
        async move {
            let mut times = Times::new()?;
            let Some(users) = users else {
                return Ok(times);
            };
            let mut users = users.lock().await;
            let end = Instant::now() + TURN;
            for user in (0..users.len()).cycle() {
                let since = Instant::now();
                if since >= end {
                    break;
                }
                users[user].look(&app).await;
                times.all.record(since.elapsed().as_nanos().try_into()?)?;
            }
            Ok::<_, anyhow::Error>(times)
        }
    });
    let mut turn = Times::new()?;
    for times in times.await {
        turn.all.add(times?.all)?;
    }
    turn.spent = since.elapsed();
    Ok(turn)
}

impl Times {
    fn new() -> Result<Self> {
        Ok(Self {
            // To three digits, so that a ratio is right to 0.1 %.
            all: Histogram::new(3)?,
            p99s: Vec::new(),
            spent: Duration::ZERO,
        })
    }

    fn add(&mut self, turn: &Self) -> Result<()> {
        self.p99s.push(turn.nanos(0.99));
        self.spent += turn.spent;
        Ok(self.all.add(&turn.all)?)
    }

    fn nanos(&self, quantile: f64) -> u64 {
        self.all.value_at_quantile(quantile)
    }

    fn rate(&self) -> f64 {
        self.all.len() as f64 / self.spent.as_secs_f64()
    }

    fn median_ratio(&self, other: &Self) -> f64 {
        let turns = self.p99s.iter().zip(&other.p99s);
        let mut ratios: Vec<_> = turns
            .map(|(&one, &other)| one as f64 / other as f64)
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:>7} requests, {:>6.0} a second, median {:>5} us, p99 {:>6} us",
            self.all.len(),
            self.rate(),
            self.nanos(0.5) / 1000,
            self.nanos(0.99) / 1000,
        )
    }
}
