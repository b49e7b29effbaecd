//! The statement check: what types do not see, in the words of the user.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::backend::Backend;
use diesel::dsl::sql;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Text};

use super::world::{World, is_marked};
use super::*;

diesel::define_sql_function! {
    /// Listed by no built-in list.
    fn lower(text: Text) -> Text;
}

fn forbids_lower(policy: CheckPolicy) -> StatementCheck {
    StatementCheck::new(policy).forbid("LOWER")
}

#[test]
fn a_function_that_is_forbidden_is_refused_with_statement_reason_and_way_out() {
    run(async {
        let world = World::with(1, |builder| {
            builder.statement_check(forbids_lower(CheckPolicy::Deny))
        })
        .await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        for _ in 0..2 {
            let query = users::table.select(lower(users::name));
            let error = wait!(query.load::<String>(&mut conn)).unwrap_err();
            let refused = refusal(&error);
            let Refused::Statement { sql, finding } = refused else {
                panic!("{refused:?}")
            };
            assert!(sql.contains("SELECT lower("), "{sql}");
            assert!(finding.to_string().contains("`lower`"), "{finding}");
            let words = refused.to_string();
            assert!(words.contains("SELECT lower("), "{words}");
            assert!(words.contains("`session.write()`"), "{words}");
            assert!(words.contains("`StatementCheck`"), "{words}");
        }
        let mut conn = wait!(world.router.write()).unwrap();
        let query = users::table.find(1).select(lower(users::name));
        assert_eq!(wait!(query.first::<String>(&mut conn)).unwrap(), "ann");
    });
}

#[test]
fn what_is_forbidden_counts_as_a_write_on_a_write_handle() {
    run(async {
        let world = World::with(1, |builder| {
            builder.statement_check(forbids_lower(CheckPolicy::Deny))
        })
        .await;
        let session = world.router.session();
        let query = users::table.find(1).select(lower(users::name));
        wait!(query.first::<String>(&mut wait!(session.write()).unwrap())).unwrap();
        assert!(is_marked(&session).await);
    });
}

#[test]
fn other_policies_let_it_through_and_one_of_them_warns_once() {
    run(async {
        for (policy, expected) in [(CheckPolicy::Off, 0), (CheckPolicy::Warn, 1)] {
            let world = World::with(1, |builder| builder.statement_check(forbids_lower(policy)));
            let world = world.await;
            let mut conn = wait!(world.router.read_eventual()).unwrap();
            let warnings = Warnings::default();
            let _heard = tracing::subscriber::set_default(warnings.clone());
            for _ in 0..2 {
                let query = users::table.find(1).select(lower(users::name));
                assert_eq!(wait!(query.first::<String>(&mut conn)).unwrap(), "ann");
            }
            assert_eq!(warnings.0.swap(0, Ordering::SeqCst), expected, "{policy:?}");
        }
    });
}

/// Counts this crate's warnings on one thread.
#[derive(Debug, Clone, Default)]
struct Warnings(Arc<AtomicUsize>);

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN && metadata.target().starts_with("diesel_routing")
    }

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn a_function_taken_off_the_list_is_let_through() {
    run(async {
        let check = forbids_lower(CheckPolicy::Deny).allow("lower");
        let world = World::with(1, |builder| builder.statement_check(check)).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let query = users::table.find(1).select(lower(users::name));
        assert_eq!(wait!(query.first::<String>(&mut conn)).unwrap(), "ann");
    });
}

#[test]
fn raw_sql_that_was_checked_before_is_checked_again_if_more_is_forbidden() {
    run(async {
        let world = World::with(1, |builder| {
            builder.statement_check(forbids_lower(CheckPolicy::Deny))
        })
        .await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let text = "SELECT id, lower(name) AS name, age FROM users";
        let query = ReadSql::check(text).unwrap();
        let error = wait!(query.load::<User>(&mut conn)).unwrap_err();
        assert!(matches!(refusal(&error), Refused::Statement { .. }));
        let query = ReadSql::vouch(text);
        assert_eq!(wait!(query.load::<User>(&mut conn)).unwrap().len(), 2);
    });
}

#[test]
fn an_sql_fragment_that_breaks_out_of_its_statement_is_refused() {
    run(async {
        let world = World::start(1).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let query = users::table
            .select(users::id)
            .filter(sql::<diesel::sql_types::Bool>("1 = 1; DELETE FROM users"));
        let error = wait!(query.load::<i32>(&mut conn)).unwrap_err();
        assert!(matches!(refusal(&error), Refused::Statement { .. }));
        let harmless = users::table
            .select(users::id)
            .filter(sql::<diesel::sql_types::Bool>("1 = 1"));
        assert_eq!(wait!(harmless.load::<i32>(&mut conn)).unwrap().len(), 2);
    });
}

/// A query that counts how often it is rendered.
#[derive(Debug, Clone, diesel_routing::Statement)]
#[statement(read)]
struct Counted(Arc<AtomicUsize>);

impl QueryId for Counted {
    type QueryId = Self;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Counted {
    type SqlType = Integer;
}

impl<DB: Backend> QueryFragment<DB> for Counted {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        pass.push_sql("SELECT 1");
        Ok(())
    }
}

impl<Conn> diesel::RunQueryDsl<Conn> for Counted {}

#[test]
fn a_query_type_is_inspected_once() {
    run(async {
        let world = World::with(1, |builder| {
            builder.statement_check(forbids_lower(CheckPolicy::Deny))
        })
        .await;
        let off = World::with(1, |builder| {
            // Nobody wants to know what a statement leaves behind, either.
            builder
                .reset(diesel_routing::Reset::Never)
                .statement_check(StatementCheck::new(CheckPolicy::Off))
        })
        .await;
        let renders = Arc::new(AtomicUsize::new(0));
        let query = Counted(Arc::clone(&renders));
        let mut counts = Vec::new();
        let mut checked = wait!(world.router.read_eventual()).unwrap();
        let mut unchecked = wait!(off.router.read_eventual()).unwrap();
        for conn in [&mut unchecked, &mut checked] {
            for _ in 0..3 {
                renders.store(0, Ordering::SeqCst);
                assert_eq!(wait!(query.clone().get_result::<i32>(conn)), Ok(1));
                counts.push(renders.swap(0, Ordering::SeqCst));
            }
        }
        let [
            _,
            second,
            third,
            first_checked,
            second_checked,
            third_checked,
        ] = counts[..]
        else {
            panic!("{counts:?}")
        };
        assert_eq!(second, third, "what Diesel needs for itself: {counts:?}");
        assert!(first_checked > second, "it was looked at: {counts:?}");
        // As Diesel, it asks a fragment of another author whether its text may be kept.
        let asked = second + 1;
        assert_eq!([second_checked, third_checked], [asked; 2], "{counts:?}");
    });
}

/// The same, without an id that Diesel could find what it has prepared by.
#[derive(Debug, Clone, diesel_routing::Statement)]
#[statement(read)]
struct Unnamed(Counted);

impl QueryId for Unnamed {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Unnamed {
    type SqlType = Integer;
}

impl<DB: Backend> QueryFragment<DB> for Unnamed {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        QueryFragment::<DB>::walk_ast(&self.0, pass)
    }
}

impl<Conn> diesel::RunQueryDsl<Conn> for Unnamed {}

/// It was rendered twice: for the check, and for Diesel.
#[test]
fn a_query_without_an_id_is_rendered_once_on_a_write_handle() {
    run(async {
        let world = World::start(1).await;
        let mut counts = Vec::new();
        // Outside a session, nobody remembers writes, and nothing is looked at.
        for session in [None, Some(world.router.session())] {
            let renders = Arc::new(AtomicUsize::new(0));
            let query = Unnamed(Counted(Arc::clone(&renders)));
            let mut conn = match &session {
                Some(session) => wait!(session.write()).unwrap(),
                None => wait!(world.router.write()).unwrap(),
            };
            for _ in 0..3 {
                renders.store(0, Ordering::SeqCst);
                assert_eq!(wait!(query.clone().get_result::<i32>(&mut conn)), Ok(1));
            }
            counts.push(renders.swap(0, Ordering::SeqCst));
        }
        assert_eq!(counts[0], counts[1]);
    });
}

/// A fragment with an id, whose SQL depends on a value; Diesel uses what it has prepared again, if it may.
#[derive(Debug, Clone, Copy, diesel_routing::Statement)]
#[statement(read)]
struct Chosen {
    sql: &'static str,
    may_be_kept: bool,
}

impl QueryId for Chosen {
    type QueryId = Self;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Chosen {
    type SqlType = Integer;
}

impl<DB: Backend> QueryFragment<DB> for Chosen {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.may_be_kept {
            pass.unsafe_to_cache_prepared();
        }
        pass.push_sql(self.sql);
        Ok(())
    }
}

impl<Conn> diesel::RunQueryDsl<Conn> for Chosen {}

const HARMLESS: &str = "SELECT 1";
const FORBIDDEN: &str = "SELECT length(lower('A'))";

/// The verdict on the first text admitted all others.
#[test]
fn each_text_of_a_type_that_diesel_prepares_anew_is_looked_at() {
    run(async {
        let world = World::with(1, |builder| {
            builder.statement_check(forbids_lower(CheckPolicy::Deny))
        })
        .await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        // Diesel keeps the second, and not the others.
        for (sql, may_be_kept) in [
            (HARMLESS, false),
            (HARMLESS, true),
            (FORBIDDEN, false),
            (HARMLESS, true),
            (FORBIDDEN, false),
        ] {
            let query = Chosen { sql, may_be_kept };
            let answer = wait!(query.get_result::<i32>(&mut conn));
            if sql == HARMLESS {
                assert_eq!(answer, Ok(1));
            } else {
                assert!(matches!(
                    refusal(&answer.unwrap_err()),
                    Refused::Statement { .. }
                ));
            }
        }
        // So it counts as a write on a handle that may run it.
        let session = world.router.session();
        let mut conn = wait!(session.write()).unwrap();
        for (sql, may_be_kept) in [(HARMLESS, true), (FORBIDDEN, false)] {
            let query = Chosen { sql, may_be_kept };
            wait!(query.get_result::<i32>(&mut conn)).unwrap();
        }
        drop(conn);
        assert!(is_marked(&session).await);
    });
}

/// Diesel would have prepared the second text on the second connection, where nothing was looked at.
#[test]
fn an_id_that_stands_for_two_texts_is_known_on_the_connection_where_diesel_knows_it() {
    run(async {
        let world = World::with(1, |builder| {
            builder.statement_check(forbids_lower(CheckPolicy::Deny))
        })
        .await;
        let query = |sql| Chosen {
            sql,
            may_be_kept: true,
        };
        let mut one = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(wait!(query(HARMLESS).get_result::<i32>(&mut one)), Ok(1));
        let mut other = wait!(world.router.read_eventual()).unwrap();
        let refused = wait!(query(FORBIDDEN).get_result::<i32>(&mut other)).unwrap_err();
        assert!(matches!(refusal(&refused), Refused::Statement { .. }));
    });
}

#[derive(Debug, QueryableByName)]
struct Total {
    #[diesel(sql_type = BigInt)]
    total: i64,
}

#[test]
fn raw_sql_reads_with_binds_and_by_name() {
    run(async {
        let world = World::start(1).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        let query =
            ReadSql::check("SELECT id, name, age FROM users WHERE age IS NOT NULL").unwrap();
        let with_age: Vec<User> = wait!(query.load(&mut conn)).unwrap();
        assert_eq!(with_age.len(), 1);
        let total = read_sql!("SELECT count(*) AS total FROM users");
        assert_eq!(
            wait!(total.get_result::<Total>(&mut conn)).unwrap().total,
            2
        );
        let bound = ReadSql::check(format!(
            "SELECT * FROM users WHERE id = {}",
            Cluster::PLACEHOLDER
        ));
        let bound = bound.unwrap().bind::<Integer, _>(2);
        assert_eq!(
            wait!(bound.get_result::<User>(&mut conn)).unwrap().name,
            "bob"
        );
    });
}

#[test]
fn boxed_raw_sql_takes_as_many_values_as_there_are() {
    run(async {
        let world = World::start(1).await;
        let mut conn = wait!(world.router.read_eventual()).unwrap();
        for ids in [&[2][..], &[1, 2], &[9, 8, 7]] {
            let places: Vec<String> = (1..=ids.len())
                .map(|number| Cluster::PLACEHOLDER.replace('1', &number.to_string()))
                .collect();
            let sql = format!(
                "SELECT count(*) AS total FROM users WHERE id IN ({})",
                places.join(", ")
            );
            let mut query = ReadSql::check(sql).unwrap().into_boxed();
            for id in ids {
                query = query.bind::<Integer, _>(*id);
            }
            let there = ids.iter().filter(|id| **id < 3).count();
            let total = wait!(query.get_result::<Total>(&mut conn)).unwrap().total;
            assert_eq!(usize::try_from(total), Ok(there));
        }
    });
}

#[test]
fn raw_sql_that_writes_or_breaks_out_is_refused_with_the_reason() {
    for text in [
        "DELETE FROM users",
        "INSERT INTO users (name) VALUES ('eve')",
        "SELECT 1; DELETE FROM users",
        "WITH gone AS (DELETE FROM users RETURNING id) SELECT id FROM gone",
        "BEGIN",
        "",
    ] {
        let refused = ReadSql::check(text).unwrap_err();
        assert!(
            matches!(&refused, Refused::Statement { sql, .. } if sql == text),
            "{text}: {refused:?}"
        );
    }
}

#[test]
fn what_a_user_vouches_for_meets_a_read_only_connection_on_replica_and_primary() {
    run(async {
        let world = World::start(1).await;
        let mut replica = wait!(world.router.read_eventual()).unwrap();
        let mut primary = wait!(world.router.read_primary()).unwrap();
        let insert = ReadSql::vouch("INSERT INTO users (name) VALUES ('eve')");
        for conn in [&mut replica, &mut *primary as &mut ReadConn<Replica>] {
            let error = wait!(insert.clone().execute(conn)).unwrap_err();
            Cluster::assert_read_only(&error);
        }
        let rows: i64 = wait!(users::table.count().get_result(&mut primary)).unwrap();
        assert_eq!(rows, 2);
    });
}

/// It stayed as it was made, for whoever got the connection next.
#[test]
fn a_connection_that_was_made_to_write_by_what_a_user_vouched_for_is_lent_read_only_again() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let insert = ReadSql::vouch("INSERT INTO users (name) VALUES ('eve')");
        let mut conn = wait!(world.router.read_primary()).unwrap();
        wait!(ReadSql::vouch(Cluster::READ_WRITE).execute(&mut conn)).unwrap();
        wait!(insert.clone().execute(&mut conn)).expect("the user vouched for it");
        drop(conn);
        let mut conn = wait!(world.router.read_primary()).unwrap();
        Cluster::assert_read_only(&wait!(insert.execute(&mut conn)).unwrap_err());
    });
}
