//! MySQL's and MariaDB's functions with side effects.

use super::Group;
use crate::SideEffect;

pub(super) const GROUPS: &[Group] = &[
    (
        SideEffect::AdvisoryLock,
        &[
            "get_lock",
            "release_all_locks",
            "release_lock",
            "service_get_read_locks",
            "service_get_write_locks",
            "service_release_locks",
            "version_tokens_lock_exclusive",
            "version_tokens_lock_shared",
            "version_tokens_unlock",
        ],
    ),
    (SideEffect::Sequence, &["lastval", "nextval", "setval"]),
    (
        SideEffect::Server,
        &[
            "audit_api_message_emit_udf",
            "audit_log_encryption_password_set",
            "audit_log_filter_flush",
            "audit_log_filter_remove_filter",
            "audit_log_filter_remove_user",
            "audit_log_filter_set_filter",
            "audit_log_filter_set_user",
            "audit_log_rotate",
            "keyring_key_generate",
            "keyring_key_remove",
            "keyring_key_store",
            "load_rewrite_rules",
            "mysql_firewall_flush_status",
            "set_firewall_mode",
            "version_tokens_delete",
            "version_tokens_edit",
            "version_tokens_set",
        ],
    ),
    (
        SideEffect::Replication,
        &[
            "asynchronous_connection_failover_add_managed",
            "asynchronous_connection_failover_add_source",
            "asynchronous_connection_failover_delete_managed",
            "asynchronous_connection_failover_delete_source",
            "asynchronous_connection_failover_reset",
            "group_replication_disable_member_action",
            "group_replication_enable_member_action",
            "group_replication_reset_member_actions",
            "group_replication_set_as_primary",
            "group_replication_set_communication_protocol",
            "group_replication_set_write_concurrency",
            "group_replication_switch_to_multi_primary_mode",
            "group_replication_switch_to_single_primary_mode",
        ],
    ),
];
