//! Tables in Markdown.

use std::fmt::Write;

use crate::summary::{Group, Line, Spread, Summary};

const HEAD: &str = "\
| side | a second | ours / theirs | p50 | p99 | write p50 | client + program + servers, us | stale | back | off the primary |
|---|---|---|---|---|---|---|---|---|---|
";

/// Returns a table for each group.
pub(crate) fn all(summary: &Summary) -> String {
    let tables = summary.groups.iter().map(table);
    tables.collect::<Vec<_>>().join("\n")
}

fn table(group: &Group) -> String {
    let turns = group.lines.iter().map(|line| line.turns).max().unwrap_or(0);
    let mut text = format!(
        "{} (medians of {turns} turns, least..most):\n\n{HEAD}",
        group.scenario
    );
    for line in &group.lines {
        let _ = writeln!(text, "{}", row(line));
    }
    text
}

fn row(line: &Line) -> String {
    let ratio = line.ours_over.map_or_else(String::new, |quotients| {
        let Spread {
            median,
            least,
            most,
        } = quotients.rate;
        format!("{median:.2} ({least:.2}..{most:.2})")
    });
    let Spread {
        median,
        least,
        most,
    } = line.rate;
    format!(
        "| {} | {median:.0} ({least:.0}..{most:.0}) | {ratio} | {} | {} | {} | {:.0} + {:.0} + {:.0} | {} of {} | {} | {:.1} % |",
        line.side,
        time(line.read_p50_us.median),
        time(line.read_p99_us.median),
        time(line.write_p50_us.median),
        line.client_us.median,
        line.program_us.median,
        line.servers_us.median,
        line.stale,
        line.own_reads,
        line.back,
        100.0 * line.off_primary.median,
    )
}

/// Returns a time of so many microseconds, to three digits.
pub(crate) fn time(micros: f64) -> String {
    match micros {
        ..1e3 => format!("{micros:.0} us"),
        ..1e4 => format!("{:.2} ms", micros / 1e3),
        ..1e5 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.0} ms", micros / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (micros, text) in [
            (345.2, "345 us"),
            (1234.0, "1.23 ms"),
            (12345.0, "12.3 ms"),
            (123_456.0, "123 ms"),
        ] {
            assert_eq!(time(micros), text);
        }
    }
}
