//! Settings that are replaced while decisions are made: each is made under those of one moment.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::consistency::{Class, Function};
use crate::routing::{Balance, Level};
use crate::statement::Access;

static FUNCTION: Function = Function::new("reports::total", Level::Eventual).of_class("reports");

const STRICT: Duration = Duration::from_secs(1);
const LAX: Duration = Duration::from_secs(60);

/// A router whose replica lags 10 s. Under one configuration the class's limit keeps its reads from there, under the other
/// the primary's share does, which is all of them: it serves under none.
struct Reloaded {
    shared: Shared,
    settings: Settings,
    session: Arc<SessionState>,
    now: Instant,
}

impl Reloaded {
    fn new() -> Self {
        let mut nodes = [Node::new("primary", "0"), Node::new("replica", "1")];
        Settings::default().prepare(&mut nodes);
        let (clock, shared) = watched(&nodes);
        let (opened, mut now) = (Instant::now(), Instant::now());
        for (node, lsn, then) in [(0, 90, 1), (0, 99, 10_000), (0, 99, 0), (1, 90, 0)] {
            now += Duration::from_nanos(1);
            let question = Question {
                asked: clock.now(),
                sent: now,
                server: Some(identity(node)),
                opened,
            };
            let position = Position::Postgres(PgPosition::new(7, 1, Lsn(lsn)));
            shared.record_observation(node, question, Observation::new(role(node), position));
            clock.pass(Duration::from_millis(then));
        }
        Self {
            shared,
            settings: servers::measured_by(&clock),
            session: Arc::default(),
            now,
        }
    }

    fn put(&self, class: Duration, primary: f64) {
        self.shared.adjust(&self.settings, |live| {
            live.balance = Balance::Random.include_primary(primary);
            live.set_class("reports".to_owned(), Class::new().max_lag(class));
        });
    }

    fn request(&self) -> Request<'_> {
        let request = Request {
            level: Level::Eventual,
            access: Access::Replica,
            ..read_of(&self.session)
        };
        request.of_function(&FUNCTION)
    }

    fn reason(&self, request: &Request<'_>) -> Reason {
        self.shared.look(request, self.now).reason
    }
}

#[test]
fn a_request_from_before_a_reload_is_decided_under_what_there_is_after_it() {
    let reloaded = Reloaded::new();
    reloaded.put(LAX, 0.0);
    assert_eq!(reloaded.reason(&reloaded.request()), Reason::Bounded);
    reloaded.put(LAX, 1.0);
    let before = reloaded.request();
    assert_eq!(reloaded.reason(&before), Reason::PrimaryShare);
    reloaded.put(STRICT, 0.0);
    // Its class was lax, and the primary has no share: what neither configuration says.
    assert_eq!(reloaded.reason(&before), Reason::TooStale);
    assert_eq!(reloaded.reason(&reloaded.request()), Reason::TooStale);
}

#[test]
fn no_decision_mixes_two_configurations_that_take_turns() {
    let reloaded = Reloaded::new();
    reloaded.put(STRICT, 0.0);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let deciders = [(); 3].map(|()| {
            scope.spawn(|| {
                let (mut one, mut other) = (0, 0);
                while !is_over.load(Ordering::Relaxed) {
                    match reloaded.reason(&reloaded.request()) {
                        Reason::TooStale => one += 1,
                        Reason::PrimaryShare => other += 1,
                        mixed => panic!("{mixed:?}"),
                    }
                }
                (one, other)
            })
        });
        for _ in 0..2_000 {
            reloaded.put(LAX, 1.0);
            std::thread::yield_now();
            reloaded.put(STRICT, 0.0);
            std::thread::yield_now();
        }
        is_over.store(true, Ordering::Relaxed);
        for decider in deciders {
            let (one, other) = decider.join().unwrap();
            assert!(one > 10 && other > 10, "{one} and {other}");
        }
    });
}

#[test]
fn times_are_measured_while_the_balance_needs_them() {
    let reloaded = Reloaded::new();
    let (shared, now) = (&reloaded.shared, reloaded.now);
    let balance = |balance: Balance| {
        shared.adjust(&reloaded.settings, |live| live.balance = balance.into());
    };
    let answer = || {
        shared.answered_in(1, Duration::from_millis(3), now);
        shared.latency(1).is_some()
    };
    assert!(!answer(), "nobody needs it");
    balance(Balance::Latency);
    assert!(answer());
    balance(Balance::Random);
    assert!(!answer());
    // What statements take is recorded by connections, those that are open included.
    let members = shared.members();
    let latency = members
        .get(1)
        .and_then(|node| node.latency.clone())
        .unwrap();
    assert!(!latency.is_wanted());
    balance(Balance::Latency);
    assert!(latency.is_wanted());
}
