//! Settings of a PostgreSQL session: changing them, and undoing all that was done to the session.

use std::borrow::Cow;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, Text};

use crate::connect::{SettingChange, SettingChanges, SettingValue};

/// Changes settings. It is prepared once for each number of settings: names and values are parameters.
#[derive(Debug)]
pub(crate) struct ChangeSettings<'a>(Vec<(&'a str, Option<Cow<'a, str>>)>);

impl<'a> ChangeSettings<'a> {
    pub(crate) fn new(changes: &SettingChanges<'a>) -> Self {
        let changes = changes.iter().map(|(name, change)| match change {
            SettingChange::Set(value) | SettingChange::Replace(value) => (name, Some(text(value))),
            // To `set_config`, it is RESET.
            SettingChange::Restore => (name, None),
        });
        let mut changes: Vec<_> = changes.collect();
        // A role may not be allowed to change what the account may: it is given up first, and taken last.
        changes.sort_by_key(|(name, value)| match (*name, value) {
            ("role", None) => 0,
            ("role", Some(_)) => 2,
            _ => 1,
        });
        Self(changes)
    }
}

fn text(value: &SettingValue) -> Cow<'_, str> {
    match value {
        SettingValue::Text(text) => text.into(),
        SettingValue::Integer(number) => number.to_string().into(),
        SettingValue::Float(number) => number.to_string().into(),
        SettingValue::Bool(true) => "on".into(),
        SettingValue::Bool(false) => "off".into(),
    }
}

impl QueryFragment<Pg> for ChangeSettings<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "SELECT " } else { ", " });
            // By its schema: a `search_path` may put another function of this name in front.
            out.push_sql("pg_catalog.set_config(");
            out.push_bind_param::<Text, _>(*name)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(value)?;
            out.push_sql(", false)");
        }
        Ok(())
    }
}

impl QueryId for ChangeSettings<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Conn> diesel::RunQueryDsl<Conn> for ChangeSettings<'_> {}

/// Returns the SQL that resets a session: the parts of `DISCARD ALL` but those that drop what drivers have prepared, and what Diesel
/// sets on each connection. It runs in one transaction, on standbys too.
pub(crate) fn reset(read_only: bool) -> &'static str {
    macro_rules! reset {
        ($($more:literal)?) => {
            concat!(
                "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; \
                 DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_catalog.pg_advisory_unlock_all(); \
                 SET TIME ZONE 'UTC'; SET CLIENT_ENCODING TO 'UTF8'"
                $(, $more)?
            )
        };
    }
    if read_only {
        reset!("; SET default_transaction_read_only = on")
    } else {
        reset!()
    }
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel_routing_sql::Dialect;

    use super::*;
    use crate::connect::SessionSettings;
    use crate::statement::Dialect as _;

    fn settings(all: &[(&str, SettingValue)]) -> SessionSettings {
        let mut settings = SessionSettings::default();
        for (name, value) in all {
            let added = settings.add(name, value.clone(), Dialect::Postgres);
            added.unwrap();
        }
        settings
    }

    #[test]
    fn names_and_values_are_parameters() {
        let before = settings(&[("role", "tenant".into()), ("a.b", 1_i64.into())]);
        let after = settings(&[
            ("app.tenant", "'; DROP TABLE users; --".into()),
            ("statement_timeout", 250_i64.into()),
            ("row_security", true.into()),
        ]);
        let change = ChangeSettings::new(&SettingChanges::new(Some(&before), Some(&after)));
        let printed = debug_query::<Pg, _>(&change).to_string();
        let (sql, binds) = printed.split_once(" -- binds: ").unwrap();
        let call = |first: u32| format!("pg_catalog.set_config(${first}, ${}, false)", first + 1);
        let calls: Vec<_> = (0..5).map(|index| call(2 * index + 1)).collect();
        assert_eq!(sql, format!("SELECT {}", calls.join(", ")));
        assert_eq!(
            binds,
            r#"["role", None, "a.b", None, "app.tenant", Some("'; DROP TABLE users; --"), "row_security", Some("on"), "statement_timeout", Some("250")]"#
        );
    }

    #[test]
    fn a_role_is_taken_last() {
        let after = settings(&[("role", "tenant".into()), ("work_mem", "4MB".into())]);
        let change = ChangeSettings::new(&SettingChanges::new(None, Some(&after)));
        let names: Vec<_> = change.0.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["work_mem", "role"]);
    }

    #[test]
    fn a_session_that_reads_stays_read_only() {
        assert!(reset(true).ends_with(Pg.read_only()));
        assert!(!reset(false).contains("read_only"));
    }
}
