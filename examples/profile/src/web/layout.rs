//! What all pages have around them.

use maud::{DOCTYPE, Markup, html};

use super::cluster::cluster;
use super::notice::Notice;
use super::visitor::Visitor;
use super::why::why;
use crate::{Site, Step};

/// The number of steps that are shown.
const STEPS: usize = 8;

/// A page, as the navigation has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Profile,
    Shop,
    Admin,
    Operations,
}

impl Page {
    const ALL: [Self; 4] = [Self::Profile, Self::Shop, Self::Admin, Self::Operations];

    fn name(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::Shop => "Shop",
            Self::Admin => "Admin",
            Self::Operations => "Operations",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Profile => "/",
            Self::Shop => "/shop",
            Self::Admin => "/admin",
            Self::Operations => "/operations",
        }
    }
}

/// Lays out the whole page.
pub(crate) fn page(
    site: &Site,
    visitor: &Visitor,
    current: Page,
    notice: Option<Notice>,
    main: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (current.name()) " – where does it come from?" }
                link rel="stylesheet" href="/assets/page.css";
                link rel="icon" href="/assets/icon.svg";
                script src="/assets/page.js" defer {}
            }
            body {
                a .skip href="#main" { "Skip to the page" }
                (header(visitor, current))
                div .columns {
                    main #main tabindex="-1" {
                        @if let Some(notice) = notice {
                            p #notice .notice role="status" { (notice.text()) }
                        }
                        (main)
                    }
                    div .aside {
                        (trail(&visitor.trail().of_user(visitor.user, STEPS)))
                        (routing(visitor.is_routed))
                        (cluster(site))
                    }
                }
            }
        }
    }
}

fn header(visitor: &Visitor, current: Page) -> Markup {
    html! {
        header {
            nav aria-label="Pages" {
                @for page in Page::ALL {
                    a href=(page.path()) aria-current=[(page == current).then_some("page")] { (page.name()) }
                    " "
                }
            }
            form method="post" action="/user" {
                label for="user" { "User" }
                " "
                input #user name="user" type="number" min="1" value=(visitor.user) required;
                " "
                button { "Switch" }
            }
        }
    }
}

fn trail(steps: &[Step]) -> Markup {
    html! {
        section aria-labelledby="trail-title" {
            h2 #trail-title { "Where it came from" }
            div .scrolls tabindex="0" role="region" aria-labelledby="trail-title" {
                table #trail {
                    caption { "Your last connections, newest first" }
                    thead { tr { th scope="col" { "For" } th scope="col" { "Node" } th scope="col" { "Why" } } }
                    tbody {
                        @for step in steps {
                            tr {
                                th scope="row" { (step.what) }
                                td .node { (step.node) }
                                td { code { (step.reason) } " " small { (why(step.reason)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn routing(is_on: bool) -> Markup {
    html! {
        section aria-labelledby="routing" {
            h2 #routing { "Routing" }
            form method="post" action="/routing" {
                @if is_on {
                    p { "Routing is " strong { "on" } ": your reads see what you wrote." }
                    button name="routing" value="off" { "Turn it off" }
                } @else {
                    p .warning {
                        "Routing is " strong { "off" } ": pages come from any replica, however far behind. \
                        What asks for the primary by its type still gets it."
                    }
                    button name="routing" value="on" { "Turn it on" }
                }
            }
        }
    }
}
