//! The options of `export`.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

/// The options of `export`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The proxy to write rules for
    pub(super) proxy: Proxy,
    /// The router's configuration, in TOML. Environment: `DIESEL_ROUTING_CONFIG`
    #[arg(long, short, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The program's inventory, in JSON: what `Inventory::write` has written
    #[arg(long, short, value_name = "FILE")]
    pub(super) inventory: Option<PathBuf>,
    /// The directory to write the files to. Without it, the first is printed
    #[arg(long, short, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// A table whose reads belong on the primary alone, for each again
    #[arg(
        long = "critical-table",
        value_name = "TABLE",
        help_heading = "What belongs on the primary"
    )]
    pub(super) critical_tables: Vec<String>,
    /// A database function that writes, for each again
    #[arg(
        long = "write-function",
        value_name = "NAME",
        help_heading = "What belongs on the primary"
    )]
    pub(super) write_functions: Vec<String>,
    /// A database function of your own that changes nothing, for each again. All others count as writing
    #[arg(
        long = "read-function",
        value_name = "NAME",
        help_heading = "What belongs on the primary"
    )]
    pub(super) read_functions: Vec<String>,

    /// The address that the proxy listens on
    #[arg(
        long,
        value_name = "HOST",
        default_value = "127.0.0.1",
        help_heading = "The proxy"
    )]
    pub(super) listen: String,
    /// The port that it listens on; HAProxy's for the primary. Defaults to the usual one
    #[arg(long, value_name = "PORT", help_heading = "The proxy")]
    pub(super) port: Option<u16>,
    /// HAProxy's port for reads. Defaults to the one after the primary's
    #[arg(long, value_name = "PORT", help_heading = "The proxy")]
    pub(super) read_port: Option<u16>,
    /// The port of each node's host where Patroni's REST API, or an agent that answers like it, says which role the node has
    #[arg(long, value_name = "PORT", help_heading = "The proxy")]
    pub(super) check_port: Option<u16>,
    /// The account, without a password, that asks nodes for their role
    #[arg(
        long,
        value_name = "USER",
        default_value = "routing_check",
        help_heading = "The proxy"
    )]
    pub(super) check_user: String,
    /// The file with the users and passwords of PgBouncer
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/pgbouncer/userlist.txt",
        help_heading = "The proxy"
    )]
    pub(super) auth_file: String,
    /// The addresses of an HAProxy between PgBouncer and the nodes: for the primary, and for reads
    #[arg(long, value_name = "HOST:PORT,HOST:PORT", help_heading = "The proxy")]
    pub(super) through: Option<String>,
    /// The directory of Pgpool-II's sockets and files
    #[arg(
        long,
        value_name = "DIR",
        default_value = "/var/run/postgresql",
        help_heading = "The proxy"
    )]
    pub(super) run_dir: String,

    /// The load of one instance's writes, as in `225/s:12ms`: how many transactions, and how long each has its connection
    #[arg(long, value_name = "LOAD", value_parser = load, help_heading = "Sizes (docs/sizing.md)")]
    pub(super) write_load: Option<Load>,
    /// The load of one instance's strong reads
    #[arg(long, value_name = "LOAD", value_parser = load, help_heading = "Sizes (docs/sizing.md)")]
    pub(super) primary_read_load: Option<Load>,
    /// The load of one instance's reads of all replicas
    #[arg(long, value_name = "LOAD", value_parser = load, help_heading = "Sizes (docs/sizing.md)")]
    pub(super) read_load: Option<Load>,
    /// How many instances of the program there are
    #[arg(
        long,
        value_name = "COUNT",
        default_value = "1",
        help_heading = "Sizes (docs/sizing.md)"
    )]
    pub(super) instances: u32,
    /// How many connections a server takes
    #[arg(long, value_name = "COUNT", help_heading = "Sizes (docs/sizing.md)")]
    pub(super) max_connections: Option<u32>,
}

/// A proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Proxy {
    /// ProxySQL, for MySQL and MariaDB: query rules, hostgroups, servers, and a script that undoes them
    Proxysql,
    /// PgBouncer, for PostgreSQL: an alias for the primary and one for reads, with the sizes of their pools
    Pgbouncer,
    /// HAProxy, for PostgreSQL, MySQL and MariaDB: an address for the primary and one for reads, which follow the roles
    Haproxy,
    /// Pgpool-II, for PostgreSQL: backends, and which functions and statements belong on the primary
    Pgpool,
    /// PgDog, for PostgreSQL: roles, and how reads are split off
    Pgdog,
}

/// A load: how many a second, and how long each takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Load {
    pub(super) per_second: f64,
    pub(super) time: Duration,
}

fn load(text: &str) -> Result<Load, String> {
    let legal = || {
        format!(
            "`{text}` is no load: write how many a second and how long each, as in `225/s:12ms`"
        )
    };
    let (rate, time) = text.split_once(':').ok_or_else(legal)?;
    let rate: f64 = rate
        .trim_end_matches("/s")
        .parse()
        .ok()
        .filter(|rate: &f64| rate.is_finite() && *rate >= 0.0)
        .ok_or_else(legal)?;
    let time = humantime::parse_duration(time).map_err(|_| legal())?;
    Ok(Load {
        per_second: rate,
        time,
    })
}

impl Proxy {
    /// Returns its name in the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Proxysql => "proxysql",
            Self::Pgbouncer => "pgbouncer",
            Self::Haproxy => "haproxy",
            Self::Pgpool => "pgpool",
            Self::Pgdog => "pgdog",
        }
    }
}
