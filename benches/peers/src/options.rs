//! Options of the command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde::{Deserialize, Serialize};

/// A kind of servers, with the peers that are for it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Default, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServerKind {
    /// A primary with two standbys; beside pools: PgBouncer, HAProxy, Pgpool-II, PgDog and PgCat.
    #[default]
    Postgres,
    /// A primary with two replicas; beside pools: HAProxy, ProxySQL and MaxScale.
    #[value(name = "mariadb")]
    MariaDb,
}

/// Compares diesel-routing with what people would use instead: on the same servers, with the same work, by turns.
#[derive(Debug, Clone, Parser)]
#[command(name = "peers")]
pub(crate) struct Options {
    /// The servers.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) servers: ServerKind,
    /// Time for which a turn is measured.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) turn: Duration,
    /// Time for which each side works before its turn is measured.
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration)]
    pub(crate) warm_up: Duration,
    /// Number of turns of each side, in random order.
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) turns: u32,
    /// Number of clients: users who do one thing after the other.
    #[arg(
        long,
        value_name = "N,..",
        value_delimiter = ',',
        default_value = "8,32,128"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) clients: Vec<u32>,
    /// The most connections to each server that a side may use.
    #[arg(long, value_name = "N", default_value_t = 32)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) pool: u32,
    /// The delay each way in front of whatever is on another host: the servers, and the peers' programs.
    #[arg(long, value_name = "TIME,..", value_delimiter = ',', default_value = "0", value_parser = duration)]
    pub(crate) delay: Vec<Duration>,
    /// Put the peers' programs on the clients' own host: the way to them has no delay.
    #[arg(long)]
    pub(crate) sidecar: bool,
    /// Lag of the replicas, in whole milliseconds; 0 is as close as replication comes. Otherwise one of them
    /// stops for a while in each turn.
    #[arg(long, value_name = "TIME,..", value_delimiter = ',', default_value = "0", value_parser = duration)]
    pub(crate) lag: Vec<Duration>,
    /// The mean time that a client thinks before it acts.
    #[arg(long, value_name = "TIME", default_value = "0", value_parser = duration)]
    pub(crate) think: Duration,
    /// Let the clients act at this rate, all together, and measure from when each act was due.
    #[arg(long, value_name = "ACTS/S", conflicts_with = "think")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) open_loop: Option<u32>,
    /// Only the sides whose names contain one of these.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) only: Vec<String>,
    /// The program of PgDog; left out without.
    #[arg(long, value_name = "PATH", env = "PGDOG_BIN")]
    pub(crate) pgdog: Option<PathBuf>,
    /// The program of PgCat; left out without.
    #[arg(long, value_name = "PATH", env = "PGCAT_BIN")]
    pub(crate) pgcat: Option<PathBuf>,
    /// The program of ProxySQL; left out without.
    #[arg(long, value_name = "PATH", env = "PROXYSQL_BIN")]
    pub(crate) proxysql: Option<PathBuf>,
    /// ProxySQL's reader of binary logs, which its causal reads need: from 2.5 on it knows MariaDB, as ProxySQL does from
    /// 3.0.12 on. They are left out without.
    #[arg(long, value_name = "PATH", env = "PROXYSQL_BINLOG_READER_BIN")]
    pub(crate) proxysql_binlog_reader: Option<PathBuf>,
    /// The program of MaxScale; left out without.
    #[arg(long, value_name = "PATH", env = "MAXSCALE_BIN")]
    pub(crate) maxscale: Option<PathBuf>,
    /// Write all turns here; paths are relative to benches/peers, where cargo runs it.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Draw charts into this directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) charts: Option<PathBuf>,
    /// Measure nothing: show what earlier runs wrote with `--json`.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) from: Vec<PathBuf>,
    /// List the sides.
    #[arg(long)]
    pub(crate) list: bool,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// Returns whether the side called `name` takes part.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let mut wanted = self.only.iter();
        self.only.is_empty() || wanted.any(|part| name.contains(&part.to_lowercase()))
    }

    /// Returns how many connections a side may have to one server, with so many clients.
    pub(crate) fn connections(&self, clients: u32) -> u32 {
        self.pool.min(clients)
    }
}

impl std::fmt::Display for ServerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
        })
    }
}

fn duration(text: &str) -> Result<Duration> {
    match text {
        "0" => Ok(Duration::ZERO),
        _ => humantime::parse_duration(text).context("a time has a unit, such as 250us or 5ms"),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[test]
    fn lists_of_times_and_numbers_are_read() {
        let options = Options::parse_from([
            "peers",
            "--delay",
            "0,250us,1ms",
            "--lag",
            "0,5ms",
            "--clients",
            "8,128",
        ]);
        let micros: Vec<_> = options.delay.iter().map(Duration::as_micros).collect();
        assert_eq!(micros, [0, 250, 1000]);
        assert_eq!(options.lag, [Duration::ZERO, Duration::from_millis(5)]);
        assert_eq!(options.clients, [8, 128]);
        assert_eq!(options.connections(8), 8);
        assert_eq!(options.connections(128), 32);
    }

    #[test]
    fn servers_are_those_of_postgresql_unless_told_otherwise() {
        let servers = |words: &[&str]| Options::parse_from([&["peers"], words].concat()).servers;
        assert_eq!(servers(&[]), ServerKind::Postgres);
        assert_eq!(servers(&["--servers", "mariadb"]), ServerKind::MariaDb);
        assert_eq!(servers(&["--servers", "postgres"]), ServerKind::Postgres);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        Options::command().debug_assert();
        for words in [
            vec!["--lag", "5"],
            vec!["--clients", "0"],
            vec!["--turns", "0"],
            vec!["--servers", "oracle"],
            vec!["--open-loop", "100", "--think", "5ms"],
        ] {
            let all = [&["peers"], words.as_slice()].concat();
            assert!(Options::try_parse_from(all).is_err(), "{words:?}");
        }
    }

    #[test]
    fn sides_are_chosen_by_a_part_of_their_names() {
        let options = Options::parse_from(["peers", "--only", "haproxy", "diesel-routing"]);
        assert!(options.wants("HAProxy, ping"));
        assert!(options.wants("diesel-routing, tokens"));
        assert!(!options.wants("bb8, replica"));
        assert!(Options::parse_from(["peers"]).wants("bb8, replica"));
    }
}
