//! The judgement of a run: what was shown and seen in, violations out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::activity::Watched;
use crate::mark::Word;
use crate::oracle::{self, Event, Findings, Guarantee, Kept, Record, Row};
use crate::report::{Report, Staleness, Violation, ViolationKind};
use crate::tally::{Odd, Tally};
use crate::verification::Verification;
use crate::world::World;

/// The evidence of a run, to be judged.
pub(crate) struct Evidence {
    pub(crate) records: Vec<Record>,
    /// Every version that the database has kept, and the number of its history; or why that is not known.
    pub(crate) kept: Result<(Vec<Row>, i32), String>,
    pub(crate) watched: Vec<Watched>,
    /// The time that clients had.
    pub(crate) length: Duration,
    /// The number of clients that panicked.
    pub(crate) panicked: u64,
}

/// Judges a run.
pub(crate) fn judge(
    evidence: Evidence,
    world: &World,
    verification: &Verification,
    started: SystemTime,
) -> Report {
    let Evidence {
        mut records,
        kept,
        watched,
        length,
        panicked,
    } = evidence;
    let tally = world.tally();
    let mut report = Report::of_run(&tally, &watched, world, verification, started, length);
    if panicked > 0 {
        let clients = format!("what {panicked} clients did that panicked");
        report.not_checked.push(clients);
    }
    let mut histories = 1;
    match kept {
        Ok((mut rows, last)) => {
            histories = end_timelines(&mut records, &rows, last);
            let timeline = oracle::count_timelines(&mut records, &mut rows, last);
            let mut findings = oracle::check(&records, &Kept::new(rows, timeline));
            if !world.sql.kind.has_positions() {
                findings
                    .violations
                    .retain(|violation| is_promised_by_a_window(violation.guarantee));
                let what = "whether sessions see less than they have seen: without positions, as on SQLite, a router promises them \
                            what they wrote";
                report.not_checked.push(what.to_owned());
            }
            report.staleness = staleness(&records, &findings, histories);
            report.violations.extend(stale(&records, &findings));
        }
        Err(why) => {
            let what =
                format!("whether reads were stale: the log of writes could not be read: {why}");
            report.not_checked.push(what);
        }
    }
    report.violations.extend(misplaced(&tally, &watched));
    report.violations.extend(on_replicas(&watched));
    if histories == 1 {
        report.violations.extend(refused(&tally));
    }
    report.violations.extend(unsafe_pools(&tally));
    report.violations.extend(odd(&tally));
    report
}

/// Notes the ends of all histories but the last, where failovers began others; returns how many there are. When they ended is not
/// known: what they lost binds nobody from the start.
fn end_timelines(records: &mut Vec<Record>, kept: &[Row], last: i32) -> usize {
    let mut timelines: Vec<i32> = Vec::new();
    let wrote = records.iter().filter_map(|record| match record.event {
        Event::Wrote(row) => Some(row.timeline),
        _ => None,
    });
    for timeline in wrote.chain(kept.iter().map(|row| row.timeline)) {
        if timeline != last && !timelines.contains(&timeline) {
            timelines.push(timeline);
        }
    }
    let count = timelines.len();
    let ends = timelines.into_iter().map(|timeline| Record {
        at: Duration::ZERO,
        session: 0,
        event: Event::Ends { timeline },
    });
    records.splice(0..0, ends);
    for record in records.iter_mut() {
        if let Event::Reads(reads) = &mut record.event {
            for read in reads {
                read.began.records += count;
            }
        }
    }
    count + 1
}

/// Returns whether a router keeps a promise by the time since a session's last write alone.
fn is_promised_by_a_window(guarantee: Guarantee) -> bool {
    match guarantee {
        Guarantee::ReadYourWrites | Guarantee::Acknowledged | Guarantee::Committed => true,
        Guarantee::MonotonicReads | Guarantee::MonotonicWrites | Guarantee::WritesFollowReads => {
            false
        }
    }
}

fn staleness(records: &[Record], findings: &Findings, histories: usize) -> Staleness {
    let mut staleness = Staleness {
        early: findings.early,
        histories,
        ..Staleness::default()
    };
    for record in records {
        match &record.event {
            Event::Reads(reads) => {
                for read in reads {
                    let is_promised = read.promised || read.everyones.is_some();
                    staleness.reads += usize::from(is_promised);
                    staleness.on_replicas += usize::from(is_promised && !read.is_primary);
                }
            }
            Event::Wrote(_) => staleness.writes += 1,
            _ => {}
        }
    }
    staleness
}

/// Returns what was stale, one violation for each promise and node.
fn stale(records: &[Record], findings: &Findings) -> Vec<Violation> {
    let mut found: BTreeMap<(Guarantee, String), Violation> = BTreeMap::new();
    for violation in &findings.violations {
        let record = &records[violation.at];
        let (node, reason) = match &record.event {
            Event::Reads(reads) => reads
                .first()
                .map_or(("", ""), |read| (&*read.node, read.reason)),
            _ => ("", "write"),
        };
        let entry = found.entry((violation.guarantee, node.to_owned()));
        let entry = entry.or_insert_with(|| {
            let shown = violation.found;
            let mut text = format!(
                "after {:.3} s, session {} was shown version {} of key {} ({reason})",
                record.at.as_secs_f64(),
                record.session,
                shown.version,
                shown.key
            );
            if let Some(needed) = &violation.needed {
                let since = records
                    .get(needed.since)
                    .map_or(record.at, |record| record.at);
                text.push_str(&format!(
                    ", which was known to be at version {} since {:.3} s",
                    needed.row.version,
                    since.as_secs_f64()
                ));
            }
            Violation {
                kind: ViolationKind::StaleRead,
                what: violation.guarantee.to_string(),
                node: node.to_owned(),
                count: 0,
                example: text,
            }
        });
        entry.count += 1;
    }
    found.into_values().collect()
}

/// Returns what ran where it must not, by the word of the server that ran it.
fn misplaced(tally: &Tally, watched: &[Watched]) -> Vec<Violation> {
    let mut found: BTreeMap<(ViolationKind, String), Violation> = BTreeMap::new();
    for (ran, &count) in &tally.ran {
        let kind = match ran.word {
            Word::Lock => ViolationKind::LockOnReplica,
            Word::Write => ViolationKind::WriteOnReplica,
            Word::Read if ran.is_strong => ViolationKind::StrongReadOnReplica,
            Word::Read => continue,
        };
        let of_server: Vec<_> = watched
            .iter()
            .filter(|node| node.servers.contains(&ran.server))
            .collect();
        let never_led = !of_server.is_empty() && of_server.iter().all(|node| !node.was_primary);
        if ran.replica != Some(true) && !never_led {
            continue;
        }
        let of_server = of_server.iter().map(|node| node.name.as_str());
        let names: BTreeSet<_> = of_server.collect();
        let node = match names.first() {
            Some(name) => (*name).to_owned(),
            None => ran.node.clone(),
        };
        let violation = found.entry((kind, node.clone()));
        let violation = violation.or_insert_with(|| Violation {
            kind,
            what: kind.what().to_owned(),
            example: format!(
                "the server that ran it calls itself `{}`; it was chosen as node `{}`",
                ran.server, ran.node
            ),
            node,
            count: 0,
        });
        violation.count += count;
    }
    found.into_values().collect()
}

/// Returns the locks and writes that replicas were seen to run.
fn on_replicas(watched: &[Watched]) -> Vec<Violation> {
    let mut found = Vec::new();
    for node in watched {
        for (word, numbers) in &node.on_replica {
            let kind = match word {
                Word::Read => continue,
                Word::Lock => ViolationKind::LockSeenOnReplica,
                Word::Write => ViolationKind::WriteSeenOnReplica,
            };
            let first = numbers.first().copied().unwrap_or_default();
            found.push(Violation {
                kind,
                what: kind.what().to_owned(),
                node: node.name.clone(),
                count: numbers.len() as u64,
                example: format!("act {first}, in the node's list of what it runs"),
            });
        }
    }
    found
}

/// Returns the locks and writes that reached a server which refuses them.
fn refused(tally: &Tally) -> Vec<Violation> {
    let refused = tally.refused.iter().map(|(doing, failures)| Violation {
        kind: ViolationKind::Refused,
        what: format!("{}: {doing}", ViolationKind::Refused.what()),
        node: String::new(),
        count: failures.count,
        example: failures.example.clone(),
    });
    refused.collect()
}

/// Returns the pools whose connections are not what their purpose asks for.
fn unsafe_pools(tally: &Tally) -> Vec<Violation> {
    let mut found = Vec::new();
    for (settings, (statements, connections)) in &tally.settings {
        let kind = match (settings.pool, settings.is_read_only) {
            ("write", true) => ViolationKind::WritePoolReadOnly,
            ("read" | "fallback", false) => ViolationKind::ReadPoolNotReadOnly,
            _ => continue,
        };
        found.push(Violation {
            kind,
            what: kind.what().to_owned(),
            node: settings.node.clone(),
            count: connections.len() as u64,
            example: format!(
                "{} connections of the pool `{}`, over which {statements} acts were done",
                connections.len(),
                settings.pool
            ),
        });
    }
    found
}

/// Returns what was wrong inside transactions.
fn odd(tally: &Tally) -> Vec<Violation> {
    let odd = tally.odd.iter().map(|((odd, node), failures)| {
        let kind = match odd {
            Odd::TornSnapshot => ViolationKind::TornSnapshot,
            Odd::LockNotHeld => ViolationKind::LockNotHeld,
        };
        Violation {
            kind,
            what: kind.what().to_owned(),
            node: node.clone(),
            count: failures.count,
            example: failures.example.clone(),
        }
    });
    odd.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::{Moment, Read};
    use crate::tally::{Ran, Settings};

    fn ran(word: Word, server: &str, replica: Option<bool>) -> Ran {
        Ran {
            word,
            is_strong: false,
            node: "node".to_owned(),
            server: server.to_owned(),
            replica,
        }
    }

    fn watched(name: &str, server: &str, was_primary: bool) -> Watched {
        Watched {
            name: name.to_owned(),
            servers: [server.to_owned()].into(),
            was_primary,
            was_replica: !was_primary,
            ..Watched::default()
        }
    }

    fn kinds(found: &[Violation]) -> Vec<(ViolationKind, &str)> {
        found
            .iter()
            .map(|violation| (violation.kind, &*violation.node))
            .collect()
    }

    #[test]
    fn a_lock_on_a_server_that_never_led_is_found_whatever_that_calls_itself() {
        let nodes = [watched("one", "a", true), watched("two", "b", false)];
        let mut tally = Tally::default();
        tally.ran.insert(ran(Word::Lock, "a", Some(false)), 1);
        tally.ran.insert(ran(Word::Write, "a", None), 1);
        tally.ran.insert(ran(Word::Read, "b", Some(true)), 1);
        // Nobody watches it, and it says nothing.
        tally.ran.insert(ran(Word::Lock, "c", None), 1);
        assert_eq!(kinds(&misplaced(&tally, &nodes)), []);
        tally.ran.insert(ran(Word::Lock, "b", Some(false)), 2);
        tally.ran.insert(ran(Word::Write, "c", Some(true)), 1);
        let found = misplaced(&tally, &nodes);
        assert_eq!(
            kinds(&found),
            [
                (ViolationKind::LockOnReplica, "two"),
                (ViolationKind::WriteOnReplica, "node")
            ]
        );
        assert_eq!(found[0].count, 2);
    }

    #[test]
    fn pools_for_reads_are_read_only_and_those_for_writes_are_not() {
        let mut tally = Tally::default();
        let mut add = |pool, is_read_only| {
            let settings = Settings {
                node: "one".to_owned(),
                pool,
                isolation: "read committed".to_owned(),
                is_read_only,
            };
            tally.settings.entry(settings).or_default().0 += 1;
        };
        add("read", true);
        add("write", false);
        add("fallback", false);
        assert_eq!(
            kinds(&unsafe_pools(&tally)),
            [(ViolationKind::ReadPoolNotReadOnly, "one")]
        );
    }

    #[test]
    fn reads_on_replicas_are_seen_and_locks_there_are_violations() {
        let mut node = watched("two", "b", false);
        node.on_replica.insert(Word::Read, [1, 2].into());
        assert!(on_replicas(&[node]).is_empty());
        let mut node = watched("two", "b", false);
        node.on_replica.insert(Word::Lock, [3].into());
        let found = on_replicas(&[node]);
        assert_eq!(kinds(&found), [(ViolationKind::LockSeenOnReplica, "two")]);
    }

    #[test]
    fn what_a_failover_lost_binds_nobody() {
        let row = |version, writer, timeline| Row {
            key: 1,
            version,
            writer,
            timeline,
        };
        let record = |session, event| Record {
            at: Duration::ZERO,
            session,
            event,
        };
        let read = |row| {
            Event::Reads(vec![Read {
                rows: vec![row],
                began: Moment {
                    at: Duration::ZERO,
                    records: 2,
                },
                promised: true,
                everyones: None,
                node: "one".to_owned(),
                is_primary: true,
                reason: "strong",
            }])
        };
        let records = [
            record(1, Event::Sends { writer: 1 }),
            record(1, Event::Wrote(row(1, 1, 1))),
            record(1, read(Row::before_all(1))),
        ];
        let violations = |mut records: Vec<Record>, mut kept: Vec<Row>, last| {
            let histories = end_timelines(&mut records, &kept, last);
            let timeline = oracle::count_timelines(&mut records, &mut kept, last);
            let found = oracle::check(&records, &Kept::new(kept, timeline));
            (histories, stale(&records, &found).len())
        };
        // The same history has it still, and did not show it.
        assert_eq!(violations(records.to_vec(), vec![row(1, 1, 1)], 1), (1, 1));
        // Another began without it.
        assert_eq!(violations(records.to_vec(), Vec::new(), 2), (2, 0));
    }
}
