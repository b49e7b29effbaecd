//! One run, from its tables' making to its report.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use crate::activity::{Watched, watch};
use crate::client;
use crate::error::Error;
use crate::judge::{self, Evidence};
use crate::oracle::Row;
use crate::report::Report;
use crate::run_id::RunId;
use crate::seen::Line;
use crate::sql::{Kind, Place, Sql};
use crate::subject::Subject;
use crate::tables::{Tables, kind_of, leftovers, remove_leftovers, wait_for_arrival};
use crate::verification::{Progress, Verification};
use crate::world::World;

/// The time between two calls of who wants to know how far it is.
const TICK: Duration = Duration::from_secs(1);
/// The time that the log may take to be read.
const LOG: Duration = Duration::from_secs(60);

/// Returns where tables are put unless somebody says otherwise.
pub(crate) fn default_place(subject: &dyn Subject) -> Place {
    match Kind::of(subject.family(), "") {
        Kind::Sqlite => Place::Tables,
        _ => Place::Own,
    }
}

/// Runs a verification until its time is over, or `stop` is done.
pub(crate) async fn run(
    mut verification: Verification,
    stop: impl Future<Output = ()> + Send,
) -> Result<Report, Error> {
    let started = SystemTime::now();
    let mut stop = pin!(stop);
    // Not given up half-way: what is made has to be known, to be removed.
    let mut prepared = prepare(&mut verification).await?;
    tell(
        &mut verification,
        "waiting for the nodes to have them",
        None,
    );
    let (subject, sql) = (&prepared.world.subject, &prepared.world.sql);
    let (late, is_stopped) = tokio::select! {
        late = wait_for_arrival(&**subject, sql, &verification.nodes) => (late, false),
        () = &mut stop => (Vec::new(), true),
    };
    let (evidence, was_stopped) = work(&mut verification, &mut prepared, stop, is_stopped).await;
    let removed = prepared.tables.remove().await;
    let mut report = judge::judge(evidence, &prepared.world, &verification, started);
    report.interrupted = was_stopped;
    report.leftovers = prepared.leftovers.iter().map(RunId::to_string).collect();
    report.leftovers_removed = verification.removes_leftovers;
    report.not_removed = removed.err();
    report.not_checked.extend(late);
    Ok(report)
}

/// A run before its clients begin.
struct Prepared {
    world: Arc<World>,
    tables: Tables,
    leftovers: Vec<RunId>,
}

async fn prepare(verification: &mut Verification) -> Result<Prepared, Error> {
    let subject = Arc::clone(&verification.subject);
    let kind = kind_of(&*subject).await?;
    let mut sql = Sql {
        kind,
        place: match kind {
            Kind::Sqlite => Place::Tables,
            _ => verification.place,
        },
        run: RunId::new(SystemTime::now(), verification.length),
        has_timelines: true,
    };
    if kind == Kind::Postgres && subject.ask(&sql.timeline()).await.is_err() {
        sql.has_timelines = false;
    }
    let left = leftovers(&*subject, &sql).await;
    let left = left.map_err(|failure| Error::Leftovers {
        step: "looked for",
        why: failure.text,
    })?;
    if verification.removes_leftovers {
        remove_leftovers(&*subject, &sql, &left).await?;
    }
    tell(verification, "making tables", None);
    let tables = Tables::create(&subject, &sql).await?;
    let seed = verification.seed.unwrap_or_else(rand::random);
    let world = World::new(subject, sql, verification.pause, seed);
    Ok(Prepared {
        world: Arc::new(world),
        tables,
        leftovers: left,
    })
}

/// Lets clients work and nodes be asked; returns what there is to be judged, and whether it was stopped.
async fn work(
    verification: &mut Verification,
    prepared: &mut Prepared,
    mut stop: std::pin::Pin<&mut (impl Future<Output = ()> + Send)>,
    mut is_stopped: bool,
) -> (Evidence, bool) {
    let world = &prepared.world;
    let (began, began_at) = (Instant::now(), tokio::time::Instant::now());
    let mut clients = JoinSet::new();
    for number in 0..verification.clients {
        clients.spawn(client::run(Arc::clone(world), number.into()));
    }
    let mut watchers = JoinSet::new();
    for node in &verification.nodes {
        watchers.spawn(watch(Arc::clone(world), node.clone()));
    }
    let end = began_at + verification.length;
    while !is_stopped && began.elapsed() < verification.length {
        tokio::select! {
            () = &mut stop => is_stopped = true,
            () = sleep_until(end) => {}
            () = sleep(TICK) => tell(verification, "working", Some((world, began))),
        }
    }
    world.end();
    let length = began.elapsed();
    tell(verification, "judging", Some((world, began)));
    let mut panicked = 0;
    while let Some(ended) = clients.join_next().await {
        panicked += u64::from(ended.is_err());
    }
    let mut watched: Vec<Watched> = Vec::new();
    while let Some(ended) = watchers.join_next().await {
        watched.extend(ended.ok());
    }
    let kept = timeout(LOG, kept(world)).await;
    let kept = kept.unwrap_or_else(|_| Err(format!("no answer within {LOG:?}")));
    let evidence = Evidence {
        records: world.history.take(),
        kept,
        watched,
        length,
        panicked,
    };
    (evidence, is_stopped)
}

/// Reads what the database has kept, and the number of its history.
async fn kept(world: &World) -> Result<(Vec<Row>, i32), String> {
    let (subject, sql) = (&world.subject, &world.sql);
    let lines = subject.ask(&sql.kept()).await;
    let lines = lines.map_err(|failure| failure.text)?;
    let rows = lines.iter().map(row).collect::<Option<Vec<_>>>();
    let rows = rows.ok_or("the log's rows are unreadable")?;
    let timeline = subject.ask(&sql.timeline()).await;
    let timeline = timeline.map_err(|failure| failure.text)?;
    let timeline = timeline.first().and_then(|line| i32::try_from(line.n).ok());
    Ok((rows, timeline.ok_or("the history's number is unreadable")?))
}

fn row(line: &Line) -> Option<Row> {
    Some(Row {
        key: line.a.as_deref()?.parse().ok()?,
        version: line.n,
        writer: line.m,
        timeline: line.b.as_deref()?.parse().ok()?,
    })
}

/// Tells who wants to know how far it is.
fn tell(
    verification: &mut Verification,
    step: &'static str,
    at_work: Option<(&Arc<World>, Instant)>,
) {
    let length = verification.length;
    let Some(on_progress) = &mut verification.progress else {
        return;
    };
    let (acts, failed, elapsed) = match at_work {
        Some((world, began)) => {
            let tally = world.tally();
            (tally.acts, tally.failed, began.elapsed())
        }
        None => (0, 0, Duration::ZERO),
    };
    on_progress(&Progress {
        step,
        elapsed,
        length,
        acts,
        failed,
    });
}
