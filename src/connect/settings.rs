//! Settings of a database session that travel with a session.

use std::collections::BTreeMap;

use diesel_routing_sql::Dialect;

use crate::error::ConfigError;

/// The value of a setting that [travels with a session](crate::Session::with_settings).
///
/// PostgreSQL gets each as text, `on` and `off` for a `bool`; MySQL and MariaDB a text, an integer or a double, and 1 and 0.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SettingValue {
    /// A text.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// On or off.
    Bool(bool),
}

macro_rules! from {
    ($($type:ty => |$value:ident| $variant:expr;)+) => {$(
        impl From<$type> for SettingValue {
            fn from($value: $type) -> Self {
                $variant
            }
        }
    )+};
}

from! {
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    &str => |value| Self::Text(value.to_owned());
    i64 => |value| Self::Integer(value);
    i32 => |value| Self::Integer(value.into());
    u32 => |value| Self::Integer(value.into());
    f64 => |value| Self::Float(value);
    bool => |value| Self::Bool(value);
}

/// The settings of a session, by their names in lower case.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct SessionSettings(BTreeMap<String, SettingValue>);

impl SessionSettings {
    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a setting, or replaces the one of this name.
    pub(crate) fn add(
        &mut self,
        name: &str,
        value: SettingValue,
        dialect: Dialect,
    ) -> Result<(), ConfigError> {
        let checked = match dialect {
            Dialect::Postgres => check_postgres(name, &value),
            Dialect::Mysql => check_mysql(name),
            _ => Err("SQLite has no settings of that kind"),
        };
        checked.map_err(|why| ConfigError::Setting {
            name: name.to_owned(),
            why,
        })?;
        self.0.insert(name.to_ascii_lowercase(), value);
        Ok(())
    }
}

/// Settings that a session gives up, and those that take their place.
#[derive(Debug, Clone, Copy)]
pub struct SettingChanges<'a> {
    before: Option<&'a SessionSettings>,
    after: Option<&'a SessionSettings>,
}

/// The change of one setting.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum SettingChange<'a> {
    /// It gets a value, in place of the server's own.
    Set(&'a SettingValue),
    /// It gets another value, in place of one that the router has given it.
    Replace(&'a SettingValue),
    /// It gets its own value back.
    Restore,
}

impl<'a> SettingChanges<'a> {
    pub(crate) fn new(
        before: Option<&'a SessionSettings>,
        after: Option<&'a SessionSettings>,
    ) -> Self {
        Self { before, after }
    }

    /// Returns the changes by the settings' names, which are in lower case; each that has to be there afterwards is among them.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, SettingChange<'a>)> {
        let has = |settings: Option<&SessionSettings>, name| {
            settings.is_some_and(|settings| settings.0.contains_key(name))
        };
        let (before, after) = (self.before, self.after);
        let all = |settings: Option<&'a SessionSettings>| {
            settings.into_iter().flat_map(|settings| &settings.0)
        };
        let restored = all(before)
            .filter(move |(name, _)| !has(after, name.as_str()))
            .map(|(name, _)| (name.as_str(), SettingChange::Restore));
        let set = all(after).map(move |(name, value)| {
            let change = match has(before, name.as_str()) {
                true => SettingChange::Replace(value),
                false => SettingChange::Set(value),
            };
            (name.as_str(), change)
        });
        restored.chain(set)
    }
}

/// Returns the error of a connection that does not know how to change settings.
pub(crate) fn no_settings() -> diesel::result::Error {
    let why = "this connection's type does not know how to change settings: implement `RoutedConnection::change_settings`";
    diesel::result::Error::QueryBuilderError(why.into())
}

/// A prefix of user variables that the router keeps values in.
pub(crate) const RESERVED: &str = "diesel_routing.";

fn check_postgres(name: &str, value: &SettingValue) -> Result<(), &'static str> {
    /// Settings on which the router or the driver depends.
    const KEPT: [&str; 6] = [
        "client_encoding",
        "default_transaction_read_only",
        "session_authorization",
        "transaction_deferrable",
        "transaction_isolation",
        "transaction_read_only",
    ];
    let is_word = |word: &str| {
        !word.starts_with(|first: char| first.is_ascii_digit() || first == '$')
            && is_made_of(word, b"_$")
    };
    if name.len() > 63 || !name.split('.').all(is_word) {
        return Err(
            "the name of a setting has letters, digits and underscores, with a point between two words if it is one of your own \
             (`app.tenant`)",
        );
    }
    if KEPT.contains(&&*name.to_ascii_lowercase()) {
        return Err("the router or its driver depends on it");
    }
    match value {
        SettingValue::Text(text) if text.contains('\0') => {
            Err("its value has a NUL, which no text on PostgreSQL may have")
        }
        _ => Ok(()),
    }
}

fn check_mysql(name: &str) -> Result<(), &'static str> {
    /// Variables on which the router or the driver depends.
    const KEPT: [&str; 20] = [
        "autocommit",
        "character_set_client",
        "character_set_connection",
        "character_set_results",
        "collation_connection",
        "completion_type",
        "gtid_domain_id",
        "gtid_next",
        "gtid_seq_no",
        "last_gtid",
        "pseudo_slave_mode",
        "pseudo_thread_id",
        "server_id",
        "skip_replication",
        "sql_log_bin",
        "transaction_read_only",
        "tx_read_only",
        "wsrep_causal_reads",
        "wsrep_on",
        "wsrep_sync_wait",
    ];
    let lower = name.to_ascii_lowercase();
    if let Some(variable) = lower.strip_prefix('@') {
        if variable.len() > 64 || !is_made_of(variable, b"_.$") {
            return Err(
                "the name of a user variable has letters, digits, underscores, points and `$` behind its `@`",
            );
        }
        if variable.starts_with(RESERVED) {
            return Err("the router keeps values of its own in variables of this name");
        }
        return Ok(());
    }
    if lower.len() > 48 || !is_made_of(&lower, b"_") {
        return Err(
            "give a user variable (`@tenant`) or a session variable (`max_statement_time`): letters, digits and underscores",
        );
    }
    if KEPT.contains(&&*lower) {
        return Err("the router or its driver depends on it");
    }
    Ok(())
}

/// Returns whether a text has ASCII letters, digits and these characters, and at least one.
fn is_made_of(text: &str, others: &[u8]) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    !text.is_empty() && text.bytes().all(is_legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(dialect: Dialect, all: &[(&str, &str)]) -> SessionSettings {
        let mut settings = SessionSettings::default();
        for (name, value) in all {
            settings.add(name, (*value).into(), dialect).unwrap();
        }
        settings
    }

    fn assert_refused(dialect: Dialect, name: &str, value: &str) {
        let added = SessionSettings::default().add(name, value.into(), dialect);
        let error = added.expect_err(name);
        assert!(
            matches!(&error, ConfigError::Setting { name: refused, .. } if refused == name),
            "{error}"
        );
    }

    #[test]
    fn names_are_those_that_a_server_may_have_and_that_nothing_depends_on() {
        let postgres = [
            "app.tenant",
            "App.Tenant_7",
            "search_path",
            "role",
            "statement_timeout",
            "a.b.c",
        ];
        settings(Dialect::Postgres, &postgres.map(|name| (name, "x")));
        for name in [
            "",
            ".",
            "app.",
            ".tenant",
            "app tenant",
            "app.\"tenant\"",
            "a'; DROP TABLE users; --",
            "7.a",
            "é.a",
            "a\0",
            "@tenant",
            "Transaction_Read_Only",
            "default_transaction_read_only",
            "session_authorization",
        ] {
            assert_refused(Dialect::Postgres, name, "x");
        }
        assert_refused(Dialect::Postgres, "app.tenant", "a\0b");
        let mysql = ["@tenant", "@app.tenant", "sql_mode", "max_statement_time"];
        settings(Dialect::Mysql, &mysql.map(|name| (name, "a\0b")));
        for name in [
            "",
            "@",
            "@a b",
            "@`a`",
            "@@sql_mode",
            "sql_mode = '', tx_read_only",
            "SQL_LOG_BIN",
            "autocommit",
            "app.tenant",
            "@diesel_routing.sql_mode",
        ] {
            assert_refused(Dialect::Mysql, name, "x");
        }
        assert_refused(Dialect::Sqlite, "app.tenant", "x");
    }

    #[test]
    fn names_are_the_same_in_any_case() {
        let settings = settings(
            Dialect::Postgres,
            &[("App.Tenant", "a"), ("app.tenant", "b")],
        );
        let after = SettingChanges::new(None, Some(&settings));
        let changes: Vec<_> = after.iter().collect();
        let b = SettingValue::from("b");
        assert_eq!(changes, [("app.tenant", SettingChange::Set(&b))]);
    }

    #[test]
    fn changes_restore_what_is_given_up_and_set_all_that_is_wanted() {
        let before = settings(Dialect::Postgres, &[("a", "1"), ("b", "2")]);
        let after = settings(Dialect::Postgres, &[("b", "2"), ("c", "3")]);
        let changes = SettingChanges::new(Some(&before), Some(&after));
        let (two, three) = (SettingValue::from("2"), SettingValue::from("3"));
        assert_eq!(
            changes.iter().collect::<Vec<_>>(),
            [
                ("a", SettingChange::Restore),
                ("b", SettingChange::Replace(&two)),
                ("c", SettingChange::Set(&three)),
            ]
        );
        assert_eq!(SettingChanges::new(None, None).iter().count(), 0);
    }
}
