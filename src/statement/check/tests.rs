use diesel::prelude::*;

use super::*;

diesel::table! {
    users (id) {
        id -> Integer,
        name -> Text,
    }
}

#[cfg(feature = "sync-sqlite")]
#[test]
fn statements_of_one_type_without_an_id_are_told_apart_by_their_sql() {
    use diesel::dsl::sql;
    use diesel::sql_types::Bool;
    use diesel::sqlite::Sqlite;

    let checker = StatementCheck::default().forbid("audit").build(Sql::Sqlite);
    let run = |filter| {
        let query = users::table.filter(sql::<Bool>(filter)).into_boxed();
        checker.admit::<Sqlite, _>(&query, Inspection::NONE, false, &mut Seen::default())
    };
    // Twice, because the second time the verdict is cached.
    for _ in 0..2 {
        assert!(run("id > 0").is_ok());
        assert!(run("audit(id)").is_err());
    }
}

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
#[test]
fn a_call_of_an_unknown_function_is_a_read_for_the_check_and_a_write_for_the_session() {
    use diesel::pg::Pg;

    let check = StatementCheck::default()
        .pure("app_name")
        .allow("pg_notify");
    let checker = check.build(Sql::Postgres);
    for (sql, reach) in [
        ("SELECT lower('A'), count(*), now()", None),
        ("SELECT app_name(1), pg_notify('a', 'b')", None),
        ("SELECT touch(1)", Some(Reach::Atomic)),
        ("SELECT app_name(touch(1))", Some(Reach::Atomic)),
        ("SELECT touch(1) FROM t FOR UPDATE", Some(Reach::Atomic)),
        ("SELECT 1 FROM t FOR UPDATE", None),
        ("CALL touch(1)", Some(Reach::Unbounded)),
    ] {
        let query = diesel::sql_query(sql);
        // Twice, because the second time the verdict is cached.
        for _ in 0..2 {
            let mut seen = Seen::default();
            assert_eq!(
                checker.look::<Pg, _>(&query, &mut seen).reach,
                reach,
                "{sql}"
            );
            let admitted = checker.admit::<Pg, _>(&query, Inspection::NONE, true, &mut seen);
            match admitted {
                Ok(verdict) => assert_eq!(verdict.and_then(Verdict::reach), reach, "{sql}"),
                Err(_) => assert!(sql.starts_with("CALL"), "{sql}"),
            }
        }
    }
}

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
#[test]
fn what_a_user_vouches_for_counts_as_a_read() {
    use diesel::pg::Pg;
    use diesel::sql_types::Integer;

    use crate::statement::ReadSql;

    let checker = StatementCheck::default().build(Sql::Postgres);
    let writes = |sql: ReadSql<Pg>| {
        let bound = sql.clone().bind::<Integer, _>(1);
        let mut seen = Seen::default();
        let bound = checker.look::<Pg, _>(&bound, &mut seen).reach;
        assert_eq!(checker.look::<Pg, _>(&sql, &mut seen).reach, bound);
        bound
    };
    let sql = "SELECT touch($1)";
    assert_eq!(writes(ReadSql::vouch(sql)), None);
    assert_eq!(writes(ReadSql::check(sql).unwrap()), Some(Reach::Atomic));
    assert_eq!(writes(ReadSql::check("SELECT abs($1)").unwrap()), None);
}
