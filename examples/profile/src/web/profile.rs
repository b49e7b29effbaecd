//! The profile page: a user's language, and their letters.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect};
use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, Replica};
use maud::{Markup, html};
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Page, page};
use super::notice::{Notice, Said};
use super::visitor::{CHOSEN, Visitor, cookie};
use crate::letters::{self, Job};
use crate::people::{self, Person};
use crate::site::OWN_PAGES;
use crate::{Locale, Site};

pub(crate) async fn show(
    visitor: Visitor,
    State(site): State<Site>,
    Query(said): Query<Said>,
) -> Result<Markup, Failure> {
    let (person, letters) = match visitor.unrouted().await? {
        Some(mut conn) => rows(&mut conn, &visitor).await?,
        // A session's read: from a replica that has what this user wrote, or from the primary.
        None => {
            let read = async |conn: &mut ReadConn<CaughtUp>| rows(conn, &visitor).await;
            visitor.session.class(OWN_PAGES).reading(read).await?
        }
    };
    let main = html! {
        (greeting(&person, visitor.chosen))
        (switch(person.locale()))
        (letters_of(&letters))
    };
    Ok(page(&site, &visitor, Page::Profile, said.notice, &main))
}

async fn rows(
    conn: &mut ReadConn<Replica>,
    visitor: &Visitor,
) -> Result<(Person, Vec<Locale>), Error> {
    visitor.notes().take("the profile", conn.route());
    let person = people::find(conn, visitor.user).await?;
    let letters = letters::last(conn, visitor.user).await?;
    Ok((person, letters))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    locale: String,
}

pub(crate) async fn set_locale(
    visitor: Visitor,
    Form(choice): Form<Choice>,
) -> Result<impl IntoResponse, Failure> {
    let locale = Locale::of(&choice.locale).ok_or(Failure::Bad("there is no such language"))?;
    let Visitor { session, user, .. } = &visitor;
    people::set_locale(session, &visitor.notes(), *user, locale).await?;
    let chosen = cookie(CHOSEN, locale.code());
    Ok(([(SET_COOKIE, chosen)], Redirect::to("/")))
}

pub(crate) async fn order_letter(
    visitor: Visitor,
    State(site): State<Site>,
) -> Result<Redirect, Failure> {
    let job = Job::ordered_by(&visitor.session, visitor.user).await?;
    site.letters.push(job)?;
    Ok(Notice::LetterOrdered.on("/"))
}

fn greeting(person: &Person, chosen: Option<Locale>) -> Markup {
    let locale = person.locale();
    html! {
        h1 #greeting lang=(locale.code()) { (locale.hello()) ", " (person.name) "!" }
        p { "Your language is " strong #locale { (locale.name()) } "." }
        @if let Some(chosen) = chosen.filter(|chosen| *chosen != locale) {
            p #stale .warning role="alert" {
                strong { "This page is stale." }
                " You chose " (chosen.name()) ", and a replica that has not heard of it said "
                (locale.name()) "."
            }
        }
    }
}

fn switch(current: Locale) -> Markup {
    html! {
        form method="post" action="/locale" {
            fieldset {
                legend { "Change it" }
                @for locale in Locale::ALL {
                    button name="locale" value=(locale.code()) lang=(locale.code())
                        aria-pressed=(locale == current) { (locale.name()) }
                    " "
                }
            }
        }
    }
}

fn letters_of(letters: &[Locale]) -> Markup {
    html! {
        section aria-labelledby="letters" {
            h2 #letters { "Letters" }
            form method="post" action="/letters" {
                button { "Send me a letter" }
                " A background job writes it; it carries your session, and so knows your language."
            }
            @if !letters.is_empty() {
                ol #received aria-label="Newest first" {
                    @for letter in letters {
                        li lang=(letter.code()) { (letter.hello()) " …" }
                    }
                }
            }
        }
    }
}
