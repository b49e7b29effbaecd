//! What an `Error` tells about itself.

use std::time::Duration;

use diesel::result::Error as DieselError;

use super::words::brief;
use super::{Error, Origin, Refused, Step, may_retry_read, optional};

impl Error {
    /// Returns the name of the node that failed, or could serve and may not, as configured; `None` if it is no single node's error.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Checkout { node, .. }
            | Self::OtherRegion { node, .. }
            | Self::WrongRole { node, .. }
            | Self::Shed { node, .. } => Some(node),
            Self::NoReplica { node, .. } => Some(node),
            Self::Migration(error) => error.node(),
            Self::Query { source, origin } => origin
                .as_deref()
                .map(|origin| &*origin.node)
                .or_else(|| refused(source)?.node()),
            _ => None,
        }
    }

    /// Returns the step of handing out a connection that failed.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Checkout { step, .. } => Some(*step),
            Self::NoReplica { .. } => Some(Step::Wait),
            Self::WrongRole { .. } => Some(Step::SetUp),
            _ => None,
        }
    }

    /// Returns the reason for which the node was chosen, or would have been: the name of a [`Reason`](crate::Reason).
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Checkout { reason, .. } | Self::NoReplica { reason, .. } => *reason,
            Self::NoTaggedReplica { reason, .. }
            | Self::OtherRegion { reason, .. }
            | Self::NoReplicaOfClass { reason, .. }
            | Self::Shed { reason, .. } => Some(reason),
            Self::Query { origin, .. } => origin.as_ref().map(|origin| origin.reason),
            _ => None,
        }
    }

    /// Returns the path of the function with [`#[consistency(..)]`](macro@crate::consistency) that asked for the connection.
    #[must_use]
    pub fn function(&self) -> Option<&'static str> {
        match self {
            Self::Checkout { function, .. }
            | Self::NoReplica { function, .. }
            | Self::NoTaggedReplica { function, .. }
            | Self::OtherRegion { function, .. }
            | Self::NoReplicaOfClass { function, .. }
            | Self::Shed { function, .. }
            | Self::NoPrimary { function, .. } => *function,
            Self::Config(error) => error.function(),
            Self::Query { origin, .. } => origin.as_ref()?.function,
            _ => None,
        }
    }

    /// Returns whether no record was found: the statement ran, and `first` or `get_result` had no row to return.
    ///
    /// For an application's own errors, see [`is_not_found`](crate::is_not_found); for an `Option`, [`OptionalExt`](crate::OptionalExt).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Query { source, .. } if optional::is_diesels(source))
    }

    /// Returns why the statement was not sent, if a handle refused it.
    #[must_use]
    pub fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Query { source, .. } => refused(source),
            _ => None,
        }
    }

    /// Returns whether a *read* that failed with this error may be retried on another node, because the
    /// node was at fault. A write may not, since its outcome may be unknown.
    ///
    /// `Session::reading` does this by itself.
    #[must_use]
    pub fn may_retry_read(&self) -> bool {
        match self {
            Self::Checkout { step, .. } => step.is_the_nodes(),
            Self::WrongRole { .. } => true,
            Self::Query { source, .. } => may_retry_read(source),
            // Of a read that no replica serves, another has been looked for.
            #[cfg(feature = "edge")]
            Self::Edge(_) | Self::Store(_) => false,
            Self::Config(_)
            | Self::Position(_)
            | Self::Key(_)
            | Self::Token(_)
            | Self::Migration(_)
            | Self::Discovery { .. }
            | Self::NoReplica { .. }
            | Self::NoTaggedReplica { .. }
            | Self::NoReplicaOfClass { .. }
            | Self::OtherRegion { .. }
            | Self::Shed { .. }
            | Self::NoPrimary { .. }
            | Self::NoNode { .. } => false,
        }
    }

    /// Returns when to try again, of a read that was refused to [protect the primary](Self::Shed): a whole number of seconds
    /// rounded up is a good `Retry-After` beside HTTP's status 503.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Shed { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// Returns whether the call was refused for want of a node that may serve it, with nothing run: the same call, a write too,
    /// may succeed a moment later.
    #[must_use]
    pub fn may_retry_later(&self) -> bool {
        matches!(
            self,
            Self::NoReplica { .. }
                | Self::NoReplicaOfClass { .. }
                | Self::NoTaggedReplica { .. }
                | Self::OtherRegion { .. }
                | Self::NoPrimary { .. }
                | Self::Shed { .. }
        )
    }
}

codes! {
    Error {
        Checkout => "no_connection",
        NoReplica => "no_replica",
        NoTaggedReplica => "no_tagged_replica",
        OtherRegion => "other_region",
        NoReplicaOfClass => "no_replica_of_class",
        WrongRole => "wrong_role",
        Shed => "shed",
        NoPrimary => "no_primary",
        NoNode => "no_node",
    }
    also {
        "statement_failed",
        "not_found",
    }
    within {
        Self::Config(error) => error.code(),
        Self::Position(error) => error.code(),
        Self::Key(error) => error.code(),
        Self::Token(error) => error.code(),
        Self::Migration(error) => error.code(),
        #[cfg(feature = "edge")]
        Self::Edge(error) => error.code(),
        #[cfg(feature = "edge")]
        Self::Store(error) => error.code(),
        Self::Discovery { code, .. } => code,
        Self::Query { source, .. } => statement_code(source),
    }
}

fn statement_code(source: &DieselError) -> &'static str {
    match refused(source) {
        Some(refused) => refused.code(),
        None if optional::is_diesels(source) => "not_found",
        None => "statement_failed",
    }
}

fn refused(error: &DieselError) -> Option<&Refused> {
    match error {
        DieselError::QueryBuilderError(inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// Returns the words for a statement that failed.
pub(super) fn statement(source: &DieselError, origin: Option<&Origin>) -> String {
    let place = origin.map_or_else(String::new, |origin| {
        let Origin { node, reason, .. } = origin;
        let of = origin
            .function
            .map_or_else(String::new, |function| format!(" for `{function}`"));
        format!(" on node `{node}` ({reason}){of}")
    });
    if optional::is_diesels(source) {
        return format!("no record was found{place}");
    }
    let what = match refused(source) {
        Some(_) => "the statement was not sent",
        None => "the statement failed",
    };
    format!("{what}{place}: {}", brief(source))
}
