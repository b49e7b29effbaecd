//! Rules about how servers are reached, and by whom.

use crate::doctor::facts::{Kind, TlsMode, Transport};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static UNREACHABLE: Rule = Rule {
    code: "DR001",
    name: "node-unreachable",
    severity: Severity::Error,
    servers: Servers::All,
    title: "a node does not answer",
    page: "\
A router serves nothing from a node that does not answer, and finds it again by itself once it does. Nothing else is known of such a
node, so what may be wrong with it besides is not found either.

**Found** when a connection cannot be opened, or its first question is not answered in time (`--timeout`).

**Do**: start the server; see that the name leads to it, that firewalls let this machine through, and that the account and its password
are right. A PostgreSQL standby with `hot_standby = off` refuses all connections.",
    check: |topology, report| {
        for node in &topology.nodes {
            let Some(why) = &node.unreachable else {
                continue;
            };
            report
                .about(&node.name, "it does not answer", remedy(why))
                .saw("error", why)
                .saw("address", addresses(&node.configured.hosts));
        }
    },
};

pub(super) static PRIVILEGED_ACCOUNT: Rule = Rule {
    code: "DR014",
    name: "privileged-account",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "the account may do what no application should",
    page: "\
On MySQL and MariaDB, an account with `SUPER` or `READ ONLY ADMIN` writes on a replica in spite of `read_only`: one stray write there,
and replication stops or the data differ for good. On PostgreSQL, a superuser takes the connections that are reserved for operators,
and is bound by no privilege.

**Found** in `SHOW GRANTS` and in PostgreSQL's `is_superuser`.

**Do**: give the application an account of its own, with privileges on its own database alone.",
    check: |topology, report| {
        for node in topology.reached() {
            let Some(account) = node.account.as_ref().filter(|account| !account.powers.is_empty()) else {
                continue;
            };
            let remedy = match node.kind {
                Some(Kind::Postgres) => "connect as a role without `SUPERUSER`",
                _ => "connect as a user without `SUPER`, `READ ONLY ADMIN` and `ALL PRIVILEGES ON *.*`",
            };
            report
                .about(
                    &node.name,
                    format!("the account `{}` has {}", account.name, account.powers.join(", ")),
                    remedy,
                )
                .saw("account", &account.name);
        }
    },
};

pub(super) static NO_TLS: Rule = Rule {
    code: "DR015",
    name: "no-tls",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "connections are not encrypted",
    page: "\
Whoever is on the way sees the rows and, depending on how the server asks for it, the password. Over a unix socket that is nobody, and
nothing is reported. Over the loopback interface it is a note: there may be a tunnel behind it.

**Found** in `pg_stat_ssl`, and in the session status `Ssl_cipher`, of the connections that were opened as the URL says.

**Do**: turn TLS on (`ssl = on` with a certificate; MySQL and MariaDB: `ssl_cert`, `ssl_key`), and ask for it in the URL:
`sslmode=verify-full`, or `ssl_mode=verify_identity`.",
    check: |topology, report| {
        for node in topology.reached().filter(|node| node.is_encrypted == Some(false)) {
            let severity = match node.transport {
                Some(Transport::Network) => Severity::Warning,
                Some(Transport::Loopback) => Severity::Note,
                _ => continue,
            };
            report
                .about(&node.name, "its connections are not encrypted", ask_for_tls(node.kind))
                .saw("address", addresses(&node.configured.hosts))
                .of_severity(severity);
        }
    },
};

pub(super) static TLS_NOT_VERIFIED: Rule = Rule {
    code: "DR016",
    name: "tls-not-verified",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "connections are encrypted, to whoever answers",
    page: "\
Without a look at the certificate, TLS hides rows from those who listen, not from one who answers in the server's place. `prefer` and
`require` look at nothing.

**Found** where a connection is encrypted and its URL asks for less than `verify-ca` (`verify_ca` on MySQL and MariaDB).

**Do**: `sslmode=verify-full` with `sslrootcert`, or `ssl_mode=verify_identity` with `ssl_ca`.",
    check: |topology, report| {
        for node in topology.reached().filter(|node| node.is_encrypted == Some(true)) {
            if node.configured.tls.unwrap_or(TlsMode::Prefer) >= TlsMode::Verify {
                continue;
            }
            report
                .about(
                    &node.name,
                    "its certificate is not looked at: anybody may answer in its place",
                    ask_for_tls(node.kind),
                )
                .saw("address", addresses(&node.configured.hosts));
        }
    },
};

pub(super) static SEES_TOO_LITTLE: Rule = Rule {
    code: "DR017",
    name: "sees-too-little",
    severity: Severity::Note,
    servers: Servers::PostgresAndMySql,
    title: "the account may not see what replication does",
    page: "\
A router needs no privilege to route. Without one it cannot say why a replica lags or which node feeds which, and neither can the
doctor: what depends on a question that was refused is not found.

**Found** when a question is refused for lack of a privilege, or its answer is empty for that reason. The evidence lists the questions.

**Do**: `GRANT pg_monitor TO app` on PostgreSQL, `GRANT SLAVE MONITOR ON *.* TO app` on MariaDB, `GRANT REPLICATION CLIENT ON *.* TO
app` on MySQL.",
    check: |topology, report| {
        for node in topology.reached() {
            let lacks = node.unanswered.iter().filter(|question| question.remedy.is_some());
            let lacks: Vec<_> = lacks.collect();
            let Some(first) = lacks.first() else {
                continue;
            };
            let account = node.account.as_ref().map_or("the account", |account| &account.name);
            let finding = report.about(
                &node.name,
                format!("`{account}` may not see everything: what depends on that is not found"),
                first.remedy.unwrap_or_default(),
            );
            for question in lacks {
                finding.saw(question.question, &question.why);
            }
        }
    },
};

pub(super) static TRANSACTION_POOLER: Rule = Rule {
    code: "DR018",
    name: "transaction-pooler",
    severity: Severity::Error,
    servers: Servers::PostgresAndMySql,
    title: "a pooler in between shares server connections among clients",
    page: "\
Behind PgBouncer in transaction or statement mode, RDS Proxy, Pgpool-II or ProxySQL, two statements of one connection may run in two
database sessions. What a connection says of itself then proves nothing; a `SET` reaches other clients, advisory locks are shared. On
PostgreSQL, a router refuses such a node when it is built, if it notices.

**Found** when a connection changes its server process while another one keeps a transaction open, or two connections show the same
process. A pooler that gives each client its own process while it is idle is not noticed.

**Do**: go past the pooler, or use its session mode (`pool_mode = session`). The router's own pools take its place.",
    check: |topology, report| {
        for node in topology.reached().filter(|node| node.shares_processes == Some(true)) {
            report
                .about(
                    &node.name,
                    "a pooler in transaction or statement mode is in between: connections do not keep their server process",
                    "connect to the server itself, or set the pooler to session mode",
                )
                .saw("address", addresses(&node.configured.hosts));
        }
    },
};

fn ask_for_tls(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Postgres) => {
            "use `sslmode=verify-full` (and `sslrootcert`) in the URL, and `ssl = on` on the server"
        }
        _ => {
            "use `ssl_mode=verify_identity` (and `ssl_ca`) in the URL, and a certificate on the server"
        }
    }
}

/// Returns what to do about a server that does not answer.
fn remedy(why: &str) -> &'static str {
    let why = why.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if says(&["password", "access denied", "authentication", "pg_hba"]) {
        "see that the account exists, may connect from here, and has this password"
    } else if says(&["hot standby", "not accepting connections"]) {
        "set `hot_standby = on` and restart it: this standby takes no connections"
    } else if says(&["too many", "remaining connection slots"]) {
        "it has no connection left: see DR013"
    } else if says(&["certificate", "tls", "ssl"]) {
        "see its certificate, and what the URL says of TLS"
    } else if says(&["unable to open", "there is no such file", "not a database"]) {
        "see that the file is there, and may be read"
    } else {
        "see that it runs, and that its name and port lead to it"
    }
}

pub(super) fn addresses(hosts: &[(String, u16)]) -> String {
    let hosts = hosts.iter().map(|(host, port)| match port {
        0 => host.clone(),
        port => format!("{host}:{port}"),
    });
    hosts.collect::<Vec<_>>().join(", ")
}
