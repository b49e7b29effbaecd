//! How HAProxy finds out which role a node has.

use super::Side;
use crate::export::address::Server;
use crate::export::options::Options;

/// Returns what is to be known of the checks.
pub(super) fn notes(server: Server, options: &Options) -> Vec<String> {
    if let Some(port) = options.check_port {
        return vec![format!(
            "Each node's host is asked over HTTP at port {port}, as Patroni's REST API answers: 200 to /primary or to /replica."
        )];
    }
    let user = plain(&options.check_user);
    let account = match server {
        Server::Postgres => vec![
            format!(
                "Each node is asked `SELECT pg_is_in_recovery()` as the account `{user}`, which may do nothing else, and needs no password from this host:"
            ),
            format!("  CREATE ROLE {user} LOGIN;"),
            format!(
                "  host postgres {user} HAPROXY-HOST/32 trust     # in pg_hba.conf of every node, before other lines"
            ),
        ],
        Server::MySql => vec![
            format!(
                "Each node is asked for `read_only` as the account `{user}`, which may do nothing else, and has no password:"
            ),
            format!(
                "  CREATE USER '{user}'@'HAPROXY-HOST' IDENTIFIED VIA mysql_native_password USING '';       -- MariaDB"
            ),
            format!(
                "  CREATE USER '{user}'@'HAPROXY-HOST' IDENTIFIED WITH mysql_native_password BY '';         -- MySQL, up to 8.4"
            ),
        ],
    };
    let mut notes = account;
    notes.push(
        "Where that cannot be, an agent on each host may answer over HTTP: `--check-port`."
            .to_owned(),
    );
    notes
}

/// Returns what whoever uses the file has to know.
pub(super) fn warnings(database: &str, options: &Options) -> Vec<String> {
    if options.check_port.is_some() {
        return Vec::new();
    }
    let user = plain(&options.check_user);
    vec![format!(
        "the checks log in to {database} as `{user}` without a password: create the account, as the file says"
    )]
}

/// Returns the lines of a backend that has the nodes of one role.
pub(super) fn lines(server: Server, side: Side, options: &Options) -> Vec<String> {
    if options.check_port.is_some() {
        let path = match side {
            Side::Primary => "/primary",
            Side::Replicas => "/replica",
        };
        return vec![
            format!("option httpchk OPTIONS {path}"),
            "http-check expect status 200".to_owned(),
        ];
    }
    let user = plain(&options.check_user);
    match server {
        Server::Postgres => postgres(&user, side),
        Server::MySql => mysql(&user, side),
    }
}

fn postgres(user: &str, side: Side) -> Vec<String> {
    // A row of one column, of one letter.
    let (letter, answer) = match side {
        Side::Primary => (b'f', "f: not in recovery"),
        Side::Replicas => (b't', "t: in recovery"),
    };
    let mut startup = 196_608_u32.to_be_bytes().to_vec();
    for word in [
        "user",
        user,
        "database",
        "postgres",
        "application_name",
        "haproxy-check",
        "",
    ] {
        startup.extend(word.as_bytes());
        startup.push(0);
    }
    let question = b"SELECT pg_is_in_recovery()\0";
    vec![
        "option tcp-check".to_owned(),
        "tcp-check connect".to_owned(),
        format!(
            "tcp-check send-binary {} comment startup",
            hex(&[&length(&startup), &startup])
        ),
        "tcp-check expect binary 5a0000000549 comment ready".to_owned(),
        format!(
            "tcp-check send-binary {} comment pg_is_in_recovery",
            hex(&[b"Q", &length(question), question])
        ),
        // The server ends the connection behind its answer, so that another one is known at once.
        "tcp-check send-binary 5800000004 comment end".to_owned(),
        format!(
            "tcp-check expect binary {} comment \"{answer}\"",
            hex(&[b"D", &11_u32.to_be_bytes(), &[0, 1, 0, 0, 0, 1, letter]])
        ),
    ]
}

/// Returns the length of a message of PostgreSQL's, which counts itself.
fn length(body: &[u8]) -> [u8; 4] {
    u32::try_from(body.len() + 4)
        .unwrap_or(u32::MAX)
        .to_be_bytes()
}

fn mysql(user: &str, side: Side) -> Vec<String> {
    let (digit, answer) = match side {
        Side::Primary => (b'1', "1: takes writes"),
        Side::Replicas => (b'0', "0: read-only"),
    };
    // Long passwords, protocol 4.1, secure connection, names of plug-ins.
    let capabilities = 0x0000_0001_u32 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000;
    let mut login = capabilities.to_le_bytes().to_vec();
    login.extend(0x0100_0000_u32.to_le_bytes());
    // utf8mb4_general_ci, and what is reserved.
    login.push(45);
    login.extend([0; 23]);
    login.extend(user.as_bytes());
    // The end of the name, and an empty answer to the server's challenge.
    login.extend([0, 0]);
    login.extend(b"mysql_native_password\0");
    // A number in some releases, and a word in others.
    let question = b"\x03SELECT CAST(@@global.read_only AS CHAR) IN ('0', 'OFF')";
    vec![
        "option tcp-check".to_owned(),
        "tcp-check connect".to_owned(),
        "tcp-check expect binary 000a comment greeting".to_owned(),
        format!("tcp-check send-binary {} comment login", packet(1, &login)),
        "tcp-check expect binary 00000200 comment accepted".to_owned(),
        format!(
            "tcp-check send-binary {} comment read_only",
            packet(0, question)
        ),
        "tcp-check send-binary 0100000001 comment end".to_owned(),
        // The fourth packet: behind the number of columns, the column and the end of columns.
        format!(
            "tcp-check expect binary {} comment \"{answer}\"",
            packet(4, &[1, digit])
        ),
    ]
}

fn packet(number: u8, body: &[u8]) -> String {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    hex(&[&length[..3], &[number], body])
}

fn hex(pieces: &[&[u8]]) -> String {
    let bytes = pieces.iter().flat_map(|piece| piece.iter());
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Returns an account's name with letters alone that need no quotes.
fn plain(user: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    user.chars()
        .map(|char| if is_plain(char) { char } else { '_' })
        .collect()
}
