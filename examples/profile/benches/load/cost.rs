//! The first part: what the layer costs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use axum::Router as App;
use profile::Nodes;
use tokio::sync::Mutex;

use crate::Sides;
use crate::crowd::{AT_ONCE, User, together};

/// How long it is one side's turn.
const TURN: Duration = Duration::from_millis(200);
/// Whose pages are looked at.
const USERS: i32 = 400;

/// The times of one side's requests.
#[derive(Debug, Default)]
struct Times {
    all: Vec<Duration>,
    /// The 99th percentile of each turn.
    p99s: Vec<Duration>,
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

    let [mut with, mut without] = [Times::default(), Times::default()];
    // The first turns open connections.
    turn(&sides.plain, &crowds).await;
    turn(&sides.without, &crowds).await;
    let end = Instant::now() + length;
    while Instant::now() < end {
        with.add(turn(&sides.plain, &crowds).await);
        // In this order, neither side has the better places.
        without.add(turn(&sides.without, &crowds).await);
        without.add(turn(&sides.without, &crowds).await);
        with.add(turn(&sides.plain, &crowds).await);
    }
    println!("1. Nothing is stale: {AT_ONCE} at once, in turns of {TURN:?}");
    println!("   with the layer     {with}");
    println!("   without            {without}");
    println!(
        "   ratio of p99: {:.3} (all), {:.3} (median of the turns); of requests a second: {:.3}",
        ratio(with.percentile(99), without.percentile(99)),
        with.median_ratio(&without),
        with.rate() / without.rate(),
    );
    Ok(())
}

async fn turn(app: &App, crowds: &[Arc<Mutex<Vec<User>>>]) -> (Vec<Duration>, Duration) {
    let since = Instant::now();
    let times = together(|task| {
        let app = app.clone();
        let users = usize::try_from(task)
            .ok()
            .and_then(|task| crowds.get(task))
            .cloned();
        async move {
            let mut times = Vec::new();
            let Some(users) = users else { return times };
            let mut users = users.lock().await;
            let end = Instant::now() + TURN;
            for user in (0..users.len()).cycle() {
                let since = Instant::now();
                if since >= end {
                    break;
                }
                users[user].look(&app).await;
                times.push(since.elapsed());
            }
            times
        }
    });
    let times = times.await.concat();
    (times, since.elapsed())
}

impl Times {
    fn add(&mut self, (mut times, spent): (Vec<Duration>, Duration)) {
        self.p99s.push(percentile(&mut times, 99));
        self.all.extend(times);
        self.spent += spent;
    }

    fn percentile(&self, percent: usize) -> Duration {
        percentile(&mut self.all.clone(), percent)
    }

    fn rate(&self) -> f64 {
        self.all.len() as f64 / self.spent.as_secs_f64()
    }

    fn median_ratio(&self, other: &Self) -> f64 {
        let turns = self.p99s.iter().zip(&other.p99s);
        let mut ratios: Vec<_> = turns.map(|(one, other)| ratio(*one, *other)).collect();
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
            self.percentile(50).as_micros(),
            self.percentile(99).as_micros(),
        )
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    let place = times.len() * percent / 100;
    times.get(place).copied().unwrap_or_default()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
