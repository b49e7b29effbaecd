//! The model's servers, and the connections to them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use diesel_routing_sql::Dialect as Sql;

use crate::cluster::{Member, Node, Observation, ServerFacts, ServerId};
use crate::connect::SessionSettings;
use crate::engine::checkout::Loan;
use crate::engine::{Applied, Known, Request, Settings, Shared, Wait};
use crate::position::{Lsn, PgPosition, Position};
use crate::routing::Level;
use crate::server::NodeRole;
use crate::session::{Clock, SessionState};
use crate::statement::Access;

/// Time that moves by steps, for all routers.
#[derive(Debug, Clone)]
pub(super) struct Steps(pub(super) Arc<Mutex<(Instant, SystemTime)>>);

impl Steps {
    pub(super) fn pass(&self, by: Duration) {
        let mut present = self.0.lock().unwrap();
        present.0 += by;
        present.1 += by;
    }
}

impl Clock for Steps {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().0
    }

    fn wall(&self) -> SystemTime {
        self.0.lock().unwrap().1
    }
}

pub(super) const NODES: usize = 4;
/// One more than nodes: what a node's name leads to changes.
pub(super) const SERVERS: usize = 5;
pub(super) const ROUTERS: usize = 2;
pub(super) const SESSIONS: usize = 3;

/// A server: what it has of the log, and which run of it this is. It says the same of itself in every run, as one does
/// that starts again after a crash of one of its processes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server {
    pub(super) replayed: u64,
    pub(super) run: u64,
}

/// A connection in a router's pool.
#[derive(Debug, Clone)]
pub(super) struct Pooled {
    pub(super) node: usize,
    pub(super) server: usize,
    pub(super) run: u64,
    pub(super) known: Known,
    /// The node that it was opened for.
    pub(super) member: Arc<Member>,
}

impl Loan for Pooled {
    fn known(&self) -> &Known {
        &self.known
    }

    fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    fn awaits_answer(&self) -> bool {
        false
    }

    fn spoil(&mut self) {
        self.known.is_spent = true;
    }

    fn number(&self) -> u64 {
        0
    }

    #[cfg(feature = "metrics")]
    fn waited(&self, _: Duration) {}

    fn node(&self) -> &str {
        &self.member.name
    }

    fn database(&self) -> Option<&str> {
        None
    }
}

/// Returns what is known of a new connection.
pub(super) fn known(server: usize, opened: Instant) -> Known {
    Known {
        facts: ServerFacts::default(),
        server: Some(identity(server)),
        role: Some(role(server)),
        said: None,
        opened,
        expires: None,
        alive: opened,
        read_only: true,
        reads_causally: false,
        applied: Applied::default(),
        is_spent: false,
    }
}

pub(super) fn identity(server: usize) -> ServerId {
    ServerId::numbered(u64::try_from(server).unwrap())
}

pub(super) fn role(server: usize) -> NodeRole {
    if server == 0 {
        NodeRole::TakesWrites
    } else {
        NodeRole::ReplaysWrites
    }
}

/// What nodes are of routers, but for tests that need something else.
pub(super) const WATCHED: crate::engine::Server = crate::engine::Server {
    dialect: Sql::Postgres,
    watched: true,
    demoted_in_place: false,
};

/// Returns the state of a router over these nodes, and its clock, which stands still.
pub(super) fn watched(nodes: &[Node]) -> (Steps, Shared) {
    let clock = Steps(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))));
    let shared = Shared::new(&measured_by(&clock), nodes, WATCHED);
    (clock, shared)
}

/// Returns the settings of a router with this clock.
pub(super) fn measured_by(clock: &Steps) -> Settings {
    Settings {
        clock: Arc::new(clock.clone()),
        has_system_clock: false,
        ..Settings::default()
    }
}

/// Returns the request of a session's read that does not wait.
pub(super) fn read_of(session: &Arc<SessionState>) -> Request<'_> {
    Request {
        level: Level::Session,
        access: Access::CaughtUp,
        session: Some(session),
        wait: Wait::default(),
        avoid: None,
        again: None,
        may_try: true,
        advice: None,
        class: None,
        on: None,
        settings: None,
        function: None,
    }
}

/// Returns the wait of a session's view.
pub(super) fn waiting(wait: Duration) -> Wait {
    Wait {
        function: None,
        view: Some(wait),
    }
}

/// Returns the settings of a user's session.
pub(super) fn settings_of(user: usize) -> Arc<SessionSettings> {
    let mut settings = SessionSettings::default();
    let added = settings.add("app.tenant", user.to_string().into(), Sql::Postgres);
    added.unwrap();
    Arc::new(settings)
}

/// Returns what a server says of itself.
pub(super) fn said(server: usize, replayed: u64) -> Observation {
    let position = Position::Postgres(PgPosition::new(7, 1, Lsn(replayed)));
    Observation::new(role(server), position)
}
