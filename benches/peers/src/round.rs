//! Turns in random order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::backend::{Backend, MariaDb, Postgres};
use crate::options::{Options, ServerKind};
use crate::processor_time::ProcessorTime;
use crate::servers::{REPLICAS, Servers};
use crate::side::{Distances, Side};
use crate::turn::{Counted, Scenario, Turn};
use crate::workload::{self, Work};

/// The measurements, and what was not measured.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) turns: Vec<Turn>,
    /// Why sides could not take part, each time or once, with their names.
    pub(crate) left_out: Vec<(String, Vec<String>)>,
}

impl Outcome {
    fn leave_out(&mut self, side: &str, why: &str) {
        let index = self.left_out.iter().position(|(reason, _)| reason == why);
        let index = index.unwrap_or_else(|| {
            self.left_out.push((why.to_owned(), Vec::new()));
            self.left_out.len() - 1
        });
        let sides = &mut self.left_out[index].1;
        if !sides.iter().any(|known| known == side) {
            sides.push(side.to_owned());
            sides.sort_unstable();
        }
    }
}

/// Measures all sides under all conditions; `say` is told how far it is.
pub(crate) async fn measure(options: &Options, say: impl Fn(&str)) -> Result<Outcome> {
    match options.servers {
        ServerKind::Postgres => measure_on::<Postgres>(options, say).await,
        ServerKind::MariaDb => measure_on::<MariaDb>(options, say).await,
    }
}

async fn measure_on<B: Backend>(options: &Options, say: impl Fn(&str)) -> Result<Outcome> {
    let servers = Arc::new(Servers::start::<B>()?);
    let sides = Side::all(options);
    let mut outcome = Outcome::default();
    for &delay in &options.delay {
        for &lag in &options.lag {
            for &clients in &options.clients {
                let scenario = Scenario {
                    servers: options.servers,
                    delay_us: delay.as_micros().try_into()?,
                    lag_ms: lag.as_millis().try_into()?,
                    clients,
                    think_us: options.think.as_micros().try_into()?,
                    open_loop: options.open_loop,
                    sidecar: options.sidecar,
                };
                compare::<B>(&servers, &sides, scenario, options, &mut outcome, &say).await?;
            }
        }
    }
    Ok(outcome)
}

async fn compare<B: Backend>(
    servers: &Arc<Servers>,
    sides: &[Side],
    scenario: Scenario,
    options: &Options,
    outcome: &mut Outcome,
    say: &impl Fn(&str),
) -> Result<()> {
    for round in 0..options.turns {
        // At random: while the replicas apply what the last turn wrote, they read more slowly.
        let mut order: Vec<&Side> = sides.iter().collect();
        order.shuffle(&mut rand::rng());
        for (index, side) in order.iter().enumerate() {
            if outcome.left_out.iter().any(|(name, _)| *name == side.name) {
                continue;
            }
            say(&format!(
                "{scenario}: round {} of {}, {} of {}: {}",
                round + 1,
                options.turns,
                index + 1,
                order.len(),
                side.name
            ));
            match turn::<B>(servers, side, scenario, options, round).await {
                Ok(turn) => outcome.turns.push(turn),
                // The comparison is about ours: without it, there is none.
                Err(error) if Side::is_ours(&side.name) => {
                    return Err(error.context(side.name.clone()));
                }
                Err(error) => outcome.leave_out(&side.name, &format!("{error:#}")),
            }
        }
    }
    Ok(())
}

async fn turn<B: Backend>(
    servers: &Arc<Servers>,
    side: &Side,
    scenario: Scenario,
    options: &Options,
    round: u32,
) -> Result<Turn> {
    let work = Work {
        clients: scenario.clients,
        think: options.think,
        interval: options.open_loop.map(|rate| Duration::from_secs(1) / rate),
        warm_up: options.warm_up,
        length: options.turn,
    };
    servers.lag(Duration::ZERO)?;
    servers.settle()?;
    let lag = Duration::from_millis(scenario.lag_ms);
    servers.lag(lag)?;
    let delay = Duration::from_micros(scenario.delay_us);
    let distances = Distances {
        servers: delay,
        programs: if scenario.sidecar {
            Duration::ZERO
        } else {
            delay
        },
    };
    let running = side
        .start::<B>(servers, distances, options.connections(scenario.clients))
        .await?;
    let programs = running.programs();
    let start = Instant::now();
    // In a thread of its own: the kit's calls block.
    let spike = (!lag.is_zero()).then(|| {
        let servers = Arc::clone(servers);
        std::thread::spawn(move || stop_one(&servers, work, start, round))
    });
    let done = Arc::new(AtomicU64::new(0));
    let sampler = {
        let (servers, done) = (Arc::clone(servers), Arc::clone(&done));
        let programs = programs.clone();
        std::thread::spawn(move || {
            std::thread::sleep(work.warm_up.saturating_sub(start.elapsed()));
            Sample::take(&servers, &programs, &done)
        })
    };
    let tally = workload::run(&running, work, start, &done).await;
    let took = start.elapsed().saturating_sub(work.warm_up);
    let after = Sample::take(servers, &programs, &done)?;
    let before = joined(sampler)?;
    if let Some(spike) = spike {
        joined(spike)?;
    }
    let counted = Counted {
        tally: tally.context("its clients")?,
        took,
        acts: after.acts - before.acts,
        spent: after.spent.since(before.spent),
        reads: (
            after.reads.0 - before.reads.0,
            after.reads.1 - before.reads.1,
        ),
    };
    Ok(counted.figures(scenario, &side.name, round))
}

/// The time spent and the work done until some moment.
#[derive(Debug)]
struct Sample {
    spent: ProcessorTime,
    /// At the same time as `spent`.
    acts: u64,
    /// A little later: it takes a connection to each server.
    reads: (i64, i64),
}

impl Sample {
    fn take(servers: &Servers, programs: &[u32], done: &AtomicU64) -> Result<Self> {
        let spent = ProcessorTime::now(programs, &servers.pids())?;
        Ok(Self {
            spent,
            acts: done.load(Ordering::Relaxed),
            reads: servers.reads()?,
        })
    }
}

fn joined<T>(thread: JoinHandle<Result<T>>) -> Result<T> {
    let ended = thread.join();
    ended.map_err(|_| anyhow::anyhow!("a thread of the bench panicked"))?
}

/// Stops one of the replicas for a while within the turn, the same in every turn of a round.
fn stop_one(servers: &Servers, work: Work, start: Instant, round: u32) -> Result<()> {
    let mut random = SmallRng::seed_from_u64(round.into());
    let replica = random.random_range(0..REPLICAS);
    let spike = work.length.mul_f64(random.random_range(0.1..0.3));
    let from = work.warm_up + work.length.mul_f64(random.random_range(0.1..0.6));
    std::thread::sleep(from.saturating_sub(start.elapsed()));
    servers.stop(replica, spike)
}

impl std::fmt::Display for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let delay = Duration::from_micros(self.delay_us);
        let place = if self.sidecar {
            " (programs beside the clients)"
        } else {
            ""
        };
        write!(
            f,
            "{}, delay {delay:?} each way{place}, replicas {} ms behind, {} clients",
            self.servers, self.lag_ms, self.clients
        )?;
        match self.open_loop {
            Some(rate) => write!(f, ", {rate} acts a second"),
            None if self.think_us == 0 => Ok(()),
            None => write!(
                f,
                " who think for {:?}",
                Duration::from_micros(self.think_us)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn sides_that_are_left_out_are_named_once_for_each_reason() {
        let mut outcome = Outcome::default();
        for _ in 0..3 {
            outcome.leave_out("PgDog, ping", "no program");
            outcome.leave_out("PgDog", "no program");
        }
        outcome.leave_out("PgDog", "it ended");
        let expected = [
            (
                "no program".to_owned(),
                vec!["PgDog".to_owned(), "PgDog, ping".to_owned()],
            ),
            ("it ended".to_owned(), vec!["PgDog".to_owned()]),
        ];
        assert_eq!(outcome.left_out, expected);
    }

    /// Lets some sides work for a moment.
    fn sides_work(servers: &str, absent: &str) {
        let mut options = Options::parse_from([
            "peers",
            "--servers",
            servers,
            "--turn",
            "600ms",
            "--warm-up",
            "100ms",
            "--turns",
            "1",
            "--clients",
            "3",
            "--only",
            "bb8, primary",
            "deadpool, replica",
            "oracle",
            "diesel-routing",
            absent,
        ]);
        // Whatever the environment says.
        (options.pgdog, options.maxscale) = (None, None);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let outcome = runtime.block_on(measure(&options, |_| {})).unwrap();
        let turns = |side: &str| -> Vec<&Turn> {
            let turns = outcome.turns.iter();
            turns.filter(|turn| turn.side.starts_with(side)).collect()
        };
        for (side, count) in [("bb8, primary", 2), ("deadpool, replica", 2), ("oracle", 1)] {
            assert_eq!(turns(side).len(), count, "{side}");
        }
        assert_eq!(turns("diesel-routing").len(), 3);
        for turn in &outcome.turns {
            assert!(turn.reads > 0, "{turn:?}");
            assert_eq!(turn.program_us, 0.0, "{turn:?}");
        }
        assert!(outcome.turns.iter().any(|turn| turn.own_reads > 0));
        assert!(outcome.turns.iter().any(|turn| turn.servers_us > 0.0));
        for (side, share) in [("bb8, primary", 0.0), ("deadpool, replica", 1.0)] {
            let exact = turns(side).iter().all(|turn| turn.off_primary == share);
            assert!(exact, "{side}: {:?}", turns(side));
        }
        for side in ["bb8, primary", "oracle", "diesel-routing"] {
            let stale = turns(side).iter().map(|turn| turn.stale).sum::<u64>();
            assert_eq!(stale, 0, "{side}");
        }
        let left_out: Vec<_> = outcome
            .left_out
            .iter()
            .flat_map(|(_, sides)| sides)
            .collect();
        assert!(!left_out.is_empty());
        assert!(
            left_out.iter().all(|side| side.starts_with(absent)),
            "{left_out:?}"
        );
    }

    #[test]
    fn sides_work_on_postgresql() {
        sides_work("postgres", "PgDog");
    }

    #[test]
    fn sides_work_on_mariadb() {
        sides_work("mariadb", "MaxScale");
    }
}
