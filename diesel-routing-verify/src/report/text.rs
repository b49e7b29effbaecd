//! The report as text.

use std::collections::BTreeMap;
use std::fmt;

use super::Report;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} on {}: {} clients for {:.1} s, {} acts ({:.0} a second), {} failed; seed {}{}",
            self.subject,
            self.servers,
            self.clients,
            self.seconds,
            self.acts,
            self.throughput,
            self.failed,
            self.seed,
            if self.interrupted {
                "; interrupted"
            } else {
                ""
            }
        )?;
        self.stale(f)?;
        table(f, "Reads by node and reason", &self.read_rows())?;
        table(f, "Latencies in ms", &self.latency_rows())?;
        table(
            f,
            "Settings seen on the pools' connections",
            &self.pool_rows(),
        )?;
        table(
            f,
            "Seen in the nodes' lists of what they run",
            &self.activity_rows(),
        )?;
        table(f, "Errors", &self.error_rows())?;
        self.leftover_lines(f)?;
        lines(f, "Not checked", &self.not_checked)?;
        lines(f, "VIOLATIONS", &self.violations)?;
        writeln!(f, "\n{}", self.verdict())
    }
}

impl Report {
    /// Returns how it ended, in one line.
    pub(super) fn verdict(&self) -> String {
        let count = self.violations.len();
        match (count, self.shows_nothing()) {
            (0, None) => format!(
                "No violation: {} reads were promised something, {} of them on replicas, and {} writes acknowledged.",
                self.staleness.reads, self.staleness.on_replicas, self.staleness.writes
            ),
            (0, Some(why)) => format!("Nothing was shown: {why}."),
            (1, _) => "1 kind of violation.".to_owned(),
            (count, _) => format!("{count} kinds of violations."),
        }
    }

    fn stale(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let staleness = &self.staleness;
        let stale = self
            .violations
            .iter()
            .filter(|violation| violation.kind == super::ViolationKind::StaleRead);
        let stale: u64 = stale.map(|violation| violation.count).sum();
        writeln!(
            f,
            "Stale reads: {stale} of {} that were promised something ({} on replicas); {} writes acknowledged; {} sessions went on \
             by token",
            staleness.reads, staleness.on_replicas, staleness.writes, self.handed_over
        )?;
        if staleness.early > 0 {
            writeln!(
                f,
                "Early: {} reads of the primary lacked a commit that a replica had shown before it was acknowledged",
                staleness.early
            )?;
        }
        if staleness.histories > 1 {
            writeln!(
                f,
                "Failovers: {} histories were written on; what they lost binds nobody",
                staleness.histories
            )?;
        }
        Ok(())
    }

    pub(super) fn read_rows(&self) -> Vec<Vec<String>> {
        let head = row(["read", "node", "reason", "count"]);
        let rows = self.reads.iter().map(|reads| {
            let kind = reads.kind.trim_start_matches("read ").to_owned();
            vec![
                kind,
                reads.node.clone(),
                reads.reason.to_owned(),
                reads.count.to_string(),
            ]
        });
        [head].into_iter().chain(rows).collect()
    }

    pub(super) fn latency_rows(&self) -> Vec<Vec<String>> {
        let head = row(["act", "node", "count", "p50", "p99", "max"]);
        let rows = self.latencies.iter().map(|latency| {
            vec![
                latency.kind.to_owned(),
                latency.node.clone(),
                latency.count.to_string(),
                format!("{:.2}", latency.p50_ms),
                format!("{:.2}", latency.p99_ms),
                format!("{:.2}", latency.max_ms),
            ]
        });
        [head].into_iter().chain(rows).collect()
    }

    pub(super) fn pool_rows(&self) -> Vec<Vec<String>> {
        let head = row([
            "node",
            "pool",
            "read-only",
            "isolation",
            "connections",
            "acts",
        ]);
        let rows = self.pools.iter().map(|pool| {
            let read_only = if pool.read_only { "yes" } else { "no" };
            vec![
                pool.node.clone(),
                pool.pool.to_owned(),
                read_only.to_owned(),
                pool.isolation.clone(),
                pool.connections.to_string(),
                pool.acts.to_string(),
            ]
        });
        [head].into_iter().chain(rows).collect()
    }

    pub(super) fn activity_rows(&self) -> Vec<Vec<String>> {
        let head = row(["node", "role", "looks", "reads", "locks", "writes"]);
        let rows = self.activity.iter().map(|activity| {
            let seen = |word| {
                let count = |seen: &BTreeMap<&str, usize>| seen.get(word).copied().unwrap_or(0);
                (count(&activity.on_primary) + count(&activity.on_replica)).to_string()
            };
            vec![
                activity.node.clone(),
                activity.role.to_owned(),
                activity.looks.to_string(),
                seen("read"),
                seen("lock"),
                seen("write"),
            ]
        });
        [head].into_iter().chain(rows).collect()
    }

    pub(super) fn error_rows(&self) -> Vec<Vec<String>> {
        let head = row(["act", "code", "count", "the first"]);
        let rows = self.errors.iter().map(|failed| {
            vec![
                failed.kind.to_owned(),
                failed.code.clone(),
                failed.count.to_string(),
                failed.example.clone(),
            ]
        });
        [head].into_iter().chain(rows).collect()
    }

    /// Returns what there is to say of what runs leave behind.
    pub(super) fn leftover_text(&self) -> Vec<String> {
        let mut text = Vec::new();
        if !self.leftovers.is_empty() {
            let names = self.leftovers.join(", ");
            text.push(match self.leftovers_removed {
                true => format!("left behind by earlier runs, and removed: {names}"),
                false => format!(
                    "left behind by earlier runs: {names}. Remove it with `--remove-leftovers`, or \
                     `Verification::remove_leftovers`"
                ),
            });
        }
        if let Some(why) = &self.not_removed {
            text.push(format!(
                "this run's `{}` could not be removed: {why}. Remove it with `--remove-leftovers` of a later run",
                self.run
            ));
        }
        text
    }

    fn leftover_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, "Leftovers", &self.leftover_text())
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// Writes a table, whose first row is its head; nothing if that is its only one.
fn table(f: &mut fmt::Formatter<'_>, title: &str, rows: &[Vec<String>]) -> fmt::Result {
    if rows.len() < 2 {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = width(column);
            let is_number = cell.parse::<f64>().is_ok();
            let cell = match (is_number, column + 1 == row.len()) {
                (true, _) => format!("{cell:>width$}"),
                (false, true) => cell.clone(),
                (false, false) => format!("{cell:<width$}"),
            };
            line.push_str("  ");
            line.push_str(&cell);
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Writes lines under a title; nothing if there are none.
fn lines<T: fmt::Display>(f: &mut fmt::Formatter<'_>, title: &str, lines: &[T]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    for line in lines {
        writeln!(f, "  {line}")?;
    }
    Ok(())
}
