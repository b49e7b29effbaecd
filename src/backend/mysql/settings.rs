//! Settings of a MySQL or MariaDB session.

use diesel::QueryResult;
use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Double, Text};

use crate::connect::{RESERVED, SettingChange, SettingChanges, SettingValue};

/// Changes user variables and session variables. It is prepared once for each set of names: values are parameters.
///
/// What a session variable was before it is kept in a user variable, in the same statement: servers evaluate all expressions of a
/// `SET` before they assign any. The global value, which `DEFAULT` stands for, may be another than the account's or Diesel's.
#[derive(Debug)]
pub(crate) struct ChangeSettings<'a>(Vec<(&'a str, SettingChange<'a>)>);

impl<'a> ChangeSettings<'a> {
    pub(crate) fn new(changes: &SettingChanges<'a>) -> Self {
        Self(changes.iter().collect())
    }
}

impl QueryFragment<Mysql> for ChangeSettings<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        for (index, (name, change)) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "SET " } else { ", " });
            // Names were checked: they have nothing that would need an escape.
            if let Some(variable) = name.strip_prefix('@') {
                push_user_variable(&mut out, "", variable);
                out.push_sql(" = ");
                match change {
                    SettingChange::Set(value) | SettingChange::Replace(value) => {
                        push_value(&mut out, value)?;
                    }
                    // As one that was never set.
                    SettingChange::Restore => out.push_sql("NULL"),
                }
                continue;
            }
            if let SettingChange::Set(_) = change {
                push_user_variable(&mut out, RESERVED, name);
                out.push_sql(" = @@SESSION.");
                out.push_sql(name);
                out.push_sql(", ");
            }
            out.push_sql("SESSION ");
            out.push_sql(name);
            out.push_sql(" = ");
            match change {
                SettingChange::Set(value) | SettingChange::Replace(value) => {
                    push_value(&mut out, value)?;
                }
                SettingChange::Restore => push_user_variable(&mut out, RESERVED, name),
            }
        }
        Ok(())
    }
}

fn push_user_variable(out: &mut AstPass<'_, '_, Mysql>, prefix: &str, name: &str) {
    out.push_sql("@`");
    out.push_sql(prefix);
    out.push_sql(name);
    out.push_sql("`");
}

fn push_value<'b>(out: &mut AstPass<'_, 'b, Mysql>, value: &'b SettingValue) -> QueryResult<()> {
    match value {
        SettingValue::Text(text) => out.push_bind_param::<Text, _>(text),
        SettingValue::Integer(number) => out.push_bind_param::<BigInt, _>(number),
        SettingValue::Float(number) => out.push_bind_param::<Double, _>(number),
        SettingValue::Bool(on) => {
            // A parameter would be another type of the same statement.
            out.push_sql(if *on { "1" } else { "0" });
            Ok(())
        }
    }
}

impl QueryId for ChangeSettings<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Conn> diesel::RunQueryDsl<Conn> for ChangeSettings<'_> {}

#[cfg(test)]
mod tests {
    use diesel::debug_query;
    use diesel_routing_sql::Dialect;

    use super::*;
    use crate::connect::SessionSettings;

    #[test]
    fn values_are_parameters_and_former_values_are_kept() {
        let settings = |all: &[(&str, SettingValue)]| {
            let mut settings = SessionSettings::default();
            for (name, value) in all {
                settings.add(name, value.clone(), Dialect::Mysql).unwrap();
            }
            settings
        };
        let printed = |before: &SessionSettings, after: &SessionSettings| {
            let changes = SettingChanges::new(Some(before), Some(after));
            debug_query::<Mysql, _>(&ChangeSettings::new(&changes)).to_string()
        };
        let none = settings(&[]);
        let one = settings(&[
            ("@tenant", "'; DROP TABLE users; --".into()),
            ("max_statement_time", 2_i64.into()),
            ("foreign_key_checks", false.into()),
        ]);
        let other = settings(&[("max_statement_time", 1.5.into())]);
        assert_eq!(
            printed(&none, &one),
            "SET @`tenant` = ?, \
             @`diesel_routing.foreign_key_checks` = @@SESSION.foreign_key_checks, SESSION foreign_key_checks = 0, \
             @`diesel_routing.max_statement_time` = @@SESSION.max_statement_time, SESSION max_statement_time = ? \
             -- binds: [\"'; DROP TABLE users; --\", 2]"
        );
        assert_eq!(
            printed(&one, &other),
            "SET @`tenant` = NULL, SESSION foreign_key_checks = @`diesel_routing.foreign_key_checks`, \
             SESSION max_statement_time = ? -- binds: [1.5]"
        );
    }
}
