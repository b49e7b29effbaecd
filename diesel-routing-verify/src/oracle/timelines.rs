//! The histories that failovers begin, counted.

use super::history::{Event, Record};
use super::row::Row;

/// Numbers the timelines from 1 in the order in which they ended, the last being that of the present
/// primary; returns its number. Backends tell them apart by numbers that need not grow.
pub fn count(records: &mut [Record], kept: &mut [Row], last: i32) -> i32 {
    let ended = records.iter().filter_map(|record| match record.event {
        Event::Ends { timeline } => Some(timeline),
        _ => None,
    });
    let order: Vec<i32> = ended.chain([last]).collect();
    // What a node wrote that never was the primary comes after everything: nobody can account for it.
    let number = |timeline: &mut i32| {
        let place = order.iter().position(|of| of == timeline);
        let place = place.and_then(|place| i32::try_from(place + 1).ok());
        *timeline = place.unwrap_or(i32::MAX);
    };
    let number_all = |rows: &mut [Row]| {
        for row in rows {
            number(&mut row.timeline);
        }
    };
    number_all(kept);
    for record in records {
        match &mut record.event {
            Event::Wrote(row) => number(&mut row.timeline),
            Event::Reads(reads) => {
                for read in reads {
                    number_all(&mut read.rows);
                }
            }
            Event::Ends { timeline } => number(timeline),
            Event::Sends { .. }
            | Event::RolledBack { .. }
            | Event::Issues { .. }
            | Event::Absorbs { .. }
            | Event::Fault(_) => {}
        }
    }
    i32::try_from(order.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(timeline: i32) -> Row {
        Row {
            key: 1,
            version: 1,
            writer: 1,
            timeline,
        }
    }

    fn record(event: Event) -> Record {
        let at = Duration::ZERO;
        Record {
            at,
            session: 1,
            event,
        }
    }

    #[test]
    fn timelines_are_counted_in_the_order_in_which_they_ended() {
        let mut records = [
            record(Event::Wrote(row(7))),
            record(Event::Ends { timeline: 7 }),
            record(Event::Wrote(row(3))),
            record(Event::Ends { timeline: 3 }),
        ];
        let mut kept = [row(7), row(103)];
        assert_eq!(count(&mut records, &mut kept, 103), 3);
        assert_eq!(kept, [row(1), row(3)]);
        let events = records.map(|record| record.event);
        assert_eq!(
            events,
            [
                Event::Wrote(row(1)),
                Event::Ends { timeline: 1 },
                Event::Wrote(row(2)),
                Event::Ends { timeline: 2 },
            ]
        );
    }

    #[test]
    fn what_a_node_wrote_that_never_was_the_primary_stays_unaccounted_for() {
        let mut kept = [row(5)];
        assert_eq!(count(&mut [], &mut kept, 1), 1);
        assert_eq!(kept, [row(i32::MAX)]);
    }
}
