//! What the chart is drawn from.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::Site;

/// The nodes now.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    nodes: Vec<NodeNow>,
}

/// One node now.
#[derive(Debug, Serialize)]
pub(crate) struct NodeNow {
    pub(crate) name: String,
    pub(crate) is_primary: bool,
    pub(crate) health: String,
    /// In milliseconds; `None` if it is not known.
    pub(crate) lag_ms: Option<u64>,
    /// Since the service started.
    pub(crate) reads: u64,
}

pub(crate) async fn show(State(site): State<Site>) -> Json<Status> {
    Json(Status {
        nodes: nodes(&site),
    })
}

/// Returns the nodes, the primary first.
pub(crate) fn nodes(site: &Site) -> Vec<NodeNow> {
    let status = site.router.status();
    let nodes = status.nodes.into_iter().map(|node| NodeNow {
        lag_ms: node
            .lag
            .map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
        is_primary: node.is_primary,
        health: node.health.to_string(),
        reads: site.trail.reads_of(&node.name),
        name: node.name,
    });
    nodes.collect()
}
