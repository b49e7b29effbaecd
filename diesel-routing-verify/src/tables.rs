//! A run's tables: made, waited for, removed whatever happens.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use crate::activity::Node;
use crate::error::Error;
use crate::failure::Failure;
use crate::run_id::RunId;
use crate::seen::Line;
use crate::sql::{Kind, Place, ROWS, Sql};
use crate::subject::Subject;

/// The time that removing may take, with a failover in between.
const REMOVAL: Duration = Duration::from_secs(30);
/// The time that is waited for nodes to have the tables.
const ARRIVAL: Duration = Duration::from_secs(30);
/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// A run's tables. Dropped without [`remove`](Self::remove), they are removed in the background.
pub(crate) struct Tables {
    subject: Arc<dyn Subject>,
    sql: Sql,
    are_there: bool,
}

impl Tables {
    /// Makes them.
    pub(crate) async fn create(subject: &Arc<dyn Subject>, sql: &Sql) -> Result<Self, Error> {
        let mut tables = Self {
            subject: Arc::clone(subject),
            sql: sql.clone(),
            are_there: false,
        };
        for statement in sql.create() {
            if let Err(failure) = subject.run(&statement).await {
                // Some of it may be there.
                let removed = match tables.are_there {
                    true => tables.remove().await,
                    false => Ok(()),
                };
                let mut why = failure.text;
                if let Err(left) = removed {
                    why = format!("{why}; and what was made of it is still there: {left}");
                }
                return Err(Error::Create {
                    noun: sql.place.noun(sql.kind),
                    name: sql.run.to_string(),
                    why,
                    remedy: remedy(sql),
                });
            }
            tables.are_there = true;
        }
        Ok(tables)
    }

    /// Removes them; tries again as long as that may help.
    pub(crate) async fn remove(&mut self) -> Result<(), String> {
        // From now on it is this that removes them.
        self.are_there = false;
        remove(&*self.subject, &self.sql, &self.sql.run.clone()).await
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        if !self.are_there {
            return;
        }
        let (subject, sql) = (Arc::clone(&self.subject), self.sql.clone());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let run = sql.run.clone();
                // Nobody is left to be told; the next run's report names what stays.
                let _ = remove(&*subject, &sql, &run).await;
            });
        }
    }
}

async fn remove(subject: &dyn Subject, sql: &Sql, run: &RunId) -> Result<(), String> {
    let since = Instant::now();
    for statement in sql.remove(run) {
        loop {
            let removed = timeout(REMOVAL, subject.run(&statement)).await;
            let why = match removed {
                Ok(Ok(())) => break,
                Ok(Err(failure)) => failure.text,
                Err(_) => format!("no answer within {REMOVAL:?}"),
            };
            if since.elapsed() >= REMOVAL {
                return Err(why);
            }
            sleep(10 * PAUSE).await;
        }
    }
    Ok(())
}

/// Returns the kind of the servers, and whether PostgreSQL tells timelines apart.
pub(crate) async fn kind_of(subject: &dyn Subject) -> Result<Kind, Error> {
    let family = subject.family();
    let question = Sql::version(Kind::of(family, ""));
    let version = subject.ask(&question).await;
    let version = version.map_err(|failure| Error::NoWrites { why: failure.text })?;
    Ok(Kind::of(family, version.first().map_or("", Line::text)))
}

/// Finds what runs have left behind that are over.
pub(crate) async fn leftovers(subject: &dyn Subject, sql: &Sql) -> Result<Vec<RunId>, Failure> {
    let lines = subject.ask(&sql.runs()).await?;
    let now = SystemTime::now();
    let mut runs: Vec<RunId> = Vec::new();
    for line in &lines {
        let run = RunId::of(line.text());
        if let Some(run) = run.filter(|run| run.is_over(now) && !runs.contains(run)) {
            runs.push(run);
        }
    }
    Ok(runs)
}

/// Removes what runs have left behind.
pub(crate) async fn remove_leftovers(
    subject: &dyn Subject,
    sql: &Sql,
    runs: &[RunId],
) -> Result<(), Error> {
    for run in runs {
        let removed = remove(subject, sql, run).await;
        removed.map_err(|why| Error::Leftovers {
            step: "removed",
            why,
        })?;
    }
    Ok(())
}

/// Waits until every node has the tables; returns those that have not, in words.
pub(crate) async fn wait_for_arrival(
    subject: &dyn Subject,
    sql: &Sql,
    nodes: &[Node],
) -> Vec<String> {
    let until = Instant::now() + ARRIVAL;
    let mut late = Vec::new();
    for node in nodes {
        if let Err(why) = arrives(subject, sql, node, until).await {
            late.push(format!(
                "node `{}` did not have the run's tables within {ARRIVAL:?}: {why}",
                node.name
            ));
        }
    }
    late
}

async fn arrives(
    subject: &dyn Subject,
    sql: &Sql,
    node: &Node,
    until: Instant,
) -> Result<(), String> {
    let question = sql.arrived();
    let mut why = "no answer".to_owned();
    let mut conn = None;
    while Instant::now() < until {
        if conn.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            match timeout(left, subject.open(&node.url)).await {
                Ok(Ok(opened)) => conn = Some(opened),
                // A server that is down is not waited for.
                Ok(Err(error)) => return Err(crate::failure::chain(&error)),
                Err(_) => break,
            }
        }
        let Some(open) = &mut conn else { break };
        match timeout(REMOVAL, open.ask(&question)).await {
            Ok(Ok(lines)) => match lines.first().map(|line| line.n) {
                Some(rows) if rows == i64::from(ROWS) => return Ok(()),
                _ => "it has the tables and not their rows".clone_into(&mut why),
            },
            Ok(Err(error)) => why = crate::failure::chain(&error),
            Err(_) => break,
        }
        sleep(PAUSE).await;
    }
    Err(why)
}

fn remedy(sql: &Sql) -> String {
    match (sql.place, sql.kind) {
        (Place::Own, Kind::MySql | Kind::MariaDb) => format!(
            "Grant the account of the pool for writes ALL ON `diesel\\_routing\\_verify\\_%`.*, or put the tables beside the \
             application's: `{IN_TABLES}`"
        ),
        (Place::Own, _) => format!(
            "Grant the account of the pool for writes CREATE on the database, or put the tables beside the application's: \
             `{IN_TABLES}`"
        ),
        (Place::Tables, _) => {
            "Grant the account of the pool for writes CREATE, and DROP, where its tables are"
                .to_owned()
        }
    }
}

/// The ways to put tables beside the application's, in code and on the command line.
const IN_TABLES: &str = "Verification::in_tables`, `--in-tables";
