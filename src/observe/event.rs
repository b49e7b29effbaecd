//! `Event`: the changes of state that operators see, in one list.

/// The target of all events.
const TARGET: &str = "diesel_routing";

/// An event of the list, as `docs/observability/events.md` describes it.
#[cfg(test)]
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) level: tracing::Level,
    pub(super) fields: &'static [&'static str],
}

/// Defines the events. For each: its fields, its level, its name, which is stable, and its words. Times are in seconds.
macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $variant:ident { $($field:ident: $type:ty),* $(,)? } = $level:ident $name:literal, $words:literal;
    )+) => {
        /// A change of state that operators see. Whoever makes the change emits it, once.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[allow(dead_code, reason = "where a feature is off that emits some")]
        pub(crate) enum Event<'a> {
            $($(#[$doc])* $variant { $($field: $type),* },)+
        }

        impl Event<'_> {
            /// All events.
            #[cfg(test)]
            pub(super) const ALL: &'static [Description] = &[$(
                Description {
                    name: $name,
                    level: tracing::Level::$level,
                    fields: &[$(stringify!($field)),*],
                },
            )+];

            /// Returns its stable name.
            #[allow(dead_code, reason = "where nobody counts events")]
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $name,)+
                }
            }

            /// Has whoever listens hear of it.
            #[cold]
            #[inline(never)]
            pub(crate) fn emit(&self) {
                #[cfg(feature = "metrics")]
                super::metrics::count_event(self.name());
                match *self {
                    $(Self::$variant { $($field),* } => tracing::event!(
                        name: $name,
                        target: TARGET,
                        tracing::Level::$level,
                        { event = $name, $($field),* },
                        $words
                    ),)+
                }
            }
        }
    };
}

events! {
    // --- Nodes ---

    /// A node did not answer at the start, or when it was added.
    NodeMissing { node: &'a str, why: &'a str } = WARN "node_missing",
        "a node is missing: it serves as soon as it answers";

    /// A node that answered does not any more.
    NodeDown { node: &'a str, why: &'a str } = WARN "node_down",
        "a node gives no answer: it serves nothing until it does";

    /// A node that does not answer fails for another reason than before.
    NodeStillDown { node: &'a str, why: &'a str } = DEBUG "node_still_down",
        "a node still gives no answer, for another reason";

    /// A node answers that did not.
    NodeUp { node: &'a str, away_seconds: f64 } = INFO "node_up",
        "a node answers again";

    /// A node answers and must not be used.
    NodeExcluded { node: &'a str, why: &'a str } = WARN "node_excluded",
        "a node answers, and must not be used: it gets nothing";

    /// A node may be used that must not be.
    NodeIncluded { node: &'a str, away_seconds: f64 } = INFO "node_included",
        "a node may be used again";

    /// A node was met that is of another cluster.
    NodeForeign { node: &'a str, why: &'a str } = ERROR "node_foreign",
        "a node belongs to another cluster: it gets nothing";

    /// Two nodes take writes.
    SplitBrain { node: &'a str, primary: &'a str } = ERROR "split_brain",
        "two nodes take writes: the one on the older history gets nothing until it follows the primary";

    /// A node has another role than it is configured for, or its name leads elsewhere.
    NodeNotAsConfigured { node: &'a str, why: &'a str } = WARN "node_not_as_configured",
        "a node is not what it is configured as";

    /// No thread or task could be started that asks a node how it is.
    NodeUnwatched { node: &'a str, why: &'a str } = ERROR "node_unwatched",
        "a node cannot be watched";

    /// All instances together may open more connections than a server takes.
    TooManyConnections { node: &'a str, needed: u32, instances: u32, max_connections: u32 } = WARN "too_many_connections",
        "all instances' pools together may open more connections than the node's server takes: make the pools smaller, or \
         raise `max_connections`";

    /// A node was added while the router runs.
    NodeAdded { node: &'a str, by: &'a str } = INFO "node_added",
        "a node was added";

    /// A node was removed.
    NodeRemoved { node: &'a str, by: &'a str } = INFO "node_removed",
        "a node was removed";

    /// A node was replaced by one of its name.
    NodeReplaced { node: &'a str, by: &'a str } = INFO "node_replaced",
        "a node was replaced: all its connections are new";

    // --- The primary ---

    /// Another node takes the writes.
    Promoted { node: &'a str, from: &'a str } = WARN "promoted",
        "another node is the primary now";

    /// No node takes writes.
    PrimaryLost { node: &'a str, nodes: &'a str } = ERROR "primary_lost",
        "no node takes writes: writes and strong reads fail until one does";

    /// A node takes writes after none did.
    PrimaryFound { node: &'a str, away_seconds: f64 } = INFO "primary_found",
        "a node takes writes again";

    /// The primary is more strained than it was.
    PrimaryStrained {
        node: &'a str, from: &'a str, to: &'a str, signal: &'a str, value: f64, hold_seconds: f64,
    } = WARN "primary_strained",
        "the primary is strained: reads that replicas should serve are refused";

    /// The primary is less strained than it was.
    PrimaryRelieved { node: &'a str, from: &'a str, to: &'a str } = INFO "primary_relieved",
        "the primary is relieved";

    // --- Reads ---

    /// The first read has gone to the primary because no replica may serve it.
    FallbackInUse { nodes: &'a str } = WARN "fallback_in_use",
        "reads go to the primary for want of a replica";

    /// No read has gone to the primary for want of a replica for a while.
    FallbackOver { lasted_seconds: f64, reads: u64 } = INFO "fallback_over",
        "reads go to the primary for want of a replica no more";

    /// A replica lags more than the window may reach.
    LagBeyondWindow { node: &'a str, lag_seconds: f64 } = WARN "lag_beyond_window",
        "a replica lags more than the longest window: raise `max`, or lower `max_lag` so that it serves nothing then";

    /// The window is much longer than it was.
    WindowGrown { from_seconds: f64, to_seconds: f64 } = INFO "window_grown",
        "replicas lag more: reads go to the primary for longer after writes at unknown positions";

    /// The window is much shorter than it was.
    WindowShrunk { from_seconds: f64, to_seconds: f64 } = INFO "window_shrunk",
        "replicas lag less: reads go to the primary for less long after writes at unknown positions";

    /// The function that tells a node's lag has failed.
    LagUntold { node: &'a str, why: &'a str } = WARN "lag_untold",
        "the lag of a node was not told: until it is, the node counts as ever further behind";

    /// The function that tells a node's lag works again.
    LagTold { node: &'a str, away_seconds: f64 } = INFO "lag_told",
        "the lag of a node is told again";

    /// A connection that was made read-only takes writes.
    NotReadOnly { node: &'a str, count: u64 } = WARN "not_read_only",
        "a connection of a read pool was not read-only any more: it is closed";

    /// A statement on a read handle does more than read, and the check only warns.
    StatementNotARead { finding: &'a str, sql: &'a str } = WARN "statement_not_a_read",
        "a statement for a read handle does more than read";

    // --- Sessions ---

    /// Session tokens were rejected.
    TokensRejected { reason: &'a str, count: u64 } = WARN "tokens_rejected",
        "session tokens are not honoured: their sessions may not see what they wrote";

    /// Session tokens had expired.
    TokensExpired { count: u64 } = INFO "tokens_expired",
        "session tokens have expired: their sessions begin anew";

    /// The session store did not save states.
    StoreNotSaving { why: &'a str } = WARN "store_not_saving",
        "the session store did not save a state";

    /// The session store did not load states.
    StoreNotLoading { why: &'a str, count: u64 } = WARN "store_not_loading",
        "the session store did not load a state";

    /// Requests wrote too late for their responses to carry it.
    LateWrites { count: u64 } = WARN "late_writes",
        "a request wrote after its response's head was sent, or had no response: its session's next request may not see that \
         write; keep states in a store, or write before answering";

    /// A handler asked for a session that no layer had made.
    NoSessionLayer {} = ERROR "no_session_layer",
        "a handler takes a `Session`, and no `SessionLayer` of this kind of connection is around it: add \
         `.layer(SessionLayer::new(router)?)` after its route";

    // --- Migrations ---

    /// Another instance runs migrations.
    MigrationWaits { node: &'a str, holder: &'a str } = INFO "migration_waits",
        "migrations wait for those of another instance";

    /// A migration has run.
    MigrationRan { node: &'a str, migration: &'a str, seconds: f64 } = INFO "migration_ran",
        "a migration has run";

    /// A migration was reverted.
    MigrationReverted { node: &'a str, migration: &'a str, seconds: f64 } = INFO "migration_reverted",
        "a migration was reverted";

    /// A migration failed.
    MigrationFailed { node: &'a str, migration: &'a str, why: &'a str } = ERROR "migration_failed",
        "a migration failed";

    /// Not all replicas have the migrations yet.
    ReplicasLackMigrations { nodes: &'a str, waited_seconds: f64 } = INFO "replicas_lack_migrations",
        "replicas do not have the migrations yet";

    /// All replicas have the migrations that were waited for.
    ReplicasHaveMigrations { waited_seconds: f64 } = INFO "replicas_have_migrations",
        "all replicas have the migrations";

    // --- Settings ---

    /// A setting was changed.
    ConfigurationChanged { version: u64, by: &'a str, change: &'a str } = INFO "configuration_changed",
        "the configuration changed";

    /// The mode was switched.
    ModeSwitched { version: u64, by: &'a str, change: &'a str } = INFO "mode_switched",
        "the mode was switched";

    /// A change was refused.
    ConfigurationRefused { by: &'a str, why: &'a str } = ERROR "configuration_refused",
        "a change of the configuration was refused; the present one stays";

    /// Nobody says when a file changes.
    FileUnwatched { path: &'a str, why: &'a str } = WARN "file_unwatched",
        "changes of the file are found when it is read next only";

    /// An answer of the operators' endpoint could not be written.
    AnswerNotWritten { why: &'a str } = ERROR "answer_not_written",
        "an answer could not be written";

    // --- Sources of nodes ---

    /// A source gave no set.
    SourceFailed { source: u64, why: &'a str } = WARN "source_failed",
        "a source tells no nodes; those that it told last stay";

    /// A source gives sets again.
    SourceBack { source: u64, away_seconds: f64 } = INFO "source_back",
        "a source tells nodes again";

    /// A set could not be followed in full.
    NodeSetIncomplete { source: u64, why: &'a str } = WARN "node_set_incomplete",
        "not all of a node set could be done; it is tried again with the next";

    /// A source tells no more.
    SourceEnded { source: u64 } = WARN "source_ended",
        "a source of nodes has ended; those that it told last stay";
}
