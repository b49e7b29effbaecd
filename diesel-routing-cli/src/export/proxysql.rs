//! ProxySQL: statements for its admin interface.

use std::collections::BTreeSet;
use std::fmt::Write;

use diesel_routing::Functions;

use super::address::Server;
use super::names::any_of;
use super::options::Options;
use super::patterns::{Dialect, critical_tables, functions};
use super::source::{Role, Source};
use super::{Export, File};
use crate::failure::Failure;

const WRITER: u32 = 10;
const READER: u32 = 20;

/// The first of our rules' numbers, and the number after the last.
const RULES: (usize, usize) = (7000, 7100);

/// The marker in the comments of all rows that are ours.
const OURS: &str = "diesel-routing";

/// The text of a statement that a rule looks at.
#[derive(Clone, Copy)]
enum Of {
    /// As the client sent it.
    Text,
    /// Without comments and literals.
    Digest,
}

struct Rule {
    of: Of,
    pattern: String,
    to: u32,
    why: &'static str,
}

pub(super) fn generate(source: &Source, options: &Options) -> Result<Export, Failure> {
    source.expect(Server::MySql)?;
    source.primary()?;
    let rules = rules(options)?;
    let mut notes = vec![
        "Of the statements outside of transactions, those go to a replica that are certain to be reads. It is for MySQL and MariaDB."
            .to_owned(),
        "Run it in the admin interface. It changes what runs, and not what ProxySQL keeps: `SAVE MYSQL QUERY RULES TO DISK` and the like do."
            .to_owned(),
    ];
    notes.extend(source.notes_on_functions());
    let mut text = source.header("--", &notes);
    servers(source, &mut text);
    users(source, &mut text);
    text.push_str("\n-- Rules, in the order in which they are tried.\n");
    let _ = writeln!(
        text,
        "DELETE FROM mysql_query_rules WHERE rule_id >= {} AND rule_id < {};",
        RULES.0, RULES.1
    );
    for (number, rule) in rules.iter().enumerate() {
        text.push_str(&insert(RULES.0 + number, rule));
    }
    text.push_str("LOAD MYSQL QUERY RULES TO RUNTIME;\n");
    Ok(Export {
        files: vec![
            File {
                name: "proxysql.sql",
                text,
            },
            File {
                name: "proxysql-undo.sql",
                text: undo(source),
            },
        ],
        warnings: vec![
            "a program that sets `autocommit = 0` has transactions that begin with a read, which the rules may send to a replica: have it \
             begin them with `BEGIN`"
                .to_owned(),
        ],
    })
}

fn servers(source: &Source, text: &mut String) {
    let _ = writeln!(
        text,
        "\n-- The primary is in hostgroup {WRITER}, and the replicas are in {READER}: ProxySQL moves servers as their `read_only` changes.\n\
         DELETE FROM mysql_replication_hostgroups WHERE writer_hostgroup = {WRITER};\n\
         INSERT INTO mysql_replication_hostgroups (writer_hostgroup, reader_hostgroup, check_type, comment)\n  \
         VALUES ({WRITER}, {READER}, 'read_only', '{OURS}');\n\
         DELETE FROM mysql_servers WHERE comment LIKE '{OURS}%';"
    );
    // In whole seconds, and 0 would be no limit.
    let lag = source.max_lag.map_or(0, |lag| lag.as_secs().max(1));
    for node in source.in_general_use() {
        let group = if node.role == Some(Role::Primary) {
            WRITER
        } else {
            READER
        };
        let _ = writeln!(
            text,
            "INSERT INTO mysql_servers (hostgroup_id, hostname, port, weight, max_replication_lag, comment)\n  \
             VALUES ({group}, {}, {}, {}, {lag}, {});",
            quoted(&node.address.host),
            node.address.port,
            node.weight,
            quoted(&format!("{OURS}: {}", node.name)),
        );
    }
    text.push_str("LOAD MYSQL SERVERS TO RUNTIME;\n");
}

fn users(source: &Source, text: &mut String) {
    text.push_str(
        "\n-- Users write where no rule says otherwise, and a transaction stays where it began: on the primary, as `BEGIN` is no read.\n\
         -- This file has no passwords. A user whom ProxySQL does not know yet has to be added first:\n\
         --   INSERT INTO mysql_users (username, password) VALUES ('NAME', 'PASSWORD');\n",
    );
    for name in accounts(source) {
        let _ = writeln!(
            text,
            "UPDATE mysql_users SET default_hostgroup = {WRITER}, transaction_persistent = 1 WHERE username = {};",
            quoted(name)
        );
    }
    text.push_str("LOAD MYSQL USERS TO RUNTIME;\n");
}

/// Returns the accounts that the program connects as.
fn accounts(source: &Source) -> BTreeSet<&str> {
    let nodes = source.nodes.iter();
    nodes
        .filter_map(|node| node.address.user.as_deref())
        .collect()
}

fn rules(options: &Options) -> Result<Vec<Rule>, Failure> {
    let pcre = Dialect::Pcre;
    let blanks = pcre.blanks();
    let functions = functions(
        Functions::builtin(diesel_routing_sql::Dialect::Mysql),
        options,
    );
    let listed: Vec<&str> = functions.iter().map(|(name, _)| name).collect();
    let lock = pcre.row_lock();
    let tables = critical_tables(options)?;
    let primary = |of, pattern: String, why| Rule {
        of,
        pattern,
        to: WRITER,
        why,
    };
    let mut rules = vec![
        primary(
            Of::Text,
            r"/\*M?!".to_owned(),
            "a conditional comment: what it holds depends on the server",
        ),
        primary(Of::Text, lock.clone(), "locks rows"),
        // Where a comment between the words is of a form that the text's pattern does not know.
        primary(Of::Digest, lock, "locks rows"),
        primary(
            Of::Text,
            pcre.call_of(listed),
            "calls a function that has an effect",
        ),
        primary(
            Of::Text,
            format!(
                "{}{blanks}value{blanks}for",
                any_of(["next", "previous"], "(?:")
            ),
            "uses a sequence",
        ),
        primary(
            Of::Digest,
            r"\.\s*(?:next|curr)val(?:[^a-z0-9_$]|$)".to_owned(),
            "uses a sequence",
        ),
        primary(
            Of::Digest,
            "into(?:[^a-z0-9_$]|$)".to_owned(),
            "writes to a file, a variable or a table",
        ),
        primary(
            Of::Digest,
            "(?:^|[^a-z0-9_$.`])(?:delete|merge|update)(?:[^a-z0-9_$`]|$)".to_owned(),
            "a write, behind WITH or elsewhere",
        ),
        primary(
            Of::Digest,
            // `INSERT (..)` and `REPLACE (..)` are functions as well, which do not stand behind a parenthesis.
            r"(?:[^a-z0-9_$.`](?:insert|replace)\s+[^(\s]|\)\s*(?:insert|replace)(?:[^a-z0-9_$]|$))".to_owned(),
            "a write, behind WITH or elsewhere",
        ),
        primary(
            Of::Text,
            "sql_calc_found_rows".to_owned(),
            "the next statement asks for its number of rows",
        ),
        primary(Of::Digest, r";\s*\S".to_owned(), "several statements"),
        primary(
            Of::Digest,
            r"\.\s".to_owned(),
            "a blank behind a dot, which may be before the name of a function",
        ),
        primary(
            Of::Text,
            r"[^\x01-\x7f]\s*\(".to_owned(),
            "a name in other letters, which may be that of a function",
        ),
        primary(
            Of::Digest,
            // Of four pieces, as RE2 counts to 1000.
            r"^[\s\S]{500}[\s\S]{500}[\s\S]{500}[\s\S]{500}".to_owned(),
            "longer than the digest is by default (mysql-query_digests_max_digest_length)",
        ),
    ];
    if !tables.is_empty() {
        let tables = tables.iter().map(String::as_str);
        rules.push(primary(
            Of::Text,
            pcre.word_of(tables),
            "reads a critical table",
        ));
    }
    rules.push(Rule {
        of: Of::Digest,
        pattern: read(&functions),
        to: READER,
        why: "a SELECT that calls only functions that are known to change nothing",
    });
    Ok(rules)
}

/// Matches a SELECT each of whose parentheses is behind a known word, or behind none.
fn read(functions: &Functions) -> String {
    let names: Vec<&str> = functions.pure().chain(functions.reserved_words()).collect();
    let names = any_of(names, "(?:");
    let before = r"[\s,+*/=<>!|&^~%?:;)-]";
    let operator = r"[,+*/=<>!|&^~%-]";
    format!(
        r"^[\s(]*(?:select|with)(?:\s*\(|[^a-z0-9_$(])(?:(?:(?:[^(]*{before})?{names}\s*|[^(]*{operator}\s*|\s*)\()*[^(]*$"
    )
}

fn insert(number: usize, rule: &Rule) -> String {
    let column = match rule.of {
        Of::Text => "match_pattern",
        Of::Digest => "match_digest",
    };
    format!(
        "INSERT INTO mysql_query_rules (rule_id, active, {column}, re_modifiers, destination_hostgroup, apply, comment)\n  \
         VALUES ({number}, 1, {}, 'CASELESS', {}, 1, {});\n",
        quoted(&rule.pattern),
        rule.to,
        quoted(&format!("{OURS}: {}", rule.why)),
    )
}

fn undo(source: &Source) -> String {
    let notes = [
        "Takes back what proxysql.sql added, and lets that take effect. Users write to hostgroup 0 again, which is ProxySQL's default: where".to_owned(),
        "they wrote to another before, or servers were in the tables as well, `LOAD MYSQL USERS FROM DISK` and `LOAD MYSQL SERVERS FROM DISK`".to_owned(),
        "have what was kept there.".to_owned(),
    ];
    let mut text = source.header("--", &notes);
    let _ = write!(
        text,
        "\nDELETE FROM mysql_query_rules WHERE rule_id >= {} AND rule_id < {};\n\
         LOAD MYSQL QUERY RULES TO RUNTIME;\n",
        RULES.0, RULES.1
    );
    for name in accounts(source) {
        let _ = writeln!(
            text,
            "UPDATE mysql_users SET default_hostgroup = 0 WHERE username = {};",
            quoted(name)
        );
    }
    let _ = write!(
        text,
        "LOAD MYSQL USERS TO RUNTIME;\n\
         DELETE FROM mysql_servers WHERE comment LIKE '{OURS}%';\n\
         DELETE FROM mysql_replication_hostgroups WHERE comment = '{OURS}';\n\
         LOAD MYSQL SERVERS TO RUNTIME;\n"
    );
    text
}

/// Returns a string of SQLite's, in whose tables ProxySQL keeps its configuration: backslashes stand for themselves.
fn quoted(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    format!("'{}'", text.replace('\'', "''"))
}
