//! The model under strain: writes and strong reads are the primary's, whatever the breaker says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::servers::{NODES, Pooled, read_of, role};
use super::steps::{Chance, Step, chance, steps};
use super::world::World;
use crate::consistency::{Class, Priority};
use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::engine::{Request, Settings};
use crate::error::Error;
use crate::protection::{Breaker, LoadHook, Strain};
use crate::routing::{Level, Reason};
use crate::server::NodeRole;
use crate::session::SessionState;
use crate::statement::Access;

/// What each router's application tells of the primary's load, in hundredths.
#[derive(Debug, Clone, Default)]
pub(super) struct Load(Arc<AtomicU32>);

impl Load {
    /// Returns these settings, with a breaker that has this load for its only signal, and that is relieved at once; and with a
    /// class for each priority.
    pub(super) fn told(&self, settings: Settings) -> Settings {
        let load = Arc::clone(&self.0);
        let mut settings = settings;
        let never = f64::INFINITY;
        settings.live.breaker = Some(
            Breaker::new()
                .hold(Duration::ZERO)
                .connections(never, never)
                .pool_wait(Duration::MAX, Duration::MAX)
                .timeouts(never, never)
                .latency(never, never),
        );
        settings.live.classes = [Priority::Low, Priority::Normal, Priority::High]
            .map(|priority| (class(priority).to_owned(), Class::new().priority(priority)))
            .into();
        settings.load = Some(LoadHook(Arc::new(move || {
            f64::from(load.load(Ordering::Relaxed)) / 100.0
        })));
        settings
    }
}

impl World {
    /// The load of a router's primary changes, and the router looks at it.
    pub(super) fn strain(&mut self, router: usize, percent: u32) {
        self.loads[router].0.store(percent, Ordering::Relaxed);
        let shared = Arc::clone(&self.routers[router]);
        // By one step at each look.
        for _ in 0..9 {
            self.system += Duration::from_millis(101);
            shared.look_at_strain(self.system);
        }
    }
}

/// Returns the name of the class with this priority.
fn class(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![
        Just(Priority::Low),
        Just(Priority::Normal),
        Just(Priority::High)
    ]
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![
        Just(Level::Write),
        Just(Level::Strong),
        Just(Level::Session),
        Just(Level::Eventual),
        Just(Level::Bounded(Duration::from_millis(20))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn writes_and_strong_reads_are_always_allowed_on_the_primary_and_never_elsewhere_whatever_the_strain(
        steps in prop::collection::vec(steps(), 1..60),
        load in 0..100_u32,
        level in level(),
        priority in priority(),
        chances in prop::collection::vec(chance(), 0..6),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.run(step)?;
        }
        world.strain(0, load);
        let shared = Arc::clone(&world.routers[0]);
        let strain = shared.snapshot().strain;
        let session = Arc::<SessionState>::default();
        let access = if level == Level::Write { Access::Write } else { Access::Replica };
        let request = Request { level, access, class: Some(class(priority)), ..read_of(&session) };
        let checkout = Checkout::new(&shared, request, false);
        let lent = world.carry_out(0, checkout, &mut chances.into_iter());
        let is_shed = matches!(world.failed.take(), Some(Error::Shed { .. }));
        if matches!(level, Level::Write | Level::Strong) {
            prop_assert!(!is_shed);
            if let Some((conn, grant)) = lent {
                prop_assert!(grant.reason == Reason::Write || grant.reason == Reason::Strong);
                prop_assert_eq!(role(conn.server), NodeRole::TakesWrites);
            }
        } else if let Some((_, grant)) = lent {
            prop_assert!(!strain.sheds(level, priority, grant.reason), "{strain}: {:?}", grant.reason);
        } else if strain == Strain::Normal {
            prop_assert!(!is_shed);
        }
    }
}

/// Returns a world whose replicas are all lost, and the load that makes its primary's strain this.
fn without_replicas(load: u32) -> World {
    let mut world = World::new();
    for node in 1..NODES {
        world.run(&Step::Lose { router: 0, node }).unwrap();
    }
    world.strain(0, load);
    world
}

fn fails(world: &mut World, request: Request<'_>) -> Option<Error> {
    let shared = Arc::clone(&world.routers[0]);
    let checkout = Checkout::new(&shared, request, false);
    let lent = world.carry_out(0, checkout, &mut std::iter::empty::<Chance>());
    assert_eq!(lent.is_none(), world.failed.is_some());
    world.failed.take()
}

#[test]
fn without_replicas_a_strained_primary_serves_reads_of_high_priority_alone_and_an_open_one_none() {
    let session = Arc::<SessionState>::default();
    let read = |priority| Request {
        class: Some(class(priority)),
        ..read_of(&session)
    };
    for (load, served) in [
        (0, &[Priority::Low, Priority::Normal, Priority::High][..]),
        (82, &[Priority::High]),
        (90, &[]),
    ] {
        let mut world = without_replicas(load);
        for priority in [Priority::Low, Priority::Normal, Priority::High] {
            let error = fails(&mut world, read(priority));
            assert_eq!(
                error.is_none(),
                served.contains(&priority),
                "{load} {priority:?}"
            );
            let Some(error) = error else { continue };
            assert!(error.retry_after().is_some());
            assert!(
                matches!(&error, Error::Shed { class: Some(name), reason: "fallback", .. } if **name == *class(priority)),
                "{error:?}"
            );
        }
        let shed = world.routers[0].breaker.status().shed;
        let reads = shed.iter().map(|shed| shed.reads);
        assert_eq!(reads.sum::<u64>(), 3 - served.len() as u64);
    }
}

/// A read of what a session has just written waits for a replica, though its caller would not.
#[test]
fn a_read_that_the_strained_primary_refuses_waits_for_a_replica_first() {
    let mut world = World::new();
    world.strain(0, 82);
    let shared = Arc::clone(&world.routers[0]);
    let session = Arc::<SessionState>::default();
    shared.committed(&session);
    let request = Request {
        may_try: false,
        ..read_of(&session)
    };
    let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
    let now = world.system;
    let Next::Wait { until, .. } = checkout.next(Outcome::Started, now) else {
        panic!("it does not wait")
    };
    assert!(
        until <= now + Duration::from_millis(50),
        "{:?}",
        until - now
    );
    let Next::Fail(error) = checkout.next(Outcome::TimedOut, now + Duration::from_millis(50))
    else {
        panic!("it does not end")
    };
    assert!(
        matches!(
            error,
            Error::Shed {
                reason: "capture_pending",
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_write_waits_no_longer_for_an_open_primary_than_a_nodes_share() {
    let session = Arc::<SessionState>::default();
    for level in [Level::Write, Level::Strong] {
        for (load, share) in [(82, None), (90, Some(Duration::from_millis(250)))] {
            let mut world = World::new();
            world.strain(0, load);
            let shared = Arc::clone(&world.routers[0]);
            let request = Request {
                level,
                ..read_of(&session)
            };
            let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
            let now = world.system;
            let Next::Take { until, .. } = checkout.next(Outcome::Started, now) else {
                panic!("it takes no connection")
            };
            let limit = share.unwrap_or_else(|| shared.checkout_timeout(0));
            assert_eq!(until, now + limit, "{level:?} {load}");
        }
    }
}

/// The primary's share of reads is the replicas' while it is strained.
#[test]
fn a_strained_primary_has_no_share_of_what_replicas_may_serve() {
    let mut world = World::new();
    // The last router's primary takes a share.
    let router = world.routers.len() - 1;
    let answer = |world: &mut World| {
        world.clock.pass(Duration::from_millis(1));
        for node in 0..NODES {
            world.answered(router, node);
        }
    };
    answer(&mut world);
    let shares = |world: &World| {
        let shared = &world.routers[router];
        (0..200)
            .filter(|_| {
                let session = Arc::<SessionState>::default();
                let request = read_of(&session);
                shared.decide(&request, world.system).reason == Reason::PrimaryShare
            })
            .count()
    };
    assert!(shares(&world) > 20);
    world.strain(router, 82);
    answer(&mut world);
    assert_eq!(shares(&world), 0);
    world.strain(router, 0);
    answer(&mut world);
    assert!(shares(&world) > 20);
}

#[test]
fn pool_waits_of_the_primary_are_gauged_and_those_of_the_fallback_pool_are_not() {
    let mut world = without_replicas(0);
    let gauge = |world: &mut World, level| {
        let shared = Arc::clone(&world.routers[0]);
        let session = Arc::<SessionState>::default();
        let request = Request {
            level,
            ..read_of(&session)
        };
        let mut checkout = Checkout::new(&shared, request, false);
        let now = world.system;
        checkout.next(Outcome::Started, now);
        let taken = world.take(0, shared.primary(), Chance::Nothing);
        checkout.next(taken, now + Duration::from_millis(10));
    };
    let counted = |world: &World| {
        let shared = &world.routers[0];
        shared.breaker.counted()
    };
    gauge(&mut world, Level::Eventual);
    assert_eq!(counted(&world), (0, Duration::ZERO));
    gauge(&mut world, Level::Strong);
    assert_eq!(counted(&world), (1, Duration::from_millis(10)));
}

/// Those who waited in the pool's queue were still served, one after the other, for as long as they may wait.
#[test]
fn who_waits_for_the_primary_while_it_becomes_strained_is_not_served_by_it() {
    let mut world = without_replicas(0);
    let shared = Arc::clone(&world.routers[0]);
    let session = Arc::<SessionState>::default();
    let mut checkout = Checkout::new(&shared, read_of(&session), false);
    let now = world.system;
    assert!(matches!(
        checkout.next(Outcome::Started, now),
        Next::Take { .. }
    ));
    let taken = world.take(0, shared.primary(), Chance::Nothing);
    world.strain(0, 82);
    let next = checkout.next(taken, world.system);
    assert!(matches!(next, Next::Fail(Error::Shed { .. })), "{next:?}");
}

/// Settings change while a router runs.
#[test]
fn a_breaker_that_is_taken_away_refuses_nothing_and_a_window_that_is_fixed_holds_at_once() {
    let mut world = World::new();
    world.strain(0, 90);
    let shared = Arc::clone(&world.routers[0]);
    assert_eq!(shared.snapshot().strain, Strain::Open);
    let window = Duration::from_secs(7);
    shared.adjust(&Settings::default(), |live| {
        live.breaker = None;
        live.window = window.into();
    });
    assert_eq!(shared.snapshot().strain, Strain::Normal);
    assert_eq!(shared.snapshot().window.window, window);
    // Put back, it starts anew, and finds the load as it was.
    shared.adjust(&Settings::default(), |live| {
        live.breaker = Some(Breaker::new())
    });
    assert_eq!(shared.snapshot().strain, Strain::Normal);
    world.strain(0, 90);
    assert_eq!(shared.snapshot().strain, Strain::Open);
}
