//! Pgpool-II: backends, and what belongs on the primary.

use std::fmt::Write;

use diesel_routing::Functions;

use super::address::Server;
use super::names::any_of;
use super::options::Options;
use super::patterns::{Dialect, critical_tables, functions};
use super::source::{Role, Source};
use super::{Export, File};
use crate::failure::Failure;

pub(super) fn generate(source: &Source, options: &Options) -> Result<Export, Failure> {
    source.expect(Server::Postgres)?;
    let functions = functions(
        Functions::builtin(diesel_routing_sql::Dialect::Postgres),
        options,
    );
    let mut notes = vec![
        "For Pgpool-II from 4.2 on, whose names of parameters it has: before, `primary_routing_query_pattern_list` was".to_owned(),
        "`black_query_pattern_list`, and `read_only_function_list` was `white_function_list`.".to_owned(),
        "A read that begins a transaction may go to a standby, before Pgpool-II knows that the transaction writes. What must not, connects".to_owned(),
        "with the application_name `app_primary`, and never leaves the primary.".to_owned(),
    ];
    notes.extend(source.notes_on_functions());
    let mut text = source.header("#", &notes);
    let run_dir = quoted(&options.run_dir);
    let _ = write!(
        text,
        "\nbackend_clustering_mode = 'streaming_replication'\n\
         listen_addresses = {}\n\
         port = {}\n\
         socket_dir = {run_dir}\n\
         pcp_socket_dir = {run_dir}\n\
         logdir = {run_dir}\n\
         pid_file_name = {}\n",
        quoted(&options.listen),
        options.port.unwrap_or(9999),
        quoted(&format!("{}/pgpool.pid", options.run_dir)),
    );
    backends(source, &mut text);
    let _ = write!(
        text,
        "\n# Which backend is the primary it asks as this account, whose password belongs into pool_passwd.\n\
         sr_check_user = {}\n\
         sr_check_database = 'postgres'\n\
         sr_check_period = 10\n",
        quoted(&options.check_user)
    );
    routing(&functions, options, &mut text)?;
    Ok(Export {
        files: vec![File {
            name: "pgpool.conf",
            text,
        }],
        warnings: vec![
            "Pgpool-II may send a read that begins a transaction to a standby: what must not, connects as the application `app_primary`".to_owned(),
        ],
    })
}

fn backends(source: &Source, text: &mut String) {
    text.push_str(
        "\n# Reads go to the standbys, by their weights; to the primary where none is left.\n",
    );
    for (number, node) in source.in_general_use().enumerate() {
        let weight = if node.role == Some(Role::Primary) {
            0
        } else {
            node.weight
        };
        let name: String = node.name.replace(char::is_control, " ");
        let _ = write!(
            text,
            "# {name}\n\
             backend_hostname{number} = {}\n\
             backend_port{number} = {}\n\
             backend_weight{number} = {weight}\n\
             backend_flag{number} = 'ALLOW_TO_FAILOVER'\n",
            quoted(&node.address.host),
            node.address.port,
        );
    }
}

fn routing(functions: &Functions, options: &Options, text: &mut String) -> Result<(), Failure> {
    let names = any_of(functions.pure(), "(");
    let patterns = patterns(functions, options)?;
    let _ = write!(
        text,
        "\nload_balance_mode = on\n\
         statement_level_load_balance = on\n\
         # What a transaction reads behind its first write is on the primary.\n\
         disable_load_balance_on_write = 'transaction'\n\
         app_name_redirect_preference_list = 'app_primary:primary'\n\
         # A comment before a statement, as of a tracer, changes nothing about it.\n\
         allow_sql_comments = on\n\
         memory_cache_enabled = off\n\
         \n# The functions that are known to change nothing. All others count as writing: your own ones need `--read-function`.\n\
         read_only_function_list = '(pg_catalog[.])?({names})'\n\
         \n# Pgpool-II itself finds row locks, and writes in WITH. These patterns are a second look, at any depth, whatever spaces and comments are\n\
         # between the words, and find what it takes for a read: EXPLAIN ANALYZE of a write, COPY, critical tables. Some find too\n\
         # much, and then a read is on the primary.\n\
         primary_routing_query_pattern_list = '{}'\n",
        patterns.join(";")
    );
    Ok(())
}

fn patterns(functions: &Functions, options: &Options) -> Result<Vec<String>, Failure> {
    let posix = Dialect::Posix;
    let listed: Vec<&str> = functions.iter().map(|(name, _)| name).collect();
    let mut patterns = vec![
        // Row locks.
        posix.row_lock(),
        // EXPLAIN ANALYZE runs what it explains.
        "explain.*analy[sz]e.*[^a-z0-9_$](insert|update|delete|merge)([^a-z0-9_$]|$)".to_owned(),
        "explain.*[^a-z0-9_$](create|declare|execute|refresh)([^a-z0-9_$]|$)".to_owned(),
        "with[^a-z0-9_$].*[^a-z0-9_$](insert|update|delete|merge)([^a-z0-9_$]|$)".to_owned(),
        "[^a-z0-9_$.]into([^a-z0-9_$]|$)".to_owned(),
        // Pgpool-II takes COPY .. TO for a read.
        "copy([^a-z0-9_$]|$)".to_owned(),
        // `s.nextval` may call `nextval(s)`, and is no call to its parser.
        posix.attribute_of(listed.clone()),
        posix.call_of(listed),
    ];
    let tables = critical_tables(options)?;
    if !tables.is_empty() {
        patterns.push(posix.word_of(tables.iter().map(String::as_str)));
    }
    // It adds `^` and `$`.
    let patterns = patterns.iter().map(|pattern| format!(".*{pattern}.*"));
    Ok(patterns.collect())
}

fn quoted(text: &str) -> String {
    let text = text.replace(|char: char| char.is_control() || char == '\\', " ");
    format!("'{}'", text.replace('\'', "''"))
}
