//! The page of whoever operates the service: the switch, the share of sessions, the breaker.

use axum::Form;
use axum::extract::State;
use axum::response::Redirect;
use diesel_routing::{BreakerStatus, Mode, Status, Strain};
use maud::{Markup, html};
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Page, page};
use super::visitor::Visitor;
use crate::Site;

const PATH: &str = "/operations";

/// The modes, and what each does in a few words.
const MODES: [(Mode, &str); 3] = [
    (Mode::On, "Everything routes as it is built and configured."),
    (Mode::PrimaryOnly, "No replica is used."),
    (
        Mode::AsWritten,
        "Rules, classes and the breaker are off: the code alone says what a read needs.",
    ),
];

pub(crate) async fn show(visitor: Visitor, State(site): State<Site>) -> Markup {
    let status = site.router.status();
    let main = html! {
        h1 { "Operations" }
        p { "What is set here holds for this instance, from the next read on, without a deploy." }
        (switch(status.mode))
        (share(&status))
        @if let Some(breaker) = &status.breaker {
            (protection(breaker, site.gauge.percent()))
        }
    };
    page(&site, &visitor, Page::Operations, None, &main)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Chosen {
    mode: String,
}

pub(crate) async fn set_mode(
    State(site): State<Site>,
    Form(Chosen { mode }): Form<Chosen>,
) -> Result<Redirect, Failure> {
    let known = MODES.iter().find(|(known, _)| known.as_str() == mode);
    let (mode, _) = known.ok_or(Failure::Bad(
        "choose a mode: on, primary_only or as_written",
    ))?;
    site.router.set_mode(*mode);
    Ok(Redirect::to(PATH))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Percent {
    percent: u8,
}

pub(crate) async fn set_share(
    State(site): State<Site>,
    Form(Percent { percent }): Form<Percent>,
) -> Result<Redirect, Failure> {
    let set = site.router.set_replica_share(percent);
    set.map_err(|_| Failure::Bad("choose a share from 0 to 100 percent"))?;
    Ok(Redirect::to(PATH))
}

pub(crate) async fn set_load(
    State(site): State<Site>,
    Form(Percent { percent }): Form<Percent>,
) -> Result<Redirect, Failure> {
    if percent > 100 {
        return Err(Failure::Bad("choose a load from 0 to 100 percent"));
    }
    site.gauge.set(percent);
    Ok(Redirect::to(PATH))
}

fn switch(current: Mode) -> Markup {
    html! {
        section aria-labelledby="switch" {
            h2 #switch { "The switch" }
            p { "The mode is " code #mode { (current) } "." }
            form method="post" action="/operations/mode" {
                ul .plain {
                    @for (mode, words) in MODES {
                        li {
                            button name="mode" value=(mode) aria-pressed=(mode == current) { (mode) }
                            " " (words)
                        }
                    }
                }
            }
        }
    }
}

fn share(status: &Status) -> Markup {
    html! {
        section aria-labelledby="share" {
            h2 #share { "The share" }
            p {
                "Of all users, " strong { (status.replica_share) " %" } " may use replicas; the others read from the primary. "
                "Who belongs to it depends on the user alone, and whoever does belongs to every greater one."
            }
            form method="post" action="/operations/share" {
                label for="percent" { "Share, in percent" }
                " "
                input #percent name="percent" type="number" min="0" max="100" value=(status.replica_share) required;
                " "
                button { "Set" span .hidden { " the share" } }
            }
        }
    }
}

fn protection(breaker: &BreakerStatus, load: u8) -> Markup {
    html! {
        section aria-labelledby="breaker" {
            h2 #breaker { "The breaker" }
            p {
                "The primary is " strong #strain { (breaker.strain) } ". "
                (match breaker.strain {
                    Strain::Normal => "It serves everyone.",
                    Strain::Strained => "The shop window is closed, and other pages wait for a replica first.",
                    _ => "It serves payments, reservations and changes, and no page that a replica should.",
                })
            }
            form method="post" action="/operations/load" {
                label for="load" { "Its load, as its metrics would say, in percent" }
                " "
                input #load name="percent" type="number" min="0" max="100" value=(load) required;
                " "
                button { "Set" span .hidden { " the load" } }
            }
            table #shed {
                caption { "Reads refused to protect it" }
                thead { tr { th scope="col" { "Class" } th scope="col" { "Reads" } } }
                tbody {
                    @for shed in &breaker.shed {
                        tr {
                            th scope="row" { (shed.class.as_deref().unwrap_or("none")) }
                            td { (shed.reads) }
                        }
                    }
                }
            }
        }
    }
}
