//! PgDog: roles, and how reads are split off.

use std::fmt::Write;

use super::address::Server;
use super::options::Options;
use super::source::{Role, Source};
use super::{Export, File, sizes};
use crate::failure::Failure;

pub(super) fn generate(source: &Source, options: &Options) -> Result<Export, Failure> {
    source.expect(Server::Postgres)?;
    let sizes = if source.primary().is_ok() {
        Some(sizes::of(source, options)?)
    } else {
        None
    };
    let mut notes = vec![
        "Written by its documentation of 0.1, and not tried.".to_owned(),
        "PgDog reads statements and finds row locks and writes itself; it has no lists of functions and of tables. What must not be stale, and".to_owned(),
        "SELECTs that call functions which write, say so: `SET pgdog.role TO 'primary'`, or a comment `/* pgdog_role: primary */`.".to_owned(),
    ];
    if let Some(sizes) = &sizes {
        notes.extend(sizes.why.iter().cloned());
    }
    notes.extend(source.notes_on_functions());
    let mut text = source.header("#", &notes);
    let _ = write!(
        text,
        "\n[general]\n\
         host = {}\n\
         port = {}\n\
         # Splitting works in this mode alone. PgDog keeps the settings of clients' sessions apart.\n\
         pooler_mode = \"transaction\"\n\
         # An explicit transaction is the primary's, from its first statement on.\n\
         read_write_strategy = \"conservative\"\n\
         # Reads go to the replicas; to the primary where one is banned.\n\
         read_write_split = \"include_primary_if_replica_banned\"\n\
         load_balancing_strategy = \"weighted_round_robin\"\n\
         prepared_statements = \"extended\"\n",
        string(&options.listen),
        options.port.unwrap_or(6432),
    );
    if let Some(lag) = source.max_lag {
        let _ = write!(
            text,
            "# In milliseconds: the router's `max_lag`.\nban_replica_lag = {}\n",
            lag.as_millis()
        );
    }
    databases(source, sizes.as_ref(), &mut text);
    Ok(Export {
        files: vec![
            File {
                name: "pgdog.toml",
                text,
            },
            File {
                name: "users.toml",
                text: users(source),
            },
        ],
        warnings: vec!["PgDog's file was written by its documentation, and not tried".to_owned()],
    })
}

fn databases(source: &Source, sizes: Option<&sizes::PoolSizes>, text: &mut String) {
    let replicas = u32::try_from(source.replicas().count()).unwrap_or(u32::MAX);
    for node in source.in_general_use() {
        let role = match node.role {
            Some(Role::Primary) => "primary",
            Some(Role::Replica) => "replica",
            None => "auto",
        };
        let name = node.name.replace(char::is_control, " ");
        let _ = write!(
            text,
            "\n# {name}\n[[databases]]\nname = \"app\"\nrole = \"{role}\"\nhost = {}\nport = {}\n",
            string(&node.address.host),
            node.address.port,
        );
        if let Some(database) = &node.address.database {
            let _ = writeln!(text, "database_name = {}", string(database));
        }
        if let Some(sizes) = sizes {
            let size = match node.role {
                Some(Role::Primary) => sizes.primary,
                _ => sizes.read.div_ceil(replicas.max(1)),
            };
            let _ = writeln!(text, "pool_size = {size}");
        }
        if node.role != Some(Role::Primary) {
            let _ = writeln!(text, "lb_weight = {}", node.weight.min(255));
        }
    }
}

fn users(source: &Source) -> String {
    let notes = [
        "This file has no passwords: add each user's, and keep others from reading it.".to_owned(),
    ];
    let mut text = source.header("#", &notes);
    let mut names: Vec<_> = source
        .nodes
        .iter()
        .filter_map(|node| node.address.user.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let _ = write!(
            text,
            "\n[[users]]\nname = {}\ndatabase = \"app\"\n# password = \"..\"\n",
            string(name)
        );
    }
    text
}

/// Returns a basic string of TOML.
fn string(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
