//! What requests require: the strongest of all who have a say, under one configuration.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::servers::{
    Pooled, WATCHED, identity, known, measured_by, read_of, said, waiting, watched,
};
use crate::cluster::{Node, Question};
use crate::consistency::{Class, Function};
use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::engine::{Advice, Request, Settings, Shared, Wait};
use crate::error::{ConfigError, Error};
use crate::routing::{Fallback, Level, Reason, RegionPolicy, Strength};
use crate::session::SessionState;
use crate::statement::Access;

const MILLISECOND: Duration = Duration::from_millis(1);
const NAMES: [&str; 3] = ["payments", "inventory", "public"];

fn levels() -> impl Strategy<Value = Level> {
    prop_oneof![
        Just(Level::Eventual),
        (100..103_u64).prop_map(|bound| Level::Bounded(MILLISECOND * bound as u32)),
        Just(Level::Session),
        Just(Level::Strong),
    ]
}

fn classes() -> impl Strategy<Value = Class> {
    (
        prop::option::of(levels()),
        prop::option::of(200..203_u32),
        prop_oneof![
            Just(Fallback::ToPrimary),
            Just(Fallback::Wait(MILLISECOND * 30)),
            Just(Fallback::Refuse),
        ],
        any::<bool>(),
    )
        .prop_map(|(level, max_lag, fallback, stays)| {
            let class = Class::new().fallback(fallback).region_policy(if stays {
                RegionPolicy::Refuse
            } else {
                RegionPolicy::Pay
            });
            let class = level.map_or(class, |level| class.level(level));
            max_lag.map_or(class, |lag| class.max_lag(MILLISECOND * lag))
        })
}

/// Returns a router of a primary and a replica with these classes.
fn router(classes: &[(&str, Class)]) -> (Settings, Shared) {
    let (clock, _) = watched(&[]);
    let mut settings = Settings {
        zone: Some("here".to_owned()),
        ..measured_by(&clock)
    };
    let classes = classes.iter();
    settings.live.classes = classes
        .map(|(name, class)| ((*name).to_owned(), *class))
        .collect();
    let nodes = [Node::new("primary", "0"), Node::new("replica", "1")];
    let shared = Shared::new(&settings, &nodes, WATCHED);
    (settings, shared)
}

/// Records what a server says of itself, over the connection of its watcher.
fn says(shared: &Shared, server: usize, lsn: u64, opened: Instant) {
    let question = Question {
        asked: shared.now(),
        sent: opened,
        server: Some(identity(server)),
        opened,
    };
    shared.record_observation(server, question, said(server, lsn));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Attribute, call and handle (the level and the access), views, rules and headers (the advice), and classes of all of them.
    #[test]
    fn a_request_is_as_strong_as_each_who_has_a_say(
        level in levels(),
        access in prop_oneof![
            Just(Access::Replica), Just(Access::CaughtUp), Just(Access::Primary), Just(Access::Write)
        ],
        configured in prop::array::uniform3(classes()),
        own in prop::option::of(0..3_usize),
        views in prop::collection::vec(levels(), 0..3),
        named in prop::collection::vec(0..3_usize, 0..3),
    ) {
        let (_, shared) = router(&[0, 1, 2].map(|class| (NAMES[class], configured[class])));
        let mut advice = Advice::default();
        for view in &views {
            advice.code().at_level(*view);
        }
        for class in &named {
            advice.code().in_class(NAMES[*class].into());
        }
        let session = Arc::<SessionState>::default();
        let request = Request {
            level: Request::level_of(level, access),
            access,
            class: own.map(|class| NAMES[class]),
            advice: Some(&advice).filter(|advice| **advice != Advice::default()),
            ..read_of(&session)
        };
        let required = Shared::strength(&request, &shared.snapshot()).expect("classes that are there");
        let promise = match access {
            Access::Replica => Level::Eventual,
            Access::CaughtUp => Level::Session,
            Access::Primary => Level::Strong,
            Access::Write => Level::Write,
        };
        let classes = own.into_iter().chain(named);
        // Of a level that the handle's outranks, the handle's is asked for: their types leave no other pair.
        let fits = promise == Level::Eventual || !matches!(level, Level::Bounded(_));
        let asked = [promise].into_iter().chain(Some(level).filter(|_| fits));
        let all: Vec<Strength> = asked
            .chain(views)
            .map(Strength::from)
            .chain(classes.map(|class| configured[class].strength()))
            .collect();
        for each in &all {
            prop_assert_eq!(required.join(*each), required, "is weaker than {:?}", each);
        }
        if fits {
            let join = all.into_iter().reduce(Strength::join);
            prop_assert_eq!(Some(required), join, "asks for what nobody does");
        }
    }
}

/// Only whoever wrote the function may weaken it: the class that it names itself, in another region.
#[test]
fn a_region_policy_relaxes_the_bound_of_its_functions_and_of_nobody_else() {
    let two_seconds = Duration::from_secs(2);
    let older = Class::new().region_policy(RegionPolicy::Bound(two_seconds));
    let (_, shared) = router(&[
        ("older", older),
        ("limited", Class::new().max_lag(MILLISECOND * 500)),
    ]);
    let session = Arc::<SessionState>::default();
    let bounded = Request {
        level: Level::Bounded(MILLISECOND * 100),
        access: Access::Replica,
        ..read_of(&session)
    };
    let bound = |request: &Request<'_>| {
        let required = Shared::strength(request, &shared.snapshot());
        required.and_then(Strength::bound)
    };
    let of_function = Request {
        class: Some("older"),
        ..bounded
    };
    assert_eq!(bound(&of_function), Some(two_seconds));
    let mut advice = Advice::default();
    advice.code().in_class("older".into());
    let of_view = Request {
        advice: Some(&advice),
        ..bounded
    };
    assert_eq!(bound(&of_view), Some(MILLISECOND * 100));
    // What others require is not relaxed.
    let mut advice = Advice::default();
    advice.code().in_class("limited".into());
    let both = Request {
        advice: Some(&advice),
        ..of_function
    };
    assert_eq!(bound(&both), Some(MILLISECOND * 500));
}

fn missing(error: Option<Error>) -> Option<String> {
    match error {
        Some(Error::Config(ConfigError::NoSuchClass { class, .. })) => Some(class),
        _ => None,
    }
}

/// A reload in the middle of a checkout: the next decision is under the new configuration as a whole, and a class that is gone is
/// an error, not a weaker read.
#[test]
fn a_class_that_vanishes_in_a_checkout_is_an_error() {
    let strict = Class::new().level(Level::Session);
    let (settings, shared) = router(&[("payments", strict)]);
    let opened = Instant::now();
    says(&shared, 0, 80, opened);
    says(&shared, 1, 80, opened);
    let session = Arc::<SessionState>::default();
    let request = Request {
        level: Level::Eventual,
        access: Access::Replica,
        class: Some("payments"),
        ..read_of(&session)
    };
    let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
    let next = checkout.next(Outcome::Started, opened);
    assert!(matches!(next, Next::Take { node: 1, .. }), "{next:?}");
    shared.adjust(&settings, |live| live.classes.clear());
    // The connection does not lead to the server that has answered, so another decision is needed.
    let members = shared.members();
    let stranger = Pooled {
        node: 1,
        server: 2,
        run: 0,
        known: known(2, opened),
        member: Arc::clone(members.get(1).expect("a replica")),
    };
    let mut next = checkout.next(Outcome::Taken(stranger), opened);
    if let Next::Ask { guard, .. } = next {
        next = checkout.next(Outcome::Said(guard, Some(said(2, 80))), opened);
    }
    let Next::Fail(error) = next else {
        panic!("{next:?}");
    };
    assert_eq!(missing(Some(error)).as_deref(), Some("payments"));
    // And one that begins now fails at once.
    let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
    let Next::Fail(error) = checkout.next(Outcome::Started, opened) else {
        panic!("it went on");
    };
    assert_eq!(missing(Some(error)).as_deref(), Some("payments"));
}

/// One configuration has the limit on the class, the other on the router: whoever took the class of the one and the limit of the
/// other would read from a replica that neither allows.
#[test]
fn no_decision_mixes_two_configurations() {
    let limit = MILLISECOND * 250;
    let nodes = [Node::new("primary", "0"), Node::new("replica", "1")];
    let (clock, shared) = watched(&nodes);
    let settings = measured_by(&clock);
    let on_router = |live: &mut crate::engine::Live| {
        live.max_lag = limit;
        live.classes = vec![("payments".to_owned(), Class::new())];
    };
    let on_class = |live: &mut crate::engine::Live| {
        live.max_lag = Duration::from_secs(60);
        live.classes = vec![("payments".to_owned(), Class::new().max_lag(limit))];
    };
    // The replica lacks what the primary has had for a second.
    let opened = Instant::now();
    says(&shared, 0, 80, opened);
    clock.pass(MILLISECOND);
    says(&shared, 0, 90, opened);
    says(&shared, 1, 80, opened);
    clock.pass(Duration::from_secs(1));
    says(&shared, 0, 90, opened);
    let session = Arc::<SessionState>::default();
    let request = Request {
        level: Level::Eventual,
        access: Access::Replica,
        class: Some("payments"),
        ..read_of(&session)
    };
    let look = || shared.look(&request, opened);
    shared.adjust(&settings, |live| {
        live.classes = vec![("payments".to_owned(), Class::new())]
    });
    assert_eq!(
        (look().node, look().reason),
        (1, Reason::Eventual),
        "without a limit"
    );
    shared.adjust(&settings, on_router);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                shared.adjust(&settings, on_class);
                shared.adjust(&settings, on_router);
            }
        });
        let mixed = (0..20_000)
            .map(|_| look())
            .find(|decision| !decision.reason.is_for_primary());
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(mixed, None);
    });
}

#[test]
fn a_class_that_refuses_keeps_its_reads_off_the_primary_and_no_others() {
    let public = Class::new().fallback(Fallback::Refuse);
    let (_, shared) = router(&[("public", public)]);
    let opened = Instant::now();
    says(&shared, 0, 80, opened);
    shared.record_failure(1, "gone");
    let session = Arc::<SessionState>::default();
    let mut advice = Advice::default();
    advice.code().in_class("public".into());
    let next = |level, access| {
        let request = Request {
            level,
            access,
            advice: Some(&advice),
            function: Some("shop::suggestions"),
            ..read_of(&session)
        };
        Checkout::<Pooled>::new(&shared, request, false).next(Outcome::Started, opened)
    };
    for (level, access) in [
        (Level::Eventual, Access::Replica),
        (Level::Session, Access::CaughtUp),
    ] {
        let Next::Fail(error) = next(level, access) else {
            panic!("{level:?}");
        };
        assert!(error.may_retry_later() && !error.may_retry_read());
        let words = error.to_string();
        for word in [
            "`public`",
            "`shop::suggestions`",
            "`replica` is down",
            "Fallback::Wait",
        ] {
            assert!(words.contains(word), "{words}");
        }
    }
    for (level, access) in [
        (Level::Strong, Access::Primary),
        (Level::Write, Access::Write),
    ] {
        let next = next(level, access);
        assert!(matches!(next, Next::Take { node: 0, .. }), "{next:?}");
    }
}

#[test]
fn a_class_that_waits_does_so_while_no_replica_is_up_and_then_goes_to_the_primary() {
    let patient = Class::new().fallback(Fallback::Wait(MILLISECOND * 200));
    let (_, shared) = router(&[("patient", patient)]);
    let opened = Instant::now();
    says(&shared, 0, 80, opened);
    shared.record_failure(1, "gone");
    let session = Arc::<SessionState>::default();
    let request = Request {
        level: Level::Eventual,
        access: Access::Replica,
        class: Some("patient"),
        ..read_of(&session)
    };
    let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
    let next = checkout.next(Outcome::Started, opened);
    assert!(
        matches!(next, Next::Wait { until, .. } if until == opened + MILLISECOND * 200),
        "{next:?}"
    );
    says(&shared, 1, 80, opened);
    let next = checkout.next(Outcome::Answered, opened + MILLISECOND);
    assert!(matches!(next, Next::Take { node: 1, .. }), "{next:?}");
    // In vain.
    shared.record_failure(1, "gone");
    let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
    checkout.next(Outcome::Started, opened);
    let next = checkout.next(Outcome::TimedOut, opened + MILLISECOND * 200);
    assert!(matches!(next, Next::Take { node: 0, .. }), "{next:?}");
}

#[test]
fn of_waits_the_nearest_to_the_read_counts() {
    const WAITS: Function = Function::new("waits", Level::Session)
        .waiting(Duration::from_millis(1))
        .of_class("own");
    const NAMES_A_CLASS: Function = Function::new("class", Level::Session).of_class("own");
    let (mut settings, _) = router(&[
        ("own", Class::new().wait(MILLISECOND * 2)),
        ("views", Class::new().wait(MILLISECOND * 4)),
    ]);
    settings.live.wait = MILLISECOND * 5;
    let shared = Shared::new(&settings, &[Node::new("primary", "0")], WATCHED);
    let session = Arc::<SessionState>::default();
    let mut advice = Advice::default();
    advice.code().in_class("views".into());
    let plain = read_of(&session);
    let waits = |request: &Request<'_>| shared.terms(request).expect("terms").wait;
    assert_eq!(waits(&plain), MILLISECOND * 5);
    let of_view = Request {
        advice: Some(&advice),
        ..plain
    };
    assert_eq!(waits(&of_view), MILLISECOND * 4);
    let by_call = Request {
        wait: waiting(MILLISECOND * 3),
        ..of_view
    };
    assert_eq!(waits(&by_call), MILLISECOND * 3);
    assert_eq!(waits(&by_call.of_function(&NAMES_A_CLASS)), MILLISECOND * 2);
    assert_eq!(waits(&by_call.of_function(&WAITS)), MILLISECOND);
    assert_eq!(plain.wait, Wait::default());
}

#[test]
fn limits_that_no_replica_could_be_known_to_keep_are_errors() {
    let (mut settings, _) = router(&[]);
    let check = |settings: &Settings| settings.check_limits(&settings.live);
    assert_eq!(settings.watch_interval, MILLISECOND * 100);
    let class = |limit| vec![("payments".to_owned(), Class::new().max_lag(limit))];
    // With a tenth for the jitter, and 10 ms for the answer.
    settings.live.classes = class(MILLISECOND * 120);
    assert_eq!(check(&settings), Ok(()));
    settings.live.classes = class(MILLISECOND * 119);
    let error = check(&settings).expect_err("a limit that means nothing");
    let words = error.to_string();
    for word in ["`payments`", "119ms", "100ms", "120ms", "watch_interval"] {
        assert!(words.contains(word), "{words}");
    }
    settings.live.classes = Vec::new();
    settings.live.max_lag = MILLISECOND;
    let error = check(&settings).expect_err("a limit that means nothing");
    assert!(matches!(
        error,
        ConfigError::LagNotMeasurable { class: None, .. }
    ));
    settings.watch_interval = Duration::MAX;
    settings.live.max_lag = Duration::MAX;
    assert_eq!(check(&settings), Ok(()));
}

/// Reads outside sessions are the primary's as `strong` ones are: nothing is known that a replica could have.
#[test]
fn a_read_of_no_session_is_not_refused() {
    let (_, shared) = router(&[("public", Class::new().fallback(Fallback::Refuse))]);
    let session = Arc::<SessionState>::default();
    let request = Request {
        session: None,
        class: Some("public"),
        ..read_of(&session)
    };
    let decision = shared.look(&request, Instant::now());
    assert_eq!(
        (decision.reason, decision.refusal),
        (Reason::NoSession, None)
    );
}
