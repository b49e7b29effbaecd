//! The query log and the spans of statements: who ran what, where, and why there.

use diesel::sql_query;
use diesel_routing::QueryLog;
use tracing::Level;

use super::world::{World, count, name, rename};
use super::*;
use crate::query_heard::{Fields, Heard};

async fn world(log: QueryLog) -> World {
    World::with(1, |builder| builder.query_log(log)).await
}

/// Asserts that these fields have these values.
#[track_caller]
fn assert_fields(fields: &Fields, expected: &[(&str, &str)]) {
    for (field, value) in expected {
        assert_eq!(fields.get(field), *value, "{field} of {fields:?}");
    }
}

#[test]
fn a_line_names_the_node_and_the_reason_and_has_no_values() {
    run(async {
        let world = world(QueryLog::new()).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let query = users::table.filter(users::name.eq_any(["ann", "bob"]));
        assert_eq!(wait!(query.load::<User>(&mut conn)).unwrap().len(), 2);
        let line = heard.line();
        assert_eq!(line.level, Level::DEBUG);
        assert_fields(
            &line.fields,
            &[
                ("message", "a statement"),
                ("db.routing.node", "replica-0"),
                ("db.routing.role", "replica"),
                ("db.routing.reason", "eventual"),
                ("db.routing.level", "eventual"),
                ("db.routing.outcome", "ok"),
                ("db.routing.rows", "2"),
                ("db.query.summary", "SELECT users"),
                ("db.routing.values", ""),
                ("error.type", ""),
            ],
        );
        let text = line.fields.get("db.query.text");
        assert!(text.contains("FROM") && text.contains("WHERE"), "{text}");
        assert!(!format!("{line:?}").contains("ann"), "{line:?}");
        assert!(line.fields.seconds() > 0.0);
        // Twice, because the second time its text is known.
        for _ in 0..2 {
            assert_eq!(name(&mut conn).await, "ann");
            let line = heard.line();
            assert_fields(&line.fields, &[("db.routing.rows", "1")]);
            assert!(line.fields.get("db.query.text").contains("LIMIT"));
        }
        let nobody = users::table.find(77).first::<User>(&mut conn);
        assert!(wait!(nobody).is_err());
        let none = heard.line();
        assert_eq!(none.level, Level::DEBUG);
        assert_fields(
            &none.fields,
            &[("db.routing.rows", "0"), ("db.routing.outcome", "ok")],
        );
    });
}

#[test]
fn a_line_of_a_write_names_the_primary() {
    run(async {
        let world = world(QueryLog::new()).await;
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        // Twice, because the second time its text is known.
        for new in ["secret", "secret2"] {
            rename(&mut conn, new).await;
            let line = heard.line();
            assert_fields(
                &line.fields,
                &[
                    ("db.routing.node", "primary"),
                    ("db.routing.role", "primary"),
                    ("db.routing.reason", "write"),
                    ("db.routing.level", "write"),
                    ("db.routing.rows", "1"),
                    ("db.query.summary", "UPDATE users"),
                ],
            );
            assert!(!format!("{line:?}").contains("secret"), "{line:?}");
        }
        // A read on its connection.
        assert_eq!(count(&mut conn).await, 2);
        assert_fields(
            &heard.line().fields,
            &[("db.routing.rows", "1"), ("db.routing.reason", "write")],
        );
        let ids = users::table.select(users::id).load::<i32>(&mut conn);
        assert_eq!(wait!(ids).unwrap().len(), 2);
        assert_fields(&heard.line().fields, &[("db.routing.rows", "2")]);
        drop(conn);
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
        let expected = [
            ("db.routing.node", "primary"),
            ("db.routing.reason", "recent_write"),
            ("db.routing.level", "session"),
        ];
        assert_fields(&heard.line().fields, &expected);
    });
}

#[test]
fn literals_in_raw_sql_are_left_out() {
    run(async {
        let world = world(QueryLog::new()).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let sql = "SELECT id, name, age FROM users WHERE name = 'ann' -- secret";
        let query = ReadSql::check(sql).unwrap();
        assert_eq!(wait!(query.load::<User>(&mut conn)).unwrap().len(), 1);
        let line = heard.line();
        let text = "SELECT id, name, age FROM users WHERE name = ?";
        assert_fields(&line.fields, &[("db.query.text", text)]);
        let mut conn = wait!(world.router.write()).unwrap();
        let update = sql_query("UPDATE users SET age = 42 WHERE name = 'ann'");
        assert_eq!(wait!(update.execute(&mut conn)).unwrap(), 1);
        let text = "UPDATE users SET age = ? WHERE name = ?";
        assert_fields(&heard.line().fields, &[("db.query.text", text)]);
        let batch = "UPDATE users SET age = 43 WHERE id = 1; DELETE FROM posts";
        wait!(conn.batch_execute(batch)).unwrap();
        let expected = [
            (
                "db.query.text",
                "UPDATE users SET age = ? WHERE id = ?; DELETE FROM posts",
            ),
            ("db.query.summary", "UPDATE users DELETE posts"),
            ("db.routing.rows", ""),
        ];
        assert_fields(&heard.line().fields, &expected);
    });
}

#[test]
fn changes_that_are_saved_are_logged_by_their_name() {
    run(async {
        let world = world(QueryLog::new()).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let changes = Rename {
            id: 1,
            name: "anna",
        };
        let user: User = wait!(changes.save_changes(&mut conn)).unwrap();
        assert_eq!(user.name, "anna");
        let expected = [("db.query.summary", "save_changes"), ("db.query.text", "")];
        assert_fields(&heard.line().fields, &expected);
    });
}

#[test]
fn values_are_there_for_who_asks() {
    run(async {
        let world = world(QueryLog::new().with_values()).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let query = users::table.filter(users::name.eq("ann"));
        wait!(query.load::<User>(&mut conn)).unwrap();
        let line = heard.line();
        assert_fields(&line.fields, &[("db.routing.values", "[\"ann\"]")]);
    });
}

#[test]
fn what_fails_is_logged_whatever_the_share() {
    run(async {
        let world = world(QueryLog::new().sample(0.0)).await;
        let mut conn = wait!(world.router.write()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        rename(&mut conn, "anna").await;
        assert_eq!(heard.lines().len(), 0);
        let again =
            diesel::insert_into(users::table).values((users::id.eq(9), users::name.eq("bob")));
        assert!(wait!(again.execute(&mut conn)).is_err());
        let line = heard.line();
        assert_eq!(line.level, Level::INFO);
        assert_fields(
            &line.fields,
            &[
                ("message", "a statement failed"),
                ("db.routing.outcome", "failed"),
                ("db.query.summary", "INSERT users"),
                ("db.routing.rows", ""),
            ],
        );
        let class = line.fields.get("error.type");
        assert!(["23505", "unique_violation"].contains(&class), "{line:?}");
        assert!(!line.fields.get("db.routing.error").is_empty());
        assert!(!format!("{line:?}").contains("bob"), "{line:?}");
    });
}

diesel::define_sql_function! {
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

#[test]
fn a_statement_that_is_refused_is_logged_as_such() {
    run(async {
        let check = StatementCheck::default().forbid("lower");
        let log = QueryLog::new().sample(0.0).slower_than(Duration::ZERO);
        let world = World::with(1, |builder| builder.statement_check(check).query_log(log)).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let query = users::table.select(lower(users::name));
        assert!(wait!(query.load::<String>(&mut conn)).is_err());
        let line = heard.line();
        assert_eq!(line.level, Level::INFO);
        assert_fields(
            &line.fields,
            &[("db.routing.outcome", "refused"), ("error.type", "refused")],
        );
        assert!(
            line.fields.get("db.routing.error").contains("lower"),
            "{line:?}"
        );
    });
}

#[test]
fn slow_statements_are_warnings_whatever_the_share() {
    run(async {
        let log = QueryLog::new()
            .sample(0.0)
            .slower_than(Duration::from_millis(20));
        let world = world(log).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::WARN);
        wait!(ReadSql::vouch(Cluster::SLOW).execute(&mut conn)).unwrap();
        let line = heard.line();
        assert_eq!(line.level, Level::WARN);
        assert_fields(
            &line.fields,
            &[
                ("message", "a slow statement"),
                ("db.routing.node", "replica-0"),
            ],
        );
        assert!(line.fields.seconds() >= 0.02, "{line:?}");
        drop(conn);
        // From the next checkout on.
        let log = QueryLog::new()
            .sample(0.0)
            .slower_than(Duration::from_secs(600));
        world.router.set_query_log(log).unwrap();
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
        assert_eq!(heard.lines().len(), 0);
    });
}

#[test]
fn about_as_many_are_logged_as_the_share_says() {
    run(async {
        let world = world(QueryLog::new().sample(0.25)).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        for _ in 0..400 {
            assert_eq!(name(&mut conn).await, "ann");
        }
        // Five standard deviations of 8.7.
        let lines = heard.lines().len();
        assert!((56..=144).contains(&lines), "{lines}");
    });
}

#[test]
fn the_log_is_turned_on_and_off_while_the_router_runs() {
    run(async {
        let world = World::start(1).await;
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        let read = async || {
            let mut conn = wait!(world.router.read_eventual()).unwrap();
            assert_eq!(name(&mut conn).await, "ann");
            (heard.lines().len(), heard.spans().len())
        };
        assert_eq!(read().await, (0, 0));
        world.router.set_query_log(QueryLog::new()).unwrap();
        assert_eq!(read().await, (1, 0));
        world.router.set_statement_spans(true);
        assert_eq!(read().await, (1, 1));
        world.router.set_query_log(None).unwrap();
        assert_eq!(read().await, (0, 2));
        world.router.set_statement_spans(false);
        assert_eq!(read().await, (0, 2));
        let wrong = world.router.set_query_log(QueryLog::new().sample(7.0));
        assert!(matches!(wrong, Err(ConfigError::SampleShare { .. })));
        assert_eq!(world.router.status().configuration.version, 5);
    });
}

#[test]
fn transactions_are_logged_for_who_asks() {
    run(async {
        for (log, expected) in [
            (QueryLog::new(), &["UPDATE users", "UPDATE users"][..]),
            (
                QueryLog::new().with_transactions(),
                &[
                    "BEGIN",
                    "UPDATE users",
                    "SAVEPOINT",
                    "UPDATE users",
                    "ROLLBACK TO SAVEPOINT",
                    "COMMIT",
                ][..],
            ),
        ] {
            let world = world(log).await;
            let mut conn = wait!(world.router.write()).unwrap();
            let (heard, _guard) = Heard::listen(Level::DEBUG);
            let done = wait!(conn.transaction(body!(|tx| -> QueryResult<()> {
                let user = users::table.find(1);
                wait!(diesel::update(user).set(users::age.eq(1)).execute(tx))?;
                let undone: QueryResult<()> = wait!(tx.transaction(body!(|tx| {
                    wait!(diesel::update(user).set(users::age.eq(2)).execute(tx))?;
                    Err(diesel::result::Error::RollbackTransaction)
                })));
                assert!(undone.is_err());
                Ok(())
            })));
            done.unwrap();
            let lines = heard.lines();
            let summaries: Vec<_> = lines
                .iter()
                .map(|line| line.fields.get("db.query.summary"))
                .collect();
            assert_eq!(summaries, expected);
        }
    });
}

#[test]
fn a_statement_has_a_span_of_its_own() {
    run(async {
        let world = World::with(1, |builder| {
            builder.query_log(QueryLog::new()).statement_spans(true)
        });
        let world = world.await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let (heard, _guard) = Heard::listen(Level::DEBUG);
        assert_eq!(name(&mut conn).await, "ann");
        assert_eq!(heard.line().span, Some(0), "the line is in it");
        drop(conn);
        let mut conn = wait!(world.router.write()).unwrap();
        let again =
            diesel::insert_into(users::table).values((users::id.eq(9), users::name.eq("bob")));
        assert!(wait!(again.execute(&mut conn)).is_err());
        let spans = heard.spans();
        assert_eq!(spans.len(), 2, "{spans:?}");
        assert!(
            spans.iter().all(|span| span.depth == 0 && span.entered > 0),
            "{spans:?}"
        );
        let system = spans[0].fields.get("db.system.name");
        assert!(
            ["postgresql", "mariadb", "sqlite"].contains(&system),
            "{system}"
        );
        assert_fields(
            &spans[0].fields,
            &[
                ("otel.name", "SELECT users"),
                ("otel.kind", "client"),
                ("otel.status_code", ""),
                ("db.query.summary", "SELECT users"),
                ("db.operation.name", "SELECT"),
                ("db.collection.name", "users"),
                ("db.routing.node", "replica-0"),
                ("db.routing.reason", "eventual"),
                ("db.routing.outcome", "ok"),
                ("db.routing.rows", "1"),
            ],
        );
        if system != "sqlite" {
            for field in ["db.namespace", "server.address", "server.port"] {
                assert!(!spans[0].fields.get(field).is_empty(), "{field}: {spans:?}");
            }
        }
        assert_fields(
            &spans[1].fields,
            &[
                ("otel.name", "INSERT users"),
                ("otel.status_code", "ERROR"),
                ("db.routing.outcome", "failed"),
            ],
        );
        let expected = if system == "postgresql" { "23505" } else { "" };
        assert_fields(&spans[1].fields, &[("db.response.status_code", expected)]);
        assert!(!format!("{spans:?}").contains("bob"), "{spans:?}");
    });
}
