//! Background jobs with apalis: the job carries the session's token, and its worker resumes the session.
//!
//! A job that runs again starts with the same token: what an earlier attempt wrote, a later one reads for sure only if it writes first,
//! or reads at the primary.

use apalis::prelude::*;
use diesel_routing::sqlite::{Router, Session};
use diesel_routing::{Error, JobToken};
use serde::{Deserialize, Serialize};

use crate::theme::theme;

/// A job: tell somebody about the new theme.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notify {
    /// The account that is told.
    pub user: String,
    /// What the job must see. Jobs that were enqueued before it was there have none, and read at the primary.
    #[serde(default)]
    pub session: JobToken,
}

impl Notify {
    /// Creates the job, of a request whose session has written.
    ///
    /// # Errors
    ///
    /// Those of tokens: the router has no keys.
    pub async fn new(user: &str, session: &Session) -> Result<Self, Error> {
        Ok(Self {
            user: user.to_owned(),
            session: session.token().await?.into(),
        })
    }
}

/// Does the job: `WorkerBuilder::new("notify").backend(storage).data(router).data(outbox).build(notify)`.
///
/// # Errors
///
/// Those of the database; apalis runs the job again, if it is told to.
pub async fn notify(job: Notify, router: Data<Router>, outbox: Data<Outbox>) -> Result<(), Error> {
    // Rather waits a second for a replica than goes to the primary.
    let session = job.session.resume(&router).delayed();
    let theme = theme(&session).await?;
    outbox.send(format!("{}: {theme}", job.user));
    Ok(())
}

/// The notifications that have been sent.
#[derive(Debug, Clone)]
pub struct Outbox(pub tokio::sync::mpsc::UnboundedSender<String>);

impl Outbox {
    fn send(&self, message: String) {
        if self.0.send(message).is_err() {
            tracing::warn!("nobody takes messages any more");
        }
    }
}
