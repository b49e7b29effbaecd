//! `PositionError`: a text that is no position of a cluster.

/// The reason why a text is no position that a session can require.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PositionError {
    /// It is not in the notation of the cluster's servers.
    #[error(
        "`{text}` is no position of {server}{}: it is {expected}",
        looks_like.map_or_else(String::new, |kind| format!(", but looks like one of {kind}"))
    )]
    Invalid {
        /// Its beginning.
        text: String,
        /// The kind of the cluster's servers.
        server: &'static str,
        /// The form of such a position.
        expected: &'static str,
        /// Another kind of server, in whose notation it is.
        looks_like: Option<&'static str>,
    },

    /// It is of another cluster.
    #[error("`{text}` is a position of another cluster: the {cluster} differs")]
    OtherCluster {
        /// Its beginning.
        text: String,
        /// The part that differs between clusters.
        cluster: &'static str,
    },

    /// The cluster has no positions, or none is known yet.
    #[error(
        "no node's position is known, so `{text}` can be compared with nothing: this router does without positions, or no node has \
         answered yet"
    )]
    Unknown {
        /// Its beginning.
        text: String,
    },

    /// It is not in the notation of one kind of server.
    #[error("{words}")]
    Unparsable {
        /// The words of the error, such as [`ParseLsnError`](crate::ParseLsnError).
        words: String,
    },
}

codes! {
    PositionError {
        Invalid => "position_invalid",
        OtherCluster => "position_other_cluster",
        Unknown => "position_unknown",
        Unparsable => "position_unparsable",
    }
}
