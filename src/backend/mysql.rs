//! Queries to MySQL, MariaDB and Galera, for both flavours of connections.

pub(crate) mod checksum;
mod diagnosis;
#[cfg(feature = "sync-mysql")]
mod encryption;
mod load;
mod questions;
mod settings;

use std::borrow::Cow;

use diesel::sql_types::{BigInt, Nullable, Text};

use crate::cluster::{Observation, ServerFacts};
use crate::position::{
    GaleraPosition, MariaDbPosition, MySqlPosition, Position, ServerKind, parse_uuid,
    parse_write_set,
};
use crate::server::{NodeRole, ServerVersion};

pub(crate) use diagnosis::{MySqlSource, diagnosed, diagnosis};
#[cfg(feature = "sync-mysql")]
pub(crate) use encryption::{CIPHER, Cipher};
pub(crate) use load::{ADMITTED, CONNECTED, share_in_use};
pub(crate) use questions::{AskGalera, AskMariaDb, AskMySql, AskRole};
pub(crate) use settings::ChangeSettings;

pub(crate) fn role(read_only: i64) -> NodeRole {
    if read_only == 0 {
        NodeRole::TakesWrites
    } else {
        NodeRole::ReplaysWrites
    }
}

/// Asks for the facts that are needed once. Needs no privilege. Variables that a server does not have are left out,
/// so every kind answers.
pub(crate) const FACTS: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
     ('version', 'wsrep_on', 'read_only', 'innodb_read_only', 'server_id', 'server_uid', 'server_uuid', 'hostname', 'port', 'datadir', 'max_connections')";

/// One row of the answer to [`FACTS`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Variable {
    #[diesel(sql_type = Text, column_name = "Variable_name")]
    name: String,
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// The oldest supported versions: those with the GTID functions used here, and still supported by
/// their makers.
const OLDEST_MARIADB: ServerVersion = ServerVersion::new(10, 6);
const OLDEST_MYSQL: ServerVersion = ServerVersion::new(8, 0);

pub(crate) fn facts(variables: &[Variable]) -> ServerFacts {
    let value = |name: &str| {
        let found = variables.iter().find(|variable| variable.name == name);
        found.map_or("", |variable| variable.value.as_str())
    };
    let is_mariadb = value("version").contains("MariaDB");
    let kind = if value("wsrep_on") == "ON" {
        ServerKind::Galera
    } else if is_mariadb {
        ServerKind::MariaDb
    } else {
        ServerKind::MySql
    };
    ServerFacts {
        kind: Some(kind),
        role: Some(role(i64::from(
            ["read_only", "innodb_read_only"]
                .iter()
                .any(|name| !matches!(value(name), "" | "OFF" | "0")),
        ))),
        // Servers on one machine differ in port and directory, cloned containers in the name of their host, and
        // whatever replicates in its id.
        identity: Some(
            [
                "server_uid",
                "server_uuid",
                "server_id",
                "hostname",
                "port",
                "datadir",
            ]
            .map(value)
            .join("/"),
        ),
        waits: kind != ServerKind::Galera,
        version: version(value("version")),
        max_connections: value("max_connections").parse().ok(),
        oldest: Some(if is_mariadb {
            OLDEST_MARIADB
        } else {
            OLDEST_MYSQL
        }),
        // The nodes of a Galera cluster may share an id: their write sets are told apart in another way.
        server_id: value("server_id")
            .parse()
            .ok()
            .filter(|_| kind != ServerKind::Galera),
        ..ServerFacts::default()
    }
}

/// Parses 10.11 in `10.11.11-MariaDB-log`, and in `5.5.5-10.11.11-MariaDB`, as proxies write it for old clients.
fn version(text: &str) -> Option<ServerVersion> {
    let text = text.strip_prefix("5.5.5-").unwrap_or(text);
    let mut numbers = text.split(['.', '-']).map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some(ServerVersion::new(next()?, next()?))
}

/// The answer to [`AskMariaDb`] and [`AskMySql`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Answer {
    #[diesel(sql_type = BigInt)]
    read_only: i64,
    /// Set if the server has positions at all.
    #[diesel(sql_type = BigInt)]
    is_ready: i64,
    #[diesel(sql_type = BigInt)]
    is_strict: i64,
    #[diesel(sql_type = Nullable<Text>)]
    server: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    replayed: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    written: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    history: Option<String>,
    /// Set if the session that was asked is read-only.
    #[diesel(sql_type = BigInt)]
    session_read_only: i64,
}

const NO_BINARY_LOG: &str = "its binary log is off, so its writes get no GTIDs: start it with `log_bin`, or do without \
                             positions (`window_only()`)";
const NO_GTID_MODE: &str = "its `gtid_mode` is not ON, so its writes get no GTIDs: turn it on (with \
                            `enforce_gtid_consistency`), or do without positions (`window_only()`)";
const NOT_STRICT: &str = "its `gtid_strict_mode` is off, so the numbers of GTIDs say nothing about their order: `SET GLOBAL \
                          gtid_strict_mode = 1` there and in its configuration, or do without positions \
                          (`window_only()`)";
const UNREADABLE: &str =
    "its GTIDs cannot be read: they are not in the notation of its kind of server";

impl Answer {
    pub(crate) fn of_mariadb(&self) -> Observation {
        self.mariadb().in_session(self.session_read_only != 0)
    }

    pub(crate) fn of_mysql(&self) -> Observation {
        self.mysql().in_session(self.session_read_only != 0)
    }

    fn mariadb(&self) -> Observation {
        let role = role(self.read_only);
        let text = |text: &Option<String>| text.as_deref().unwrap_or("").parse::<MariaDbPosition>();
        let (Ok(server), Ok(replayed), Ok(written), Ok(history)) = (
            self.server.as_deref().unwrap_or("").parse::<u32>(),
            text(&self.replayed),
            text(&self.written),
            text(&self.history),
        ) else {
            return unreadable(role, Position::MariaDb(MariaDbPosition::new([])));
        };
        let last = match role {
            NodeRole::TakesWrites => replayed.latest_of(&written),
            NodeRole::ReplaysWrites => replayed.or_own(server, &written),
        };
        let position = MariaDbPosition::of_node(server, &last, &history);
        let observation = Observation::new(role, Position::MariaDb(position));
        if self.is_ready == 0 && role == NodeRole::TakesWrites {
            observation.with_problem(NO_BINARY_LOG)
        } else if self.is_strict == 0 {
            observation.with_problem(NOT_STRICT)
        } else {
            observation
        }
    }

    fn mysql(&self) -> Observation {
        let role = role(self.read_only);
        let text = self.replayed.as_deref().unwrap_or("");
        let server = self.server.as_deref().and_then(parse_uuid);
        let observation = match (text.parse::<MySqlPosition>(), server) {
            (Ok(executed), Some(server)) => {
                Observation::new(role, Position::MySql(executed.of_node(server)))
            }
            _ => return unreadable(role, Position::MySql(MySqlPosition::default())),
        };
        if self.is_ready == 0 {
            observation.with_problem(NO_GTID_MODE)
        } else {
            observation
        }
    }
}

fn unreadable(role: NodeRole, position: Position) -> Observation {
    Observation::new(role, position).with_problem(UNREADABLE)
}

/// Interprets the answer to [`AskGalera`].
pub(crate) fn of_galera(status: &[Variable]) -> Observation {
    let value = |name: &str| {
        let found = status
            .iter()
            .find(|variable| variable.name.eq_ignore_ascii_case(name));
        found.map_or("", |variable| variable.value.as_str())
    };
    let history = parse_uuid(value("wsrep_cluster_state_uuid")).unwrap_or_default();
    let sequence = parse_write_set(value("wsrep_last_committed")).unwrap_or_default();
    let position = Position::Galera(GaleraPosition::new(history, sequence));
    let observation = Observation::new(NodeRole::TakesWrites, position);
    let state = value("wsrep_local_state_comment");
    let problem: Cow<'static, str> = if value("wsrep_cluster_status") != "Primary" {
        "it is cut off from the majority of its Galera cluster (`wsrep_cluster_status` is not Primary): restore \
         the network, or bootstrap the cluster anew"
            .into()
    } else if state != "Synced" {
        format!(
            "its Galera state is {state}, not Synced: wait until it has caught up, or set `wsrep_desync` off"
        )
        .into()
    } else if value("wsrep_ready") != "ON" {
        "it does not accept queries (`wsrep_ready` is not ON): look into its log".into()
    } else {
        return observation;
    };
    observation.with_problem(problem)
}

/// Returns the SQL that waits until the server has reached a position, and answers 0 once it has. `None`
/// if the kind of server has no such function.
pub(crate) fn wait(required: &Position, seconds: f64) -> Option<String> {
    match required {
        // The function accepts one GTID for each domain, and compares numbers alone.
        Position::MariaDb(required) => Some(format!(
            "SELECT MASTER_GTID_WAIT('{}', {seconds:.3}) AS outcome",
            required.latest()
        )),
        Position::MySql(required) => Some(format!(
            "SELECT WAIT_FOR_EXECUTED_GTID_SET('{required}', {seconds:.3}) AS outcome"
        )),
        _ => None,
    }
}

/// Makes a Galera node wait, before each read, for what the cluster has acknowledged; or stops that.
pub(crate) fn causal_reads(on: bool) -> &'static str {
    if on {
        "SET SESSION wsrep_sync_wait = 1"
    } else {
        "SET SESSION wsrep_sync_wait = 0"
    }
}

/// The answer to [`wait`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Outcome {
    #[diesel(sql_type = Nullable<BigInt>)]
    outcome: Option<i64>,
}

impl Outcome {
    pub(crate) fn is_there(&self) -> bool {
        self.outcome == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<Variable> {
        let variable = |&(name, value): &(&str, &str)| Variable {
            name: name.into(),
            value: value.into(),
        };
        pairs.iter().map(variable).collect()
    }

    fn answer(
        read_only: i64,
        server: &str,
        replayed: &str,
        written: &str,
        history: &str,
    ) -> Answer {
        let text = |text: &str| Some(text.to_owned());
        Answer {
            read_only,
            is_ready: 1,
            is_strict: 1,
            server: text(server),
            replayed: text(replayed),
            written: text(written),
            history: text(history),
            session_read_only: 1,
        }
    }

    #[test]
    fn the_kind_and_the_version_are_read_from_what_servers_say() {
        for (text, wsrep, kind, number) in [
            (
                "10.11.11-MariaDB-0+deb12u1-log",
                "OFF",
                ServerKind::MariaDb,
                "10.11",
            ),
            ("5.5.5-10.6.4-MariaDB", "", ServerKind::MariaDb, "10.6"),
            ("11.8.2-MariaDB", "ON", ServerKind::Galera, "11.8"),
            ("8.0.41", "", ServerKind::MySql, "8.0"),
            ("9.7.0-commercial", "", ServerKind::MySql, "9.7"),
        ] {
            let facts = facts(&variables(&[("version", text), ("wsrep_on", wsrep)]));
            assert_eq!(facts.kind, Some(kind), "{text}");
            assert_eq!(facts.version.expect("a version").to_string(), number);
            assert!(facts.version >= facts.oldest, "{text}");
        }
        let old = facts(&variables(&[("version", "10.5.1-MariaDB")]));
        assert!(old.version < old.oldest);
    }

    #[test]
    fn a_replica_is_where_it_has_replayed_and_a_primary_where_it_has_written() {
        let replica = answer(1, "2", "0-1-90", "0-1-100", "0-1-100").of_mariadb();
        assert_eq!(replica.position.as_ref().unwrap().to_string(), "0-1-90");
        let promoted = answer(0, "2", "0-1-90", "0-2-91", "0-1-90,0-2-91").of_mariadb();
        assert_eq!(promoted.position.as_ref().unwrap().to_string(), "0-2-91");
        assert_eq!(promoted.problem, None);
    }

    #[test]
    fn what_proves_nothing_is_said_with_a_remedy() {
        let problem = |answer: &Answer| answer.of_mariadb().problem.unwrap_or_default();
        let loose = Answer {
            is_strict: 0,
            ..answer(1, "2", "0-1-90", "", "")
        };
        assert!(problem(&loose).contains("SET GLOBAL gtid_strict_mode = 1"));
        let silent = Answer {
            is_ready: 0,
            ..answer(0, "2", "", "", "")
        };
        assert!(problem(&silent).contains("log_bin"));
        assert!(problem(&answer(1, "2", "not a gtid", "", "")).contains("cannot be read"));
        let anonymous = Answer {
            is_ready: 0,
            ..answer(1, "3e11fa47-71ca-11e1-9e33-c80aa9429562", "", "", "")
        };
        assert!(
            anonymous
                .of_mysql()
                .problem
                .unwrap_or_default()
                .contains("gtid_mode")
        );
    }

    #[test]
    fn a_galera_node_that_is_not_synced_is_of_no_use() {
        let status = |state, cluster, ready| {
            of_galera(&variables(&[
                ("wsrep_local_state_comment", state),
                ("wsrep_cluster_status", cluster),
                ("wsrep_ready", ready),
                ("wsrep_last_committed", "42"),
                (
                    "wsrep_cluster_state_uuid",
                    "d38587ce-246c-11e5-bcce-6bbd0831cc0f",
                ),
            ]))
        };
        let synced = status("Synced", "Primary", "ON");
        assert_eq!(synced.problem, None);
        assert!(
            synced
                .position
                .as_ref()
                .unwrap()
                .to_string()
                .ends_with(":42")
        );
        for (state, cluster, ready, words) in [
            ("Donor/Desynced", "Primary", "ON", "Donor/Desynced"),
            ("Synced", "non-Primary", "ON", "majority"),
            ("Synced", "Primary", "OFF", "wsrep_ready"),
        ] {
            let problem = status(state, cluster, ready).problem.unwrap_or_default();
            assert!(problem.contains(words), "{problem}");
        }
    }

    #[test]
    fn mariadb_waits_for_one_gtid_of_each_domain() {
        let required = "0-1-100,0-2-107,3-1-5".parse().expect("a position");
        let sql = wait(&Position::MariaDb(required), 0.25).expect("a function");
        assert_eq!(
            sql,
            "SELECT MASTER_GTID_WAIT('0-2-107,3-1-5', 0.250) AS outcome"
        );
    }
}
