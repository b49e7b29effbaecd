//! `Logging`: what a connection's statements are recorded with, while they are.

use std::sync::{Arc, Mutex};

use diesel_routing_sql::Dialect as Sql;
use tracing::Level as Severity;

use super::{Entry, QueryLog, Served, What};
use crate::cluster::ServerFacts;
use crate::connect::{database_of, endpoints};
use crate::routing::Level;
use crate::statement::Texts;

/// The target of the log's lines.
pub(super) const LOG: &str = "diesel_routing::query";

/// The target of statements' spans.
pub(super) const SPAN: &str = "diesel_routing::statement";

/// The records that are wanted of statements.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Observed {
    pub(crate) log: Option<QueryLog>,
    /// Set if each has a span.
    pub(crate) spans: bool,
}

impl Observed {
    /// Returns whether anything is.
    pub(crate) fn is_any(&self) -> bool {
        self.log.is_some() || self.spans
    }
}

/// The logging of a connection's statements, while they are recorded.
#[derive(Debug)]
pub(crate) struct Logging {
    pub(crate) observed: Observed,
    /// The level of the checkout.
    pub(crate) level: Level,
    texts: Mutex<Texts>,
    server: Arc<Server>,
}

/// The server of a connection, for traces.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Server {
    /// OpenTelemetry's name of the kind.
    pub(super) system: &'static str,
    /// The host and the port, if there is one only that the connection may lead to.
    pub(super) address: Option<(String, u16)>,
    pub(super) database: Option<String>,
}

impl Server {
    /// Returns the server behind a URL.
    pub(crate) fn new(url: &str, dialect: Sql, facts: &ServerFacts) -> Self {
        let system = facts.system_name(dialect);
        if dialect == Sql::Sqlite {
            return Self {
                system,
                ..Self::default()
            };
        }
        let mut addresses = endpoints(url);
        Self {
            system,
            address: addresses.pop().filter(|_| addresses.is_empty()),
            database: database_of(url),
        }
    }
}

/// The record that is wanted of one statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// Set if it is among those that are logged.
    pub(super) is_sampled: bool,
    pub(super) span: bool,
}

impl Logging {
    pub(crate) fn new(observed: Observed, level: Level, server: Server) -> Box<Self> {
        Box::new(Self {
            observed,
            level,
            texts: Mutex::default(),
            server: Arc::new(server),
        })
    }

    /// Returns a record of a statement that `what` tells, with its values, if anybody listens who may get it.
    pub(crate) fn record(
        &self,
        served: impl FnOnce(Level) -> Served,
        what: impl FnOnce(&Mutex<Texts>, bool) -> (What, Option<String>),
    ) -> Option<Box<Entry>> {
        let wish = self.wish()?;
        let wants_values = self.observed.log.is_some_and(|log| log.values);
        let (what, values) = what(&self.texts, wants_values);
        let server = Arc::clone(&self.server);
        let entry = Entry::new(
            what,
            values,
            served(self.level),
            server,
            self.observed.log,
            wish,
        );
        Some(Box::new(entry))
    }

    fn wish(&self) -> Option<Wish> {
        let span = self.observed.spans && tracing::span_enabled!(target: SPAN, Severity::INFO);
        let (is_sampled, is_logged) = self.observed.log.map_or((false, false), |log| {
            let is_sampled = tracing::event_enabled!(target: LOG, Severity::DEBUG) && log.draws();
            let may_fail = || tracing::event_enabled!(target: LOG, Severity::INFO);
            let may_be_slow = || {
                log.slower_than.is_some() && tracing::event_enabled!(target: LOG, Severity::WARN)
            };
            (is_sampled, is_sampled || may_fail() || may_be_slow())
        });
        (span || is_logged).then_some(Wish { is_sampled, span })
    }
}
