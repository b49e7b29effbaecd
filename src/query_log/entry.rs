//! `Entry`: the record of a statement, from its beginning to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::result::Error as DieselError;
use tracing::Span;

use super::failure::Failure;
use super::logging::{Server, Wish};
use super::{QueryLog, report};
use crate::cluster::Member;
use crate::routing::{Level, Reason};
use crate::statement::StatementText;

/// The record of a statement, from its beginning to its end. Dropped before that, the statement was abandoned.
#[derive(Debug)]
#[doc(hidden)]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct Entry {
    pub(super) what: What,
    pub(super) values: Option<String>,
    pub(super) served: Served,
    pub(super) server: Arc<Server>,
    pub(super) log: Option<QueryLog>,
    pub(super) wish: Wish,
    pub(super) rows: Option<u64>,
    span: Span,
    is_entered: bool,
    began: Option<Instant>,
    stream: Option<Stream>,
    is_over: bool,
}

/// A statement: its SQL, or what is known of it.
#[derive(Debug)]
pub(crate) enum What {
    Sql(Arc<StatementText>),
    /// A statement whose SQL is not seen.
    Named(&'static str),
}

/// The node that serves a statement, and why.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) member: Arc<Member>,
    pub(crate) is_primary: bool,
    pub(crate) reason: Reason,
    pub(crate) level: Level,
    pub(crate) function: Option<&'static str>,
}

/// The time that rows are waited for, without that between them, which is the caller's.
#[derive(Debug, Clone, Copy)]
struct Stream {
    waited: Duration,
    since: Option<Instant>,
}

/// The outcome of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Ok,
    Failed,
    /// It was not sent.
    Refused,
    /// It was abandoned before its answer was there.
    Cancelled,
}

impl Outcome {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Entry {
    pub(super) fn new(
        what: What,
        values: Option<String>,
        served: Served,
        server: Arc<Server>,
        log: Option<QueryLog>,
        wish: Wish,
    ) -> Self {
        Self {
            what,
            values,
            served,
            server,
            log,
            wish,
            rows: None,
            span: Span::none(),
            is_entered: false,
            began: None,
            stream: None,
            is_over: false,
        }
    }

    /// Records that the statement is sent, or goes on.
    pub(crate) fn start(&mut self) {
        if self.began.is_none() {
            self.began = Some(Instant::now());
            if self.wish.span {
                self.span = report::span(self);
            }
        }
        if !self.is_entered && !self.span.is_none() {
            self.span
                .with_subscriber(|(id, subscriber)| subscriber.enter(id));
            self.is_entered = true;
        }
    }

    /// Records that others have the thread.
    pub(crate) fn pause(&mut self) {
        if std::mem::take(&mut self.is_entered) {
            self.span
                .with_subscriber(|(id, subscriber)| subscriber.exit(id));
        }
    }

    /// Records that the answer has begun, and its rows follow. Dropped from here on, it has ended.
    pub(crate) fn open(&mut self) {
        self.pause();
        self.rows = Some(0);
        self.stream = Some(Stream {
            waited: self.elapsed(),
            since: None,
        });
    }

    /// Records that a row is waited for.
    pub(crate) fn wait(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.since.get_or_insert_with(Instant::now);
        }
    }

    /// Records that a row is there.
    pub(crate) fn row(&mut self) {
        self.rows = self.rows.map(|rows| rows + 1);
        if let Some(stream) = &mut self.stream
            && let Some(since) = stream.since.take()
        {
            stream.waited += since.elapsed();
        }
    }

    /// Ends the record with the number of rows, or an error.
    #[cold]
    #[inline(never)]
    pub(crate) fn finish_with(mut self: Box<Self>, answer: Result<Option<usize>, &DieselError>) {
        match answer {
            Ok(rows) => {
                self.rows = rows.and_then(|rows| rows.try_into().ok());
                self.end(Outcome::Ok, None);
            }
            Err(error) => self.finish(Some(error)),
        }
    }

    /// Ends the record, with this error or none.
    #[cold]
    #[inline(never)]
    pub(crate) fn finish(mut self: Box<Self>, error: Option<&DieselError>) {
        match error {
            None => self.end(Outcome::Ok, None),
            // The server has answered: there is none.
            Some(DieselError::NotFound) => {
                self.rows = Some(0);
                self.end(Outcome::Ok, None);
            }
            Some(error) => {
                let failure = self.failure(error);
                self.end(Outcome::Failed, Some(&failure));
            }
        }
    }

    /// Ends the record of a statement that failed with an error which is not Diesel's.
    #[allow(dead_code, reason = "where nothing is copied")]
    pub(crate) fn fail(mut self: Box<Self>) {
        self.end(Outcome::Failed, Some(&Failure::unknown()));
    }

    /// Ends the record of a statement that was not sent.
    #[cold]
    #[inline(never)]
    pub(crate) fn refuse(mut self: Box<Self>, error: &DieselError) {
        let failure = self.failure(error);
        self.end(Outcome::Refused, Some(&failure));
    }

    fn failure(&self, error: &DieselError) -> Failure {
        let with_values = self.log.is_some_and(|log| log.values);
        Failure::of(error, self.server.system, with_values)
    }

    /// Returns the time that the statement took so far.
    fn elapsed(&self) -> Duration {
        match &self.stream {
            Some(Stream { waited, since }) => {
                *waited + since.map_or(Duration::ZERO, |since| since.elapsed())
            }
            None => self.began.map_or(Duration::ZERO, |began| began.elapsed()),
        }
    }

    fn end(&mut self, outcome: Outcome, failure: Option<&Failure>) {
        self.pause();
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        let time = self.elapsed();
        report::record(&self.span, outcome, self.rows, failure);
        self.span
            .in_scope(|| report::log(self, outcome, time, failure));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.stream.is_some() {
            // Whoever wants one row takes one.
            self.end(Outcome::Ok, None);
        } else if self.began.is_some() {
            self.end(Outcome::Cancelled, None);
        }
    }
}
