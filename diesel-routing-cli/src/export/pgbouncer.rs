//! PgBouncer: an alias for the primary, and one for reads.

use std::fmt::Write;

use super::address::Server;
use super::options::Options;
use super::source::{Place, Source};
use super::{Export, File, sizes};
use crate::failure::Failure;

pub(super) fn generate(source: &Source, options: &Options) -> Result<Export, Failure> {
    source.expect(Server::Postgres)?;
    let sizes = sizes::of(source, options)?;
    let (primary, read) = match &options.through {
        Some(through) => addresses(through)?,
        None => (at(&[source.primary()?])?, replicas(source)?),
    };
    let mut notes = vec![
        "Two aliases: `app_primary` is for what writes, locks rows or has to be up to date, and `app_read` for reads that may be stale.".to_owned(),
        "PgBouncer knows no statements: the program chooses. Roles stand fixed in here, so a failover needs a new file, or an HAProxy in between.".to_owned(),
        "Not in transaction mode: there, settings of one client's session reach others, prepared statements and advisory locks get lost, and a".to_owned(),
        "router cannot know whom its next statement goes to. A router of diesel-routing connects to nodes and not to this.".to_owned(),
    ];
    notes.extend(sizes.why);
    let mut text = source.header(";", &notes);
    let database = source
        .nodes
        .iter()
        .find_map(|node| node.address.database.as_deref());
    let database = quoted(database.unwrap_or("postgres"));
    let _ = write!(
        text,
        "\n[databases]\n\
         app_primary = {primary} dbname={database} pool_size={}\n\
         app_read = {read} dbname={database} pool_size={}\n",
        sizes.primary, sizes.read
    );
    let _ = write!(
        text,
        "\n[pgbouncer]\n\
         listen_addr = {}\n\
         listen_port = {}\n\
         pool_mode = session\n\
         ; Users and their passwords: this file has none.\n\
         auth_type = scram-sha-256\n\
         auth_file = {}\n\
         max_client_conn = {}\n\
         ; What one client's session leaves must not reach the next.\n\
         server_reset_query = DISCARD ALL\n\
         ; Drivers send it, and it changes nothing since PostgreSQL 12.\n\
         ignore_startup_parameters = extra_float_digits\n",
        options.listen,
        options.port.unwrap_or(6432),
        options.auth_file,
        // Whoever comes when all are in use waits, and is not refused.
        (sizes.primary + sizes.read).saturating_mul(2).max(100),
    );
    Ok(Export {
        files: vec![File {
            name: "pgbouncer.ini",
            text,
        }],
        warnings: sizes.warnings,
    })
}

fn replicas(source: &Source) -> Result<String, Failure> {
    let replicas: Vec<_> = source.replicas().collect();
    if replicas.is_empty() {
        return Err(Failure::Usage(
            "there is no replica for `app_read`: add a node that is none, or use the primary's alias alone".to_owned(),
        ));
    }
    at(&replicas)
}

/// Returns where these nodes are. PgBouncer takes them by turns, and has one port for all.
fn at(nodes: &[&Place]) -> Result<String, Failure> {
    let hosts: Vec<_> = nodes
        .iter()
        .map(|node| node.address.host.as_str())
        .collect();
    let mut ports: Vec<_> = nodes.iter().map(|node| node.address.port).collect();
    ports.dedup();
    match ports.as_slice() {
        [port] => Ok(format!("host={} port={port}", hosts.join(","))),
        _ => Err(Failure::Usage(
            "the replicas have different ports, and PgBouncer knows one for all hosts of an alias: put HAProxy in between \
             (`export haproxy`), and name its addresses with `--through HOST:PORT,HOST:PORT`"
                .to_owned(),
        )),
    }
}

fn addresses(through: &str) -> Result<(String, String), Failure> {
    let one = |place: &str| {
        let (host, port) = place.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let is_host = |char: char| char.is_ascii_alphanumeric() || "-._:".contains(char);
        let host = host.trim_matches(['[', ']']);
        (!host.is_empty() && host.chars().all(is_host)).then(|| format!("host={host} port={port}"))
    };
    let both = through
        .split_once(',')
        .and_then(|(primary, read)| Some((one(primary.trim())?, one(read.trim())?)));
    both.ok_or_else(|| {
        Failure::Usage(
            "--through: give two addresses, for the primary and for reads, as in `127.0.0.1:5000,127.0.0.1:5001`".to_owned(),
        )
    })
}

fn quoted(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    format!("'{}'", text.replace('\'', "''"))
}
