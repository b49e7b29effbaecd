use diesel_routing_sql::Dialect;
use diesel_routing_testkit::PgCluster;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::run::{Server, compare};

const SCHEMA: &str = "CREATE TABLE t (id int PRIMARY KEY, a int, b text);
    CREATE TABLE u (id int PRIMARY KEY, a int, b text); CREATE SEQUENCE s;
    INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y'); INSERT INTO u VALUES (1, 1, 'x');
    CREATE EXTENSION tablefunc; CREATE EXTENSION dblink; CREATE TABLE written (n int);
    DO $do$ DECLARE name text; BEGIN
        FOREACH name IN ARRAY ARRAY['own', 'Lower', 'over', 'by', 'filter', 'join', 'of', 'columns', 'first', 'sets',
            'zone', 'varying', 'cube', 'rollup', 'operator', 'materialized', 'any', 'coalesce', 'values', 'row'] LOOP
            EXECUTE format('CREATE FUNCTION public.%I(int) RETURNS int LANGUAGE sql
                AS $f$ INSERT INTO public.written VALUES ($1) RETURNING n $f$', name);
        END LOOP;
    END $do$;
    CREATE SCHEMA other; GRANT USAGE ON SCHEMA other TO PUBLIC; CREATE FUNCTION other.lower(int) RETURNS int LANGUAGE sql
        AS $f$ INSERT INTO public.written VALUES ($1) RETURNING n $f$";

/// The query for the effects of the transaction until here, as text; empty for a read.
///
/// A plan locks the tables it is about, as it has to; no other lock than that of a read counts there.
const DID: &str = "SELECT concat_ws(', ',
    'has the transaction id ' || pg_current_xact_id_if_assigned()::text,
    (SELECT 'holds ' || string_agg(locktype || ' ' || mode, ', ') FROM pg_locks WHERE pid = pg_backend_pid()
        AND mode <> 'AccessShareLock' AND locktype <> 'virtualxid'
        AND NOT (locktype = 'relation' AND mode IN ('RowShareLock', 'RowExclusiveLock') AND $plan)),
    (SELECT 'has set ' || string_agg(name, ', ') FROM pg_settings
        WHERE source = 'session' AND name NOT IN ('statement_timeout')),
    (SELECT 'has moved the sequence' FROM s WHERE is_called),
    (SELECT 'has the cursor ' || string_agg(name, ', ') FROM pg_cursors WHERE name <> ''),
    (SELECT 'has prepared ' || string_agg(name, ', ') FROM pg_prepared_statements),
    (SELECT 'listens to ' || string_agg(c, ', ') FROM pg_listening_channels() AS c),
    (SELECT 'has exported ' || string_agg(f, ', ') FROM pg_ls_dir('pg_snapshots') AS f))";

/// The query for the effects that stay, whatever happened to the transaction.
const STATE: &str = "SELECT concat_ws(';', (SELECT string_agg(t::text, ',' ORDER BY id) FROM t),
    (SELECT string_agg(u::text, ',' ORDER BY id) FROM u), (SELECT count(*) FROM pg_class),
    (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_roles),
    (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
    (SELECT is_called::text FROM s), (SELECT count(*) FROM pg_db_role_setting))";

struct Postgres {
    runtime: Runtime,
    client: Client,
    state: String,
}

impl Postgres {
    fn connect(cluster: &PgCluster) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let url = cluster.primary().url_for("postgres", "app");
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client
                .batch_execute(
                    "SET statement_timeout = '2s'; SET search_path = public; RESET search_path",
                )
                .await
                .unwrap();
            client
        });
        let mut postgres = Self {
            runtime,
            client,
            state: String::new(),
        };
        postgres.state = postgres.value(STATE).unwrap();
        postgres
    }

    fn value(&self, sql: &str) -> Result<String, String> {
        let messages = self.runtime.block_on(self.client.simple_query(sql));
        let messages = messages.map_err(|error| format!("cannot say what it did: {error:?}"))?;
        let first = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        });
        Ok(first.unwrap_or_default())
    }

    fn stays(&self) -> Result<(), String> {
        let state = self.value(STATE)?;
        if state == self.state {
            Ok(())
        } else {
            Err(format!("goes from {} to {state}", self.state))
        }
    }
}

impl Server for Postgres {
    fn run(&mut self, sql: &str) -> Result<bool, String> {
        // Its answer is a stream of its own kind; that the check passes is tested elsewhere.
        if starts_with(sql, "copy") {
            return Ok(false);
        }
        let run = |sql: &str| self.runtime.block_on(self.client.simple_query(sql)).is_ok();
        if !run("BEGIN") {
            return Err("has lost the connection".into());
        }
        let ran = run(sql);
        if ran {
            let plan = if starts_with(sql, "explain") {
                "true"
            } else {
                "false"
            };
            let did = self.value(&DID.replace("$plan", plan))?;
            if !did.is_empty() {
                return Err(did);
            }
        }
        if !run("ROLLBACK") {
            return Err("has lost the connection".into());
        }
        // Some statements do something else outside a transaction, or commit.
        if ran {
            run(sql);
            self.stays()?;
        }
        Ok(ran)
    }
}

fn starts_with(sql: &str, word: &str) -> bool {
    let mut rest = sql;
    // Past blanks, comments and parentheses.
    loop {
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        let skipped = if let Some(comment) = trimmed.strip_prefix("--") {
            comment.find(['\n', '\r']).map(|end| &comment[end..])
        } else if let Some(comment) = trimmed.strip_prefix("/*") {
            comment.find("*/").map(|end| &comment[end + 2..])
        } else {
            return trimmed
                .get(..word.len())
                .is_some_and(|first| first.eq_ignore_ascii_case(word));
        };
        let Some(skipped) = skipped else { return false };
        rest = skipped;
    }
}

#[test]
fn what_the_check_passes_changes_nothing_in_postgres() {
    let cluster = PgCluster::builder().start().unwrap();
    cluster.primary().admin_execute(SCHEMA).unwrap();
    compare(Dialect::Postgres, 2_500, &mut Postgres::connect(&cluster));
}

#[test]
fn the_comparison_sees_what_a_write_or_a_lock_does() {
    let cluster = PgCluster::builder().start().unwrap();
    cluster.primary().admin_execute(SCHEMA).unwrap();
    for (sql, did) in [
        ("UPDATE t SET a = a", "transaction id"),
        ("SELECT own(1)", "transaction id"),
        ("SELECT a FROM t FOR UPDATE", "holds"),
        ("SELECT pg_advisory_lock(1)", "advisory"),
        ("SELECT set_config('work_mem', '1MB', false)", "work_mem"),
        ("SELECT nextval('s')", "sequence"),
        ("SELECT pg_export_snapshot()", "exported"),
        ("DECLARE c CURSOR FOR SELECT 1", "cursor"),
    ] {
        let found = Postgres::connect(&cluster).run(sql).unwrap_err();
        assert!(found.contains(did), "{sql}: {found}");
        cluster
            .primary()
            .admin_execute("ALTER SEQUENCE s RESTART")
            .unwrap();
    }
}
