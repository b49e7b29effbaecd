//! HAProxy: two addresses that follow the roles.

mod checks;

use std::collections::BTreeSet;
use std::fmt::Write;

use super::address::Server;
use super::options::Options;
use super::source::{Place, Source};
use super::{Export, File};
use crate::failure::Failure;

/// A side of the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Primary,
    Replicas,
}

pub(super) fn generate(source: &Source, options: &Options) -> Result<Export, Failure> {
    let port = options.port.unwrap_or(5000);
    let read_port = options.read_port.unwrap_or(port.saturating_add(1));
    if port == read_port {
        return Err(Failure::Usage(
            "the primary's port and the one for reads are the same: give another with `--read-port`".to_owned(),
        ));
    }
    let database = match source.server {
        Server::Postgres => "postgres",
        Server::MySql => "mysql",
    };
    let mut notes = vec![
        "Two addresses: one for what writes, locks rows or has to be up to date, and one for reads that may be stale. HAProxy knows no".to_owned(),
        "statements: the program chooses. Which node is the primary each node is asked, so both addresses follow a failover.".to_owned(),
    ];
    notes.extend(checks::notes(source.server, options));
    let listen = &options.listen;
    let mut text = source.header("#", &notes);
    let _ = write!(
        text,
        "\n# `maxconn` follows from the limit of open files, unless a section `global` has it.\n\
         defaults\n  mode tcp\n  timeout connect 5s\n  timeout check 2s\n  # Pooled connections are idle for long.\n  timeout client 1h\n  timeout server 1h\n\n\
         frontend app_primary\n  bind {listen}:{port}\n  default_backend primary\n\n\
         frontend app_read\n  bind {listen}:{read_port}\n  # Where no replica is left, the primary serves their reads.\n  \
         use_backend primary if {{ nbsrv(replicas) eq 0 }}\n  default_backend replicas\n"
    );
    for side in [Side::Primary, Side::Replicas] {
        backend(source, side, options, &mut text);
    }
    Ok(Export {
        files: vec![File {
            name: "haproxy.cfg",
            text,
        }],
        warnings: checks::warnings(database, options),
    })
}

fn backend(source: &Source, side: Side, options: &Options, text: &mut String) {
    let (name, why) = match side {
        Side::Primary => (
            "primary",
            "Never two at once: of two nodes that both say so, the first serves.",
        ),
        Side::Replicas => (
            "replicas",
            "For connections that last, its documentation advises to count those that are open.",
        ),
    };
    let balance = match side {
        Side::Primary => "first",
        Side::Replicas => "leastconn",
    };
    let _ = write!(text, "\nbackend {name}\n  # {why}\n  balance {balance}\n");
    for line in checks::lines(source.server, side, options) {
        let _ = writeln!(text, "  {line}");
    }
    let port = options
        .check_port
        .map_or_else(String::new, |port| format!(" port {port}"));
    // Whoever is connected to a node that has lost its role must come again.
    let _ = writeln!(
        text,
        "  default-server inter 1s fastinter 250ms fall 2 rise 2 on-marked-down shutdown-sessions{port}"
    );
    let mut names = BTreeSet::new();
    for node in source.in_general_use() {
        let name = unique(node, &mut names);
        let weight = match side {
            Side::Primary => String::new(),
            Side::Replicas => format!(" weight {}", node.weight.min(256)),
        };
        let _ = writeln!(
            text,
            "  server {name} {} check{weight}",
            node.address.place()
        );
    }
}

/// Returns a node's name of letters that names may have here, and that no other has.
fn unique(node: &Place, names: &mut BTreeSet<String>) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    let mut name: String = node
        .name
        .chars()
        .map(|char| if is_plain(char) { char } else { '_' })
        .collect();
    while !names.insert(name.clone()) {
        name.push('_');
    }
    name
}
