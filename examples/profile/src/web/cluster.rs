//! The nodes: how far they are behind, what they serve, and the controls to slow them down.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;

use super::failure::Failure;
use super::status::{NodeNow, nodes};
use crate::{Lab, LabError, Site};

#[derive(Debug, Deserialize)]
pub(crate) struct Lag {
    /// In milliseconds.
    lag: u64,
}

pub(crate) async fn set_lag(
    State(site): State<Site>,
    Path(replica): Path<usize>,
    Form(Lag { lag }): Form<Lag>,
) -> Result<Redirect, Failure> {
    let lag = Duration::from_millis(lag);
    change(&site, move |lab| lab.set_lag(replica, lag)).await
}

pub(crate) async fn pause(
    State(site): State<Site>,
    Path(replica): Path<usize>,
) -> Result<Redirect, Failure> {
    change(&site, move |lab| lab.pause(replica)).await
}

pub(crate) async fn resume(
    State(site): State<Site>,
    Path(replica): Path<usize>,
) -> Result<Redirect, Failure> {
    change(&site, move |lab| lab.resume(replica)).await
}

pub(crate) async fn kill(
    State(site): State<Site>,
    Path(replica): Path<usize>,
) -> Result<Redirect, Failure> {
    change(&site, move |lab| lab.kill(replica)).await
}

pub(crate) async fn restart(
    State(site): State<Site>,
    Path(replica): Path<usize>,
) -> Result<Redirect, Failure> {
    change(&site, move |lab| lab.restart(replica)).await
}

/// Does it on a thread that may block.
async fn change(
    site: &Site,
    change: impl FnOnce(&Lab) -> Result<(), LabError> + Send + 'static,
) -> Result<Redirect, Failure> {
    let lab = Arc::clone(site.lab.as_ref().ok_or(Failure::NoLab)?);
    tokio::task::spawn_blocking(move || change(&lab))
        .await
        .context("changing a replica was given up")??;
    Ok(Redirect::to("/"))
}

/// Shows the nodes, with a chart that the script draws.
pub(crate) fn cluster(site: &Site) -> Markup {
    let nodes = nodes(site);
    html! {
        section aria-labelledby="cluster" {
            h2 #cluster { "The cluster" }
            (table(&nodes))
            figure #lag-chart hidden {
                figcaption { "Lag in the last minute, in seconds" }
                svg viewBox="0 0 320 120" role="img" aria-label="Lag of each node in the last minute; the table has the present numbers" {}
            }
            figure #reads-chart hidden {
                figcaption { "Share of the reads" }
                svg viewBox="0 0 320 24" role="img" aria-label="Share of the reads that each node served; the table has the numbers" {}
            }
            noscript { p { "Reload the page to see the present numbers." } }
            @if let Some(lab) = &site.lab {
                (controls(lab, &nodes))
            } @else {
                p { "The lag is what your servers have; start without --primary to have some to slow down." }
            }
        }
    }
}

fn table(nodes: &[NodeNow]) -> Markup {
    let whole: u64 = nodes.iter().map(|node| node.reads).sum();
    html! {
        table #nodes {
            caption .hidden { "Nodes now" }
            thead {
                tr { th scope="col" { "Node" } th scope="col" { "Lag" } th scope="col" { "Reads" } }
            }
            tbody {
                @for (index, node) in nodes.iter().enumerate() {
                    tr data-node=(node.name) {
                        th scope="row" {
                            span .{ "key key-" (index % 5) } aria-hidden="true" {}
                            " " (node.name)
                        }
                        td .lag { (lag(node)) }
                        td .reads { (node.reads) " (" (node.reads * 100 / whole.max(1)) " %)" }
                    }
                }
            }
        }
    }
}

fn lag(node: &NodeNow) -> String {
    match node.lag_ms {
        _ if node.health != "up" => node.health.clone(),
        Some(lag) => format!("{lag} ms"),
        None => "not known".to_owned(),
    }
}

fn controls(lab: &Lab, nodes: &[NodeNow]) -> Markup {
    let replicas = nodes.iter().filter(|node| !node.is_primary);
    html! {
        @for (replica, node) in replicas.enumerate() {
            @let knobs = lab.knobs(replica);
            fieldset {
                legend { (node.name) }
                @if knobs.is_down {
                    form method="post" action={ "/lab/" (replica) "/restart" } {
                        strong { "It is down. " }
                        button { "Start it again" span .hidden { ": " (node.name) } }
                    }
                } @else {
                    form method="post" action={ "/lab/" (replica) "/kill" } {
                        button { "Kill it" span .hidden { ": " (node.name) } }
                    }
                }
                form method="post" action={ "/lab/" (replica) "/lag" } {
                    label for={ "lag-" (replica) } { "Lag, in ms" }
                    " "
                    input #{ "lag-" (replica) } name="lag" type="number" min="0" max="30000" step="100"
                        value=(knobs.lag.as_millis()) required;
                    " "
                    button { "Set" span .hidden { " the lag of " (node.name) } }
                }
                form method="post" action={ "/lab/" (replica) "/" (if knobs.is_paused { "resume" } else { "pause" }) } {
                    @if knobs.is_paused {
                        strong { "It stands still. " }
                        button { "Let it go on" span .hidden { ": " (node.name) } }
                    } @else {
                        button { "Make it stand still" span .hidden { ": " (node.name) } }
                    }
                }
            }
        }
    }
}
