//! From what is counted to what counts.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn gauges() -> Gauges {
    Gauges::new(None, true)
}

/// Returns the value of a signal after a look at `now`.
fn value(gauges: &Gauges, signal: Signal, now: Instant) -> Option<f64> {
    gauges.look(&Breaker::new(), None, now);
    let status = gauges.status();
    let value = status.signals.iter().find(|(known, _)| *known == signal);
    value.map(|(_, value)| *value)
}

#[test]
fn a_few_checkouts_say_nothing_and_many_say_how_long_they_waited() {
    let gauges = gauges();
    let now = Instant::now();
    for _ in 0..19 {
        gauges.took(SECOND);
    }
    assert_eq!(value(&gauges, Signal::PoolWait, now), None);
    gauges.took(SECOND);
    assert_eq!(value(&gauges, Signal::PoolWait, now), Some(1.0));
    assert_eq!(gauges.strain(), Strain::Open);
    // It is forgotten with time, and what comes later counts more.
    for _ in 0..100 {
        gauges.took(Duration::ZERO);
    }
    let later = value(&gauges, Signal::PoolWait, now + SECOND * 2).unwrap();
    assert!(later < 0.1, "{later}");
}

#[test]
fn time_outs_are_a_share_of_all_checkouts() {
    let gauges = gauges();
    let now = Instant::now();
    for _ in 0..90 {
        gauges.took(Duration::ZERO);
    }
    for _ in 0..10 {
        gauges.timed_out();
    }
    assert_eq!(value(&gauges, Signal::Timeouts, now), Some(0.1));
    assert_eq!(gauges.strain(), Strain::Strained);
}

#[test]
fn an_answer_counts_beside_the_usual_one_which_strain_does_not_change() {
    let gauges = gauges();
    let mut now = Instant::now();
    let mut answer = |gauges: &Gauges, millis: u64| {
        now += SECOND / 10;
        gauges.answered_in(Duration::from_millis(millis), now);
        now
    };
    for _ in 0..29 {
        let at = answer(&gauges, 4);
        assert_eq!(value(&gauges, Signal::Latency, at), None);
    }
    let at = answer(&gauges, 4);
    let usual = value(&gauges, Signal::Latency, at).unwrap();
    assert!((usual - 1.0).abs() < 0.01, "{usual}");
    // One that is slow by itself is no strain.
    let at = answer(&gauges, 40);
    assert!(value(&gauges, Signal::Latency, at).unwrap() < 3.0);
    assert_eq!(gauges.strain(), Strain::Normal);
    for _ in 0..100 {
        let at = answer(&gauges, 40);
        value(&gauges, Signal::Latency, at);
    }
    assert_eq!(gauges.strain(), Strain::Strained);
    let at = answer(&gauges, 40);
    let slow = value(&gauges, Signal::Latency, at).unwrap();
    assert!(slow > 8.0, "what is usual has grown with it: {slow}");
}

#[test]
fn an_answer_that_does_not_come_counts_by_the_time_that_it_is_owed() {
    let gauges = gauges();
    let mut now = Instant::now();
    for _ in 0..40 {
        now += SECOND / 10;
        gauges.answered_in(Duration::from_millis(2), now);
    }
    gauges.look(&Breaker::new(), Some(Duration::from_millis(45)), now);
    assert_eq!(gauges.strain(), Strain::Open);
}

#[test]
fn a_share_of_connections_is_forgotten_when_nobody_tells_it_any_more() {
    let gauges = gauges();
    let now = Instant::now();
    gauges.connections_in_use(0.5, now);
    assert_eq!(value(&gauges, Signal::Connections, now), Some(0.5));
    assert_eq!(value(&gauges, Signal::Connections, now + STALE), None);
}

#[test]
fn the_applications_own_function_counts_unless_it_is_not_a_number() {
    let told = std::sync::Arc::new(Mutex::new(0.82));
    let hook = std::sync::Arc::clone(&told);
    let gauges = Gauges::new(
        Some(LoadHook(std::sync::Arc::new(move || *lock(&hook)))),
        true,
    );
    let now = Instant::now();
    assert_eq!(value(&gauges, Signal::OwnLoad, now), Some(0.82));
    assert_eq!(gauges.strain(), Strain::Strained);
    *lock(&told) = f64::NAN;
    assert_eq!(value(&gauges, Signal::OwnLoad, now), None);
}

#[test]
fn one_caller_looks_in_a_tenth_of_a_second_and_none_while_it_is_off() {
    let gauges = gauges();
    let now = Instant::now() + SECOND;
    assert!(gauges.is_due(now));
    assert!(!gauges.is_due(now));
    assert!(gauges.is_due(now + LOOK_AFTER * 2));
    gauges.turn(false);
    assert!(!gauges.is_due(now + SECOND));
}

#[test]
fn turned_off_nothing_is_strained() {
    let gauges = gauges();
    for _ in 0..20 {
        gauges.took(SECOND);
    }
    gauges.look(&Breaker::new(), None, Instant::now());
    assert_eq!(gauges.strain(), Strain::Open);
    gauges.turn(false);
    assert_eq!(gauges.strain(), Strain::Normal);
    gauges.turn(true);
    gauges.look(&Breaker::new(), None, Instant::now());
    assert_eq!(gauges.strain(), Strain::Normal, "it starts anew");
}
