use diesel_routing_sql::{Dialect, Finding, Functions, SideEffect, inspect};

#[test]
fn the_users_functions_are_found_whatever_their_case_and_schema() {
    let functions = Functions::builtin(Dialect::Postgres).with("Next_Invoice");
    assert!(functions.contains("next_INVOICE"));
    for sql in [
        "SELECT next_invoice()",
        "SELECT \"Next_Invoice\"()",
        "SELECT billing.NEXT_INVOICE(1)",
    ] {
        let found = inspect(sql, Dialect::Postgres, &functions);
        let expected = Finding::SideEffect {
            function: "next_invoice".into(),
            effect: SideEffect::Declared,
        };
        assert_eq!(found, Err(expected), "{sql}");
    }
}

#[test]
fn a_function_taken_off_the_list_counts_as_a_read() {
    let functions = Functions::builtin(Dialect::Mysql).without("GET_LOCK");
    assert!(!functions.contains("get_lock"));
    assert_eq!(
        inspect("SELECT GET_LOCK('a', 1)", Dialect::Mysql, &functions),
        Ok(())
    );
    assert!(inspect("SELECT RELEASE_LOCK('a')", Dialect::Mysql, &functions).is_err());
}

#[test]
fn a_function_declared_by_the_user_is_found_without_arguments_too() {
    let functions = Functions::builtin(Dialect::Mysql).with("last_insert_id");
    assert!(inspect("SELECT LAST_INSERT_ID()", Dialect::Mysql, &functions).is_err());
}

#[test]
fn built_in_names_are_lower_case_and_each_is_found() {
    for dialect in [Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
        let functions = Functions::builtin(dialect);
        assert!(functions.iter().count() > 3);
        for (name, effect) in functions.iter() {
            assert_eq!(name, name.to_lowercase());
            let found = inspect(&format!("SELECT {name}(1)"), dialect, &functions);
            assert_eq!(
                found,
                Err(Finding::SideEffect {
                    function: name.to_owned(),
                    effect
                })
            );
        }
    }
}

#[test]
fn only_locks_leave_the_data_as_it_is() {
    let functions = Functions::builtin(Dialect::Postgres);
    for (sql, writes) in [
        ("SELECT a FROM t FOR UPDATE", false),
        ("LOCK TABLE t", false),
        ("SELECT pg_advisory_lock(1)", false),
        ("SELECT nextval('s')", true),
        ("INSERT INTO t VALUES (1)", true),
        ("SET a = 1", true),
        ("SELECT 1; SELECT 2", true),
        ("SELECT (", true),
    ] {
        let found = inspect(sql, Dialect::Postgres, &functions).unwrap_err();
        assert_eq!(found.is_write(), writes, "{sql}");
    }
}

#[test]
fn a_finding_says_the_rule_and_the_reason() {
    let functions = Functions::builtin(Dialect::Postgres);
    let text = |sql| {
        inspect(sql, Dialect::Postgres, &functions)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        text("SELECT a FROM t FOR UPDATE"),
        "`FOR UPDATE` locks rows, and only locks on the primary protect anything: a replica refuses it, \
         or locks rows that nobody else sees and holds up replication"
    );
    assert_eq!(
        text("SELECT pg_notify('a', 'b')"),
        "`pg_notify` notifies other sessions: a replica refuses it, and the listeners are on the primary"
    );
    assert!(text("SELECT a FROM").contains("could not be parsed"));
}
