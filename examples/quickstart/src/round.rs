//! Lets every user visit once, on several threads.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use diesel_routing::sync::sqlite::{Router, Session};

use crate::board::{Board, Sample, Tally};
use crate::nodes::Nodes;
use crate::options::Options;
use crate::progress::Progress;
use crate::settings;
use crate::stop::Stop;
use crate::strategy::Strategy;
use crate::visit::{Act, Step, Visit};

/// Fewer than a pool has connections, so that nobody waits for one.
const THREADS: usize = 8;

/// The results of a round.
#[derive(Debug)]
pub(crate) struct Round {
    pub(crate) tallies: Vec<Tally>,
    /// The reads of one user, in order.
    pub(crate) samples: Vec<Sample>,
    /// When that user changed the setting, counted from the start of the round.
    pub(crate) change: Duration,
}

/// Reads every page once with each of the `strategies`.
pub(crate) fn run(strategies: &[Strategy], options: &Options, stop: &Stop) -> Result<Round> {
    let visits: Vec<_> = (1..=options.users.into())
        .map(|user| Visit::plan(user, options))
        .collect();
    let whole = visits.iter().find(|visit| visit.shows_all(options.window));
    let (shown, change) = whole
        .or(visits.first())
        .map_or((0, Duration::ZERO), |visit| (visit.user, visit.change));
    let views = visits
        .iter()
        .flat_map(Visit::steps)
        .filter(|step| step.act == Act::View);
    let progress = Progress::new((views.count() * strategies.len()) as u64)?;

    // New databases, in which no setting has been changed yet.
    let nodes = Nodes::start(options)?;
    let users = Users {
        strategies,
        router: &nodes.router,
        board: Board::new(strategies, progress),
        shown,
        start: Instant::now(),
        stop,
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| visits.iter().skip(number).step_by(THREADS))
            .map(|visits| visits.flat_map(Visit::steps).collect())
            .map(|steps| scope.spawn(|| users.run(steps)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })?;
    stop.check()?;

    let seen = users.board.into_seen();
    Ok(Round {
        tallies: seen.tallies,
        samples: seen.samples,
        change,
    })
}

/// The state that the threads of a round share.
struct Users<'a> {
    strategies: &'a [Strategy],
    router: &'a Router,
    board: Board,
    /// The user whose reads are shown.
    shown: i32,
    start: Instant,
    stop: &'a Stop,
}

/// One user, as the application knows them between two requests.
struct User {
    session: Session,
    has_changed: bool,
}

impl Users<'_> {
    /// Does the steps of some of the users, each in its time.
    fn run(&self, mut steps: Vec<Step>) -> Result<()> {
        steps.sort_by_key(|step| step.due);
        let mut users = HashMap::new();
        for step in steps {
            if !self.stop.wait_until(self.start + step.due) {
                return Ok(());
            }
            let user = users.entry(step.user).or_insert_with(|| User {
                session: self.router.session(),
                has_changed: false,
            });
            self.take(step, user)
                .inspect_err(|_| self.stop.after_failure())?;
        }
        Ok(())
    }

    fn take(&self, step: Step, user: &mut User) -> Result<()> {
        if step.act == Act::Change {
            settings::change_theme(&mut user.session.write()?, step.user)?;
            user.has_changed = true;
            return Ok(());
        }
        for strategy in self.strategies {
            let page = strategy.read(&user.session, step.user)?;
            let read = Sample {
                strategy: *strategy,
                due: step.due,
                is_stale: user.has_changed && page.theme != settings::NEW,
                page,
            };
            self.board.note(read, step.user == self.shown);
        }
        Ok(())
    }
}
