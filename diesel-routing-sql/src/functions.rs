//! `Functions`: the functions with side effects.

mod mysql;
mod names;
mod postgres;
mod shapes;
mod sqlite;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::{Dialect, SideEffect};
use shapes::Shapes;

/// The functions that do more than return a value: a built-in list per dialect, plus and minus your own; and those that are
/// known to change nothing.
///
/// Names are compared without their schema and without regard to case. A function that is not listed
/// counts as a read, except where [`inspect_calls`](crate::inspect_calls) asks. So list the functions of your own that write:
///
/// ```
/// use diesel_routing_sql::{Dialect, Functions, inspect};
///
/// let functions = Functions::builtin(Dialect::Postgres).with("next_invoice_number").without("currval");
/// assert!(inspect("SELECT next_invoice_number()", Dialect::Postgres, &functions).is_err());
/// assert!(inspect("SELECT currval('s')", Dialect::Postgres, &functions).is_ok());
/// ```
///
/// # The built-in lists
///
/// PostgreSQL 14 to 19, with the modules that come with 14 to 18:
///
/// | effect | functions |
/// |---|---|
/// | advisory locks | `pg_[try_]advisory_[xact_]lock[_shared]`, `pg_advisory_unlock[_shared]`, `pg_advisory_unlock_all` |
/// | sequences | `nextval`, `setval`, `currval`, `lastval` |
/// | large objects | `lo_creat`, `lo_create`, `lo_from_bytea`, `lo_import`, `lo_put`, `lo_truncate[64]`, `lo_unlink`, `lowrite` |
/// | transaction ids, log records | `txid_current`, `pg_current_xact_id`, `pg_logical_emit_message`, `pg_create_restore_point`, `pg_log_standby_snapshot`, `pg_switch_wal` |
/// | notifications | `pg_notify` |
/// | session state | `set_config`, `setseed`, `set_limit`, `isn_weak`, `pg_export_snapshot`, `sepgsql_setcon`, `sepgsql_restorecon`, `postgres_fdw_disconnect[_all]` |
/// | other sessions | `pg_cancel_backend`, `pg_terminate_backend`, `pg_log_backend_memory_contexts` |
/// | the server | `pg_reload_conf`, `pg_rotate_logfile[_old]`, `pg_promote`, `pg_backup_start`, `pg_backup_stop`, `pg_start_backup`, `pg_stop_backup`, `pg_stat_reset*`, `pg_stat_statements_reset`, `pg_import_system_collations`, `pg_extension_config_dump`, `pg_nextoid`, `pg_stop_making_pinned_objects`, `pg_buffercache_evict*`, `autoprewarm_*`, `binary_upgrade_*` |
/// | replication | `pg_{create,copy}_{physical,logical}_replication_slot`, `pg_drop_replication_slot`, `pg_replication_slot_advance`, `pg_sync_replication_slots`, `pg_logical_slot_get_[binary_]changes`, `pg_replication_origin_*` but the readers, `pg_wal_replay_pause`, `pg_wal_replay_resume` |
/// | storage | `brin_summarize_*`, `brin_desummarize_range`, `gin_clean_pending_list`, `pg_{clear,restore}_{relation,attribute,extended}_stats`, `pg_truncate_visibility_map`, `heap_force_freeze`, `heap_force_kill` |
/// | table locks | `bt_index_parent_check` |
/// | SQL not visible here | `dblink`, `dblink_*` but those that only tell something, `query_to_xml*`, `cursor_to_xml*`, `ts_stat`, `ts_rewrite`, `crosstab*`, `connectby`, `xpath_table` |
/// | files | `lo_export`, `pg_file_write`, `pg_file_rename`, `pg_file_unlink`, `pg_file_sync` |
///
/// MySQL and MariaDB:
///
/// | effect | functions |
/// |---|---|
/// | advisory locks | `get_lock`, `release_lock`, `release_all_locks`, `service_get_read_locks`, `service_get_write_locks`, `service_release_locks`, `version_tokens_lock_shared`, `version_tokens_lock_exclusive`, `version_tokens_unlock` |
/// | sequences | `nextval`, `setval`, `lastval`, `currval` |
/// | what this connection last wrote | `last_insert_id`, `row_count`, `found_rows` |
/// | SQL not visible here | `spider_[bg_]direct_sql`, `spider_copy_tables`, `mroonga_command`, `sys_eval` |
/// | code | `sys_exec`, `sys_set` |
/// | the server | `version_tokens_set`, `version_tokens_edit`, `version_tokens_delete`, `keyring_key_generate`, `keyring_key_store`, `keyring_key_remove`, `mysql_firewall_flush_status`, `set_firewall_[group_]mode`, `firewall_group_*list`, `gen_dictionary_*`, `masking_dictionary_*`, `spider_flush_table_mon_cache`, `load_rewrite_rules`, `audit_api_message_emit_udf`, `audit_log_*` but the readers |
/// | replication | `asynchronous_connection_failover_*`, `group_replication_*` but the readers |
///
/// SQLite:
///
/// | effect | functions |
/// |---|---|
/// | what this connection last wrote | `last_insert_rowid`, `changes`, `total_changes` |
/// | SQL not visible here | `bytecode`, `tables_used`, `eval`, `sha1_query`, `sha3_query` |
/// | storage | `optimize`, of full-text indexes |
/// | files | `writefile`, `edit` |
/// | code | `load_extension`, `fts3_tokenizer` |
///
/// Sources: the function chapters of the servers' manuals, and the servers' catalogs: every volatile
/// function of `pg_proc` of PostgreSQL 14 to 18 and its modules, all of MariaDB's
/// `information_schema.SQL_FUNCTIONS` and of SQLite's `pragma_function_list` is either listed here or
/// known to be harmless; the tests compare with the server they run on.
///
/// # Functions that are known to be pure
///
/// That is, to change nothing: all functions that the servers bring and that are not on the lists above. PostgreSQL's are those of
/// `pg_catalog` in 14 to 19, without its modules; MySQL's are from its manual. The lists are in `src/functions/pure`.
#[derive(Clone, Debug)]
pub struct Functions {
    dialect: Dialect,
    /// The application's own functions that change nothing.
    pure: BTreeSet<String>,
    listed: BTreeMap<Cow<'static, str>, SideEffect>,
    shapes: Shapes,
}

impl Functions {
    /// Returns the built-in list of a dialect.
    #[must_use]
    pub fn builtin(dialect: Dialect) -> Self {
        let groups = match dialect {
            Dialect::Postgres => postgres::GROUPS,
            Dialect::Mysql => mysql::GROUPS,
            Dialect::Sqlite => sqlite::GROUPS,
        };
        let mut functions = Self::empty(dialect);
        for (effect, names) in groups {
            for name in *names {
                functions.list(Cow::Borrowed(name), *effect);
            }
        }
        functions
    }

    /// Adds a function, by its name without a schema.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        self.list(Cow::Owned(name.to_lowercase()), SideEffect::Declared);
        self
    }

    /// Removes a function from the list: calls of it count as reads.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        let name = name.to_lowercase();
        if self.listed.remove(name.as_str()).is_some() {
            self.pure.insert(name);
        }
        self
    }

    /// Adds a function to those that change nothing, by its name without a schema. One that is listed stays so.
    #[must_use]
    pub fn with_pure(mut self, name: &str) -> Self {
        self.pure.insert(name.to_lowercase());
        self
    }

    /// Returns whether a function is on the list.
    ///
    /// # Example
    ///
    /// ```
    /// use diesel_routing_sql::{Dialect, Functions, SideEffect};
    ///
    /// let functions = Functions::builtin(Dialect::Postgres);
    /// assert!(functions.contains("nextval") && functions.is_pure("lower"));
    /// let sequences = functions.iter().filter(|(_, effect)| *effect == SideEffect::Sequence);
    /// assert!(sequences.count() >= 4);
    /// assert!(SideEffect::Sequence.is_write() && !SideEffect::Sequence.why().is_empty());
    /// assert!(functions.pure().count() > 100 && functions.reserved_words().count() > 0);
    /// ```
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.listed.contains_key(name.to_lowercase().as_str())
    }

    /// Returns whether a function is known to change nothing.
    #[must_use]
    pub fn is_pure(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        !self.listed.contains_key(name.as_str())
            && (self.pure.contains(&name) || self.is_built_in(&name))
    }

    /// Returns the listed functions with their effects, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, SideEffect)> {
        self.listed
            .iter()
            .map(|(name, effect)| (name.as_ref(), *effect))
    }

    /// Returns the functions that are [known to change nothing](Self::is_pure), in the order of their names.
    pub fn pure(&self) -> impl Iterator<Item = &str> {
        let built_in = names::pure(self.dialect).lines();
        let all: BTreeSet<&str> = built_in
            .chain(self.pure.iter().map(String::as_str))
            .filter(|name| !self.listed.contains_key(*name))
            .collect();
        all.into_iter()
    }

    /// Returns the words that a parenthesis may follow although, unquoted, they are no function's name: `in`, `and`, .. In the order
    /// of the alphabet.
    pub fn reserved_words(&self) -> impl Iterator<Item = &str> {
        let words: &str = names::reserved(self.dialect);
        words.lines()
    }

    /// Returns the listed functions that have one of these effects.
    pub(crate) fn only(&self, effects: &[SideEffect]) -> Self {
        let mut only = Self::empty(self.dialect);
        for (name, effect) in &self.listed {
            if effects.contains(effect) {
                only.list(name.clone(), *effect);
            }
        }
        only
    }

    /// Returns whether there are functions of the application's own.
    pub(crate) fn declares_any(&self) -> bool {
        self.listed
            .values()
            .any(|effect| *effect == SideEffect::Declared)
    }

    /// Returns whether there are names with anything but ASCII letters, digits and underscores.
    pub(crate) fn lists_odd_names(&self) -> bool {
        self.shapes.odd()
    }

    /// Returns whether a word may be the name of a listed function; cheap, and `true` when in doubt.
    pub(crate) fn may_list(&self, word: &str) -> bool {
        self.shapes.may_hold(word)
    }

    /// Returns the effect of a call; `None` if the function is not listed.
    pub(crate) fn effect_of_call(&self, lower_name: &str) -> Option<SideEffect> {
        self.listed.get(lower_name).copied()
    }

    /// Returns whether a function is one of the server's own that change nothing.
    pub(crate) fn is_built_in(&self, lower_name: &str) -> bool {
        names::is_pure(lower_name, self.dialect)
    }

    /// Returns whether a function is known: its effect is listed, or the application says that it has none.
    pub(crate) fn is_judged(&self, lower_name: &str) -> bool {
        self.listed.contains_key(lower_name) || self.pure.contains(lower_name)
    }

    /// Returns whether a bare word is never a function's name, though a parenthesis may follow it.
    pub(crate) fn is_reserved(&self, lower_word: &str) -> bool {
        names::is_reserved(lower_word, self.dialect)
    }

    fn empty(dialect: Dialect) -> Self {
        Self {
            dialect,
            pure: BTreeSet::new(),
            listed: BTreeMap::new(),
            shapes: Shapes::new(),
        }
    }

    fn list(&mut self, lower_name: Cow<'static, str>, effect: SideEffect) {
        self.shapes.add(&lower_name);
        self.listed.insert(lower_name, effect);
    }
}

/// Functions with the same effect.
type Group = (SideEffect, &'static [&'static str]);
