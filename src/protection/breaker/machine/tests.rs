//! When the primary counts as strained, and when as relieved: signals on a clock that the tests move.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn load(load: f64) -> Readings {
    Readings {
        load: Some(load),
        ..Readings::default()
    }
}

/// A machine on a clock of its own.
struct Rig {
    machine: Machine,
    breaker: Breaker,
    now: Instant,
}

impl Rig {
    fn new() -> Self {
        Self {
            machine: Machine::default(),
            breaker: Breaker::new(),
            now: Instant::now(),
        }
    }

    fn step(&mut self, passed: Duration, load: Readings) -> Strain {
        self.now += passed;
        self.machine.step(&self.breaker, &load, self.now);
        self.machine.strain()
    }

    /// Returns how long it takes to be relieved of all strain, at this load.
    fn relief(&mut self, load: Readings) -> Duration {
        let since = self.now;
        while self.step(SECOND / 10, load) != Strain::Normal {
            assert!(self.now - since < 300 * SECOND);
        }
        self.now - since
    }
}

#[test]
fn a_signal_that_passes_its_threshold_counts_at_once() {
    let mut rig = Rig::new();
    assert_eq!(rig.step(SECOND, load(0.79)), Strain::Normal);
    assert_eq!(rig.step(SECOND, load(0.80)), Strain::Strained);
    assert_eq!(rig.step(SECOND, load(0.85)), Strain::Open);
    let mut rig = Rig::new();
    assert_eq!(rig.step(SECOND, load(0.99)), Strain::Open);
}

#[test]
fn each_signal_alone_strains_and_opens() {
    let breaker = Breaker::new();
    for (signal, Thresholds { strained, open }) in breaker.thresholds() {
        let readings = |value| {
            let mut readings = Readings::default();
            match signal {
                Signal::Connections => readings.connections = Some(value),
                Signal::PoolWait => readings.pool_wait = Some(value),
                Signal::Timeouts => readings.timeouts = Some(value),
                Signal::Latency => readings.latency = Some(value),
                Signal::OwnLoad => readings.load = Some(value),
            }
            readings
        };
        let mut rig = Rig::new();
        assert_eq!(rig.step(SECOND, readings(strained * 0.99)), Strain::Normal);
        assert_eq!(rig.step(SECOND, readings(strained)), Strain::Strained);
        let change = rig.machine.step(&breaker, &readings(open), rig.now);
        let change = change.expect("it opens");
        assert_eq!(
            (change.to, change.cause),
            (Strain::Open, Some((signal, open)))
        );
    }
}

#[test]
fn what_sways_about_a_threshold_changes_nothing_after_the_first_time() {
    let mut rig = Rig::new();
    rig.step(SECOND, load(0.80));
    for tick in 0..100 {
        let sways = if tick % 2 == 0 { 0.79 } else { 0.70 };
        assert_eq!(rig.step(SECOND, load(sways)), Strain::Strained, "{tick}");
    }
}

#[test]
fn relief_comes_by_steps_once_all_is_low_for_the_hold() {
    let mut rig = Rig::new();
    rig.step(SECOND, load(0.95));
    assert_eq!(rig.step(SECOND, load(0.1)), Strain::Open);
    assert_eq!(rig.step(SECOND * 4, load(0.1)), Strain::Open);
    // Calm starts anew.
    assert_eq!(rig.step(SECOND / 2, load(0.80)), Strain::Open);
    assert_eq!(rig.step(SECOND, load(0.1)), Strain::Open);
    assert_eq!(rig.step(SECOND * 5, load(0.1)), Strain::Strained);
    // It is tried with more and more.
    for part in [f64::INFINITY, 32.0, 16.0, 8.0, 4.0, 2.0] {
        assert_eq!(rig.step(SECOND, load(0.1)), Strain::Strained);
        assert_eq!(rig.machine.admitted(), 1.0 / part);
        rig.step(SECOND * 5, load(0.1));
    }
    assert_eq!(rig.machine.strain(), Strain::Normal);
    assert_eq!(rig.machine.admitted(), 0.0);
}

#[test]
fn a_primary_that_is_strained_by_what_it_is_tried_with_is_left_alone_for_longer() {
    let mut rig = Rig::new();
    rig.step(SECOND, load(0.82));
    for hold in [10, 20, 40, 60, 60] {
        while rig.machine.admitted() < 0.1 {
            assert_eq!(rig.step(SECOND, load(0.1)), Strain::Strained);
        }
        // It is watched more closely than one that was never strained.
        assert_eq!(rig.step(SECOND, load(0.69)), Strain::Strained);
        assert_eq!(rig.machine.admitted(), 0.0);
        assert_eq!(rig.machine.hold(), SECOND * hold);
    }
}

#[test]
fn what_has_strained_a_primary_is_tried_again_after_a_minute_of_less() {
    let mut rig = Rig::new();
    rig.step(SECOND, load(0.82));
    while rig.machine.admitted() < 0.1 {
        rig.step(SECOND, load(0.1));
    }
    rig.step(SECOND, load(0.82));
    while rig.machine.admitted() < 0.06 {
        rig.step(SECOND, load(0.1));
    }
    for _ in 0..60 {
        assert_eq!(rig.machine.admitted(), 1.0 / 16.0);
        rig.step(SECOND, load(0.1));
    }
    rig.step(SECOND, load(0.1));
    assert_eq!(rig.machine.admitted(), 1.0 / 8.0);
    // This time it stays well.
    assert!(rig.relief(load(0.1)) < SECOND * 20);
}

#[test]
fn what_is_strained_again_soon_is_held_longer_up_to_a_minute_and_as_usual_after_a_calm_time() {
    let mut rig = Rig::new();
    let mut holds = Vec::new();
    for _ in 0..8 {
        rig.step(SECOND, load(0.82));
        holds.push(rig.machine.hold().as_secs());
        rig.relief(load(0.1));
    }
    assert_eq!(holds, [5, 10, 20, 40, 60, 60, 60, 60]);
    rig.step(SECOND * 121, load(0.1));
    rig.step(SECOND, load(0.82));
    assert_eq!(rig.machine.hold(), SECOND * 5);
}

#[test]
fn a_signal_that_is_not_known_is_none_and_one_with_an_infinite_threshold_is_never_reached() {
    let mut rig = Rig::new();
    assert_eq!(rig.step(SECOND, Readings::default()), Strain::Normal);
    rig.breaker = Breaker::new().load(f64::INFINITY, f64::INFINITY);
    assert!(rig.breaker.check().is_ok());
    assert_eq!(rig.step(SECOND, load(1.0)), Strain::Normal);
}

#[test]
fn thresholds_that_make_no_sense_are_refused() {
    for breaker in [
        Breaker::new().load(0.9, 0.8),
        Breaker::new().connections(0.0, 0.5),
        Breaker::new().latency(f64::NAN, 5.0),
        Breaker::new().timeouts(0.1, f64::NAN),
    ] {
        assert!(breaker.check().is_err(), "{breaker:?}");
    }
}

proptest! {
    /// Whatever the signals do: never below what they have reached, and never relieved before the hold.
    #[test]
    fn it_is_never_below_what_a_signal_has_reached_and_not_relieved_before_the_hold(
        loads in prop::collection::vec((0.0..1.2_f64, 1..4000_u64), 1..300),
    ) {
        let mut rig = Rig::new();
        let mut high = rig.now;
        for (value, millis) in loads {
            let before = rig.machine.strain();
            let strain = rig.step(Duration::from_millis(millis), load(value));
            let (reached, _) = strain_at(&rig.breaker, &load(value), 1.0);
            prop_assert!(strain >= reached);
            let is_tried = rig.machine.admitted() > 0.0;
            prop_assert!(!is_tried || strain == Strain::Strained && reached < strain);
            if strain < before {
                prop_assert_eq!(strain, before.relieved());
                prop_assert!(rig.now - high >= rig.breaker.hold);
                high = rig.now;
            }
            if strain_at(&rig.breaker, &load(value), LEAVE).0 >= strain {
                high = rig.now;
            }
        }
    }
}
