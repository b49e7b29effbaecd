//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// A service whose users see where their reads come from, on a PostgreSQL primary with replicas that lag.
///
/// Without --primary it starts its own servers, which end with it.
#[derive(Debug, Parser)]
#[command(name = "profile")]
pub(crate) struct Options {
    /// Where to listen. There are no passwords: keep it on this machine.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// The URL of a primary that runs already. Its schema `profile` is made anew.
    #[arg(long, value_name = "URL")]
    pub(crate) primary: Option<String>,

    /// The URL of a replica of that primary; more than one may be given.
    #[arg(long, value_name = "URL", requires = "primary")]
    pub(crate) replica: Vec<String>,

    /// How many replicas to start, 1 to 4.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        conflicts_with = "primary"
    )]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) standbys: u8,

    /// How far those are behind the primary at first: at most 30s.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "2s",
        conflicts_with = "primary"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub(crate) lag: Duration,

    /// How many users there are, 1 to 1000000.
    #[arg(long, value_name = "N", default_value_t = 12)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) users: u32,

    /// Where sessions' states are.
    #[arg(long, value_name = "WHERE", value_enum, default_value_t = Sessions::Cookie)]
    pub(crate) sessions: Sessions,

    /// The Redis for `--sessions redis`.
    #[arg(
        long,
        value_name = "URL",
        default_value = "redis://127.0.0.1:16379",
        env = "REDIS_URL",
        hide_env_values = true
    )]
    pub(crate) redis: String,

    /// Write which functions read and write at which level to this file, and end.
    #[arg(long, value_name = "FILE")]
    pub(crate) inventory: Option<std::path::PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sessions {
    /// In a signed token, which travels in a cookie.
    Cookie,
    /// In this process.
    Memory,
    /// In a Redis or Valkey.
    Redis,
}
