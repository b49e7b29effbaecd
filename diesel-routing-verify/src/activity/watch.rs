//! One node that is asked again and again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::failure::chain;
use crate::mark::{Mark, Word};
use crate::sql::Kind;
use crate::subject::Inquiry;
use crate::world::World;

/// The time between two looks at a server.
const PAUSE: Duration = Duration::from_millis(10);
/// The time between two questions for a server's role.
const ROLES: Duration = Duration::from_millis(500);
/// The time that a node may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// A node, as it was named to the verification.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) url: String,
    /// Set if it is meant to be the primary, not set if a replica; `None` if that was not said.
    pub(crate) is_primary: Option<bool>,
}

/// The observations of a node.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    pub(crate) name: String,
    /// The names that its servers, one after the other, have for themselves.
    pub(crate) servers: BTreeSet<String>,
    /// Set if it was seen as the primary, and as a replica.
    pub(crate) was_primary: bool,
    pub(crate) was_replica: bool,
    /// The number of looks at what it runs.
    pub(crate) looks: u64,
    /// The run's statements that it was seen to run: their numbers, by what they do; while it was the primary, and while it was a
    /// replica.
    pub(crate) on_primary: BTreeMap<Word, BTreeSet<u64>>,
    pub(crate) on_replica: BTreeMap<Word, BTreeSet<u64>>,
    /// The reason why it could not be asked what it runs.
    pub(crate) trouble: Option<String>,
}

/// Asks a node until the run is over.
pub(crate) async fn watch(world: Arc<World>, node: Node) -> Watched {
    let mut watched = Watched {
        name: node.name.clone(),
        ..Watched::default()
    };
    // What is known before the run begins is asked for at least once.
    loop {
        match timeout(LIMIT, world.subject.open(&node.url)).await {
            Ok(Ok(mut conn)) => {
                let ended = look(&world, &node, &mut *conn, &mut watched).await;
                if let Err(why) = ended {
                    watched.trouble = Some(why);
                }
            }
            Ok(Err(error)) => watched.trouble = Some(chain(&error)),
            Err(_) => watched.trouble = Some(format!("it gave no connection within {LIMIT:?}")),
        }
        if world.is_over() {
            return watched;
        }
        sleep(ROLES).await;
    }
}

/// Looks at what a node runs, until the run is over.
async fn look(
    world: &World,
    node: &Node,
    conn: &mut dyn Inquiry,
    watched: &mut Watched,
) -> Result<(), String> {
    let kind = world.sql.kind;
    let run = &world.sql.run;
    let questions = [kind.activity(run), kind.recent_activity(run)];
    let mut questions: Vec<_> = questions.into_iter().flatten().collect();
    let mut is_primary = role(kind, node, conn, watched).await?;
    let mut asked = Instant::now();
    while !world.is_over() {
        if asked.elapsed() >= ROLES {
            is_primary = role(kind, node, conn, watched).await?;
            asked = Instant::now();
        }
        let (marks, left, refused) = marks(world, conn, questions).await;
        questions = left;
        if questions.is_empty() && kind.has_activity() {
            return Err(refused.unwrap_or_default());
        }
        watched.looks += 1;
        let is_misplaced = marks.iter().any(|mark| mark.word != Word::Read);
        if is_misplaced && !is_primary {
            // It may have been promoted since it was asked.
            is_primary = role(kind, node, conn, watched).await?;
        }
        watched.saw(&marks, is_primary);
        sleep(PAUSE).await;
    }
    role(kind, node, conn, watched).await.map(drop)
}

/// Asks what a node runs; returns the marks of that, the questions that it answers, and why it does not answer the others.
async fn marks(
    world: &World,
    conn: &mut dyn Inquiry,
    questions: Vec<String>,
) -> (Vec<Mark>, Vec<String>, Option<String>) {
    let (mut marks, mut left, mut refused) = (Vec::new(), Vec::new(), None);
    for question in questions {
        match within(conn.ask(&question)).await {
            Ok(lines) => {
                let found = lines
                    .iter()
                    .filter_map(|line| Mark::find(line.text(), &world.sql.run));
                marks.extend(found);
                left.push(question);
            }
            // Servers that keep no history of statements refuse that question alone.
            Err(why) => refused = Some(why),
        }
    }
    (marks, left, refused)
}

impl Watched {
    /// Counts what a node runs.
    fn saw(&mut self, marks: &[Mark], is_primary: bool) {
        for &Mark { word, number } in marks {
            let was_there = |seen: &BTreeMap<Word, BTreeSet<u64>>| {
                seen.get(&word).is_some_and(|seen| seen.contains(&number))
            };
            // A list may still have what ran while the node was the primary.
            if !is_primary && was_there(&self.on_primary) {
                continue;
            }
            let seen = match is_primary {
                true => &mut self.on_primary,
                false => &mut self.on_replica,
            };
            seen.entry(word).or_default().insert(number);
        }
    }
}

/// Asks a node who it is; returns whether it is the primary.
async fn role(
    kind: Kind,
    node: &Node,
    conn: &mut dyn Inquiry,
    watched: &mut Watched,
) -> Result<bool, String> {
    let lines = within(conn.ask(&kind.who())).await?;
    let who = lines.first().ok_or("it did not say who it is")?;
    watched.servers.insert(who.text().to_owned());
    let replicates = match kind.sources() {
        // An account that may not ask leaves it at what the server calls itself.
        Some(sources) => within(conn.count(sources)).await.unwrap_or_default() > 0,
        None => false,
    };
    let is_replica = match who.n {
        // SQLite cannot know.
        ..0 => node.is_primary == Some(false),
        n => n > 0 || replicates,
    };
    match is_replica {
        true => watched.was_replica = true,
        false => watched.was_primary = true,
    }
    Ok(!is_replica)
}

/// Waits for an answer.
async fn within<T>(answer: impl Future<Output = diesel::QueryResult<T>>) -> Result<T, String> {
    match timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(|error| chain(&error)),
        Err(_) => Err(format!("no answer within {LIMIT:?}")),
    }
}
