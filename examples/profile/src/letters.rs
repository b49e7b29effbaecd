//! Letters, written by a background job in the language that their user has chosen.

use anyhow::{Context, Result};
use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::Locale;
use crate::people;
use crate::schema::letters;
use crate::trail::{Notes, Trail};

/// The number of jobs that may wait.
const QUEUE: usize = 256;

/// A letter to be written, as it would lie in a queue: it carries the session of whoever ordered it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Job {
    /// Whom to write to.
    pub user: i32,
    /// What the order's session wrote and saw: the job must not see less.
    pub token: String,
}

impl Job {
    /// Returns a letter to `user`, who has just done what `session` remembers.
    pub(crate) async fn ordered_by(session: &Session, user: i32) -> Result<Self> {
        let token = session.token().await?.to_string();
        Ok(Self { user, token })
    }

    /// Writes the letter.
    async fn run(&self, router: &Router, trail: &Trail) -> Result<()> {
        // A job has time: it rather waits for a replica than burdens the primary.
        let session = router.resume(&self.token).delayed();
        let notes = Notes::new(trail, self.user);
        let mut conn = session.read().await?;
        notes.take("the job's profile", conn.route());
        let person = people::find(&mut conn, self.user).await?;
        drop(conn);
        let row = (
            letters::user_id.eq(self.user),
            letters::locale.eq(person.locale().code()),
        );
        let mut conn = session.write().await?;
        diesel::insert_into(letters::table)
            .values(row)
            .execute(&mut conn)
            .await?;
        Ok(())
    }
}

/// The queue in which jobs wait for the one task that does them.
#[derive(Debug, Clone)]
pub(crate) struct Queue(mpsc::Sender<Job>);

impl Queue {
    /// Starts a queue, whose task ends when the last clone is dropped.
    pub(crate) fn start(router: Router, trail: Trail) -> Self {
        let (sender, mut jobs) = mpsc::channel::<Job>(QUEUE);
        tokio::spawn(async move {
            while let Some(job) = jobs.recv().await {
                if let Err(error) = job.run(&router, &trail).await {
                    tracing::error!(error = format!("{error:#}"), "a letter was not written");
                }
            }
        });
        Self(sender)
    }

    pub(crate) fn push(&self, job: Job) -> Result<()> {
        self.0
            .try_send(job)
            .context("too many letters are waiting: try again in a moment")
    }
}

/// Returns the languages of the last letters to a user, newest first.
pub(crate) async fn last(
    conn: &mut diesel_routing::pg::ReadConn<diesel_routing::Replica>,
    user: i32,
) -> QueryResult<Vec<Locale>> {
    let letters: Vec<String> = letters::table
        .filter(letters::user_id.eq(user))
        .order(letters::id.desc())
        .limit(3)
        .select(letters::locale)
        .load(conn)
        .await?;
    let known = letters.iter().filter_map(|code| Locale::of(code));
    Ok(known.collect())
}
