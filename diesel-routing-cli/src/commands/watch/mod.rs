//! `watch`: the nodes live, with a picture of the lag over time.

mod history;
mod lines;
mod screen;

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use crate::cluster::ClusterArgs;
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::survey::{Report, Survey};

/// The options of `watch`.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// The time between two looks
    #[arg(long, short, value_name = "TIME", default_value = "1s", value_parser = interval)]
    interval: Duration,
    /// Print what there is now, a line a node, and end
    #[arg(long)]
    once: bool,
    /// Print lines also where the output is a terminal
    #[arg(long)]
    lines: bool,
}

/// The shortest interval: less is no news, as nodes are asked every tenth of a second.
const LEAST: Duration = Duration::from_millis(100);

fn interval(text: &str) -> Result<Duration, String> {
    let interval = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if interval < LEAST {
        return Err(format!(
            "give at least {LEAST:?}: nodes are asked no more often"
        ));
    }
    Ok(interval)
}

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let mut survey = Survey::new(options.cluster.read()?);
    if options.once {
        let report = survey.report().await;
        lines::print(&report, out)?;
        if !report.is_reached() {
            return Err(Failure::Unreachable("no node answers".to_owned()));
        }
        return Ok(report.outcome());
    }
    let is_picture = !options.lines && !out.is_json() && std::io::stdout().is_terminal();
    let names = survey.names();
    let (to, from) = sync_channel(1);
    let interval = options.interval;
    tokio::spawn(ask(survey, interval, to));
    if is_picture {
        return screen::run(&from, &names, interval, &stopped());
    }
    // The terminal ends it, by Ctrl-C; or whoever reads, by closing the pipe.
    loop {
        match from.recv_timeout(Duration::from_secs(1)) {
            Ok(report) => lines::print(&report, out)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::Other("nobody asks the nodes any more".to_owned()));
            }
        }
    }
}

/// Returns a flag that is set once the process is told to stop from elsewhere: the terminal must be put back first.
fn stopped() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    #[cfg(unix)]
    for kind in [SignalKind::terminate(), SignalKind::hangup()] {
        let flag = Arc::clone(&flag);
        tokio::spawn(async move {
            if let Ok(mut stream) = signal(kind) {
                stream.recv().await;
                flag.store(true, Ordering::Relaxed);
            }
        });
    }
    flag
}

/// Asks the nodes until nobody wants to know any more.
async fn ask(mut survey: Survey, interval: Duration, to: SyncSender<Report>) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let report = survey.report().await;
        // A reader that is busy gets the next one.
        if let Err(TrySendError::Disconnected(_)) = to.try_send(report) {
            return;
        }
    }
}

/// The channel that a screen or a printer takes reports from.
type Reports = Receiver<Report>;
