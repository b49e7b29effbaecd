//! Histories made by hand.

use super::*;
use crate::oracle::Moment;
use Guarantee::*;

const START: Moment = Moment {
    at: Duration::ZERO,
    records: 0,
};

fn row(key: i32, version: i64, writer: i64, timeline: i32) -> Row {
    Row {
        key,
        version,
        writer,
        timeline,
    }
}

fn sends(session: u32, writer: i64) -> Record {
    record(session, Event::Sends { writer })
}

fn wrote(session: u32, row: Row) -> Record {
    record(session, Event::Wrote(row))
}

fn reads(session: u32, rows: &[Row]) -> Record {
    record(session, Event::Reads(vec![read(rows, true)]))
}

fn read(rows: &[Row], promised: bool) -> Read {
    Read {
        rows: rows.to_vec(),
        began: START,
        promised,
        everyones: None,
        node: "node1".to_owned(),
        is_primary: false,
        reason: "covered",
    }
}

fn record(session: u32, event: Event) -> Record {
    let at = Duration::ZERO;
    Record { at, session, event }
}

/// The guarantees that are violated, the database having kept these rows.
fn violated(kept: &[Row], timeline: i32, records: &[Record]) -> Vec<Guarantee> {
    let kept = Kept::new(kept.to_vec(), timeline);
    let found = check(records, &kept);
    found
        .violations
        .iter()
        .map(|found| found.guarantee)
        .collect()
}

const NEW: Row = Row {
    key: 1,
    version: 0,
    writer: 0,
    timeline: 1,
};

#[test]
fn a_session_that_sees_its_write_is_fine_and_one_that_does_not_is_flagged() {
    let one = row(1, 1, 11, 1);
    let good = [sends(1, 11), wrote(1, one), reads(1, &[one])];
    assert_eq!(violated(&[one], 1, &good), []);
    let bad = [sends(1, 11), wrote(1, one), reads(1, &[NEW])];
    assert_eq!(violated(&[one], 1, &bad), [ReadYourWrites]);
}

#[test]
fn another_sessions_write_may_be_missing() {
    let one = row(1, 1, 11, 1);
    let history = [sends(1, 11), wrote(1, one), reads(2, &[NEW])];
    assert_eq!(violated(&[one], 1, &history), []);
}

#[test]
fn a_session_that_has_seen_a_version_never_sees_an_older_one() {
    let one = row(1, 1, 11, 1);
    let history = [
        sends(1, 11),
        wrote(1, one),
        reads(2, &[one]),
        reads(2, &[NEW]),
    ];
    assert_eq!(violated(&[one], 1, &history), [MonotonicReads]);
}

#[test]
fn what_an_eventual_read_has_shown_does_not_vanish_and_itself_promises_nothing() {
    let one = row(1, 1, 11, 1);
    let eventual = |row| record(1, Event::Reads(vec![read(&[row], false)]));
    let history = [sends(1, 11), wrote(1, one), eventual(NEW)];
    assert_eq!(violated(&[one], 1, &history), []);
    let other = [sends(2, 11), wrote(2, one), eventual(one), reads(1, &[NEW])];
    assert_eq!(violated(&[one], 1, &other), [MonotonicReads]);
}

#[test]
fn reads_at_the_same_time_are_not_ordered() {
    let one = row(1, 1, 11, 1);
    let pair = record(
        2,
        Event::Reads(vec![read(&[one], true), read(&[NEW], true)]),
    );
    let history = [sends(1, 11), wrote(1, one), pair];
    assert_eq!(violated(&[one], 1, &history), []);
}

#[test]
fn writes_of_a_session_are_seen_in_their_order() {
    let (first, second) = (row(1, 1, 11, 1), row(2, 1, 12, 1));
    let kept = [first, second];
    let mut history = vec![
        sends(1, 11),
        wrote(1, first),
        sends(1, 12),
        wrote(1, second),
    ];
    history.push(reads(2, &[NEW, second]));
    assert_eq!(violated(&kept, 1, &history), [MonotonicWrites]);
    // Also from one read to the next.
    history.pop();
    history.extend([reads(2, &[second]), reads(2, &[NEW])]);
    assert_eq!(violated(&kept, 1, &history), [MonotonicWrites]);
}

#[test]
fn a_later_write_of_the_same_session_has_a_later_version() {
    let (one, two) = (row(1, 1, 11, 1), row(1, 2, 12, 1));
    let history = [sends(1, 12), wrote(1, two), sends(1, 11), wrote(1, one)];
    assert_eq!(violated(&[one, two], 1, &history), [MonotonicWrites]);
}

#[test]
fn who_sees_a_write_sees_what_its_session_had_read() {
    let (read_first, answer) = (row(1, 1, 11, 1), row(2, 1, 21, 1));
    let history = [
        sends(1, 11),
        wrote(1, read_first),
        reads(2, &[read_first]),
        sends(2, 21),
        wrote(2, answer),
        reads(3, &[answer, NEW]),
    ];
    assert_eq!(
        violated(&[read_first, answer], 1, &history),
        [WritesFollowReads]
    );
}

#[test]
fn a_write_of_unknown_outcome_may_be_there_or_not_but_does_not_vanish() {
    let one = row(1, 1, 11, 1);
    assert_eq!(violated(&[], 1, &[sends(1, 11), reads(1, &[NEW])]), []);
    assert_eq!(violated(&[one], 1, &[sends(1, 11), reads(1, &[NEW])]), []);
    assert_eq!(violated(&[one], 1, &[sends(1, 11), reads(1, &[one])]), []);
    let vanishes = [sends(1, 11), reads(2, &[one]), reads(2, &[NEW])];
    assert_eq!(violated(&[one], 1, &vanishes), [MonotonicReads]);
}

#[test]
fn a_token_carries_what_its_session_knew() {
    let (one, two) = (row(1, 1, 11, 1), row(1, 2, 12, 1));
    let history = |after: Row| {
        [
            sends(1, 11),
            wrote(1, one),
            record(1, Event::Issues { token: 5 }),
            sends(1, 12),
            wrote(1, two),
            record(2, Event::Absorbs { token: 5 }),
            reads(2, &[after]),
        ]
    };
    assert_eq!(violated(&[one, two], 1, &history(one)), []);
    assert_eq!(violated(&[one, two], 1, &history(NEW)), [ReadYourWrites]);
}

#[test]
fn a_write_that_a_failover_lost_binds_until_then_and_not_after() {
    let lost = row(1, 1, 11, 1);
    let ends = record(0, Event::Ends { timeline: 1 });
    let write = [sends(1, 11), wrote(1, lost)];
    let before = [&write[..], &[reads(1, &[NEW]), ends.clone()]].concat();
    assert_eq!(violated(&[], 2, &before), [ReadYourWrites]);
    let after = [&write[..], &[ends, reads(1, &[NEW])]].concat();
    assert_eq!(violated(&[], 2, &after), []);
}

#[test]
fn what_was_kept_below_a_lost_version_still_binds() {
    let (kept, lost) = (row(1, 1, 11, 1), row(1, 2, 12, 1));
    let history = |after: Row| {
        [
            sends(1, 11),
            wrote(1, kept),
            sends(1, 12),
            wrote(1, lost),
            record(0, Event::Ends { timeline: 1 }),
            reads(1, &[after]),
        ]
    };
    assert_eq!(violated(&[kept], 2, &history(kept)), []);
    assert_eq!(violated(&[kept], 2, &history(NEW)), [ReadYourWrites]);
}

#[test]
fn the_number_of_a_lost_version_may_be_used_again() {
    let (lost, again) = (row(1, 1, 11, 1), row(1, 1, 21, 2));
    let history = [
        sends(1, 11),
        wrote(1, lost),
        record(0, Event::Ends { timeline: 1 }),
        sends(2, 21),
        wrote(2, again),
        reads(1, &[again]),
    ];
    assert_eq!(violated(&[again], 2, &history), []);
    // Back to the timeline that ended: never.
    let back = [&history[..], &[reads(1, &[lost])]].concat();
    assert_eq!(violated(&[again], 2, &back), [MonotonicReads]);
}

#[test]
fn two_failovers_lose_each_their_own() {
    let (first, kept, second) = (row(1, 1, 11, 1), row(1, 1, 21, 2), row(1, 2, 22, 2));
    let history = [
        sends(1, 11),
        wrote(1, first),
        record(0, Event::Ends { timeline: 1 }),
        sends(1, 21),
        wrote(1, kept),
        sends(1, 22),
        wrote(1, second),
        record(0, Event::Ends { timeline: 2 }),
        reads(1, &[kept]),
    ];
    assert_eq!(violated(&[kept], 3, &history), []);
    let back = [&history[..], &[reads(1, &[NEW])]].concat();
    assert_eq!(violated(&[kept], 3, &back), [ReadYourWrites]);
}

#[test]
fn a_version_that_was_never_committed_is_flagged_and_so_is_one_that_vanished() {
    let ghost = row(1, 1, 11, 1);
    assert_eq!(
        violated(&[], 1, &[sends(1, 11), reads(2, &[ghost])]),
        [Committed]
    );
    assert_eq!(
        violated(&[], 1, &[sends(1, 11), wrote(1, ghost)]),
        [Committed]
    );
}

/// What the primary shows, to a read that began after so many records.
fn primary_shows(session: u32, records: usize, rows: &[Row]) -> Record {
    primary_shows_at(START.at, session, records, rows)
}

fn primary_shows_at(at: Duration, session: u32, records: usize, rows: &[Row]) -> Record {
    let read = Read {
        began: Moment { at, records },
        is_primary: true,
        ..read(rows, true)
    };
    record(session, Event::Reads(vec![read]))
}

#[test]
fn the_primary_may_show_a_commit_later_than_a_standby_until_it_is_acknowledged() {
    let one = row(1, 1, 11, 1);
    let early = [sends(1, 11), reads(2, &[one]), primary_shows(2, 2, &[NEW])];
    let found = check(&early, &Kept::new(vec![one], 1));
    assert_eq!((found.violations.len(), found.early), (0, 1));
    // Acknowledged before the read began.
    let late = [
        sends(1, 11),
        reads(2, &[one]),
        wrote(1, one),
        primary_shows(2, 3, &[NEW]),
    ];
    assert_eq!(violated(&[one], 1, &late), [MonotonicReads]);
    // Acknowledged while the read was out.
    let between = [&late[..3], &[primary_shows(2, 2, &[NEW])]].concat();
    assert_eq!(violated(&[one], 1, &between), []);
    // Another standby has no such excuse.
    let standby = [sends(1, 11), reads(2, &[one]), reads(2, &[NEW])];
    assert_eq!(violated(&[one], 1, &standby), [MonotonicReads]);
}

#[test]
fn not_more_than_one_version_of_a_row_and_not_for_long_can_a_standby_be_early() {
    let (one, two) = (row(1, 1, 11, 1), row(1, 2, 12, 1));
    let kept = [one, two];
    let two_early = [
        sends(1, 11),
        sends(2, 12),
        reads(3, &[two]),
        primary_shows(3, 3, &[NEW]),
    ];
    assert_eq!(violated(&kept, 1, &two_early), [MonotonicReads]);
    let shown = |at| {
        let mut records = [
            sends(1, 11),
            reads(2, &[one]),
            primary_shows_at(at, 2, 2, &[NEW]),
        ];
        // The network may keep the answer: what counts is when the read began.
        records[2].at = 2 * EARLY;
        records
    };
    assert_eq!(violated(&[one], 1, &shown(EARLY / 2)), []);
    assert_eq!(violated(&[one], 1, &shown(EARLY)), [MonotonicReads]);
}

#[test]
fn a_read_that_promises_everyones_writes_up_to_then_has_what_was_acknowledged_by_then() {
    let (one, two) = (row(1, 1, 11, 1), row(1, 2, 12, 1));
    let acknowledged = |at, row: Row| Record {
        at,
        ..wrote(1, row)
    };
    let shows = |by, row: Row| {
        let mut read = read(&[row], false);
        read.everyones = Some(by);
        record(2, Event::Reads(vec![read]))
    };
    let second = Duration::from_secs(1);
    let found = |by, shown| {
        let records = [
            sends(1, 11),
            acknowledged(second, one),
            sends(1, 12),
            acknowledged(3 * second, two),
            shows(by, shown),
        ];
        violated(&[one, two], 1, &records)
    };
    assert_eq!(found(second / 2, NEW), []);
    assert_eq!(found(second, NEW), [Acknowledged]);
    assert_eq!(found(2 * second, one), []);
    assert_eq!(found(3 * second, one), [Acknowledged]);
    assert_eq!(found(3 * second, two), []);
}
