//! The shop: a balance that is never old, and things to reserve.

use axum::Form;
use axum::extract::{Query, State};
use axum::response::Redirect;
use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, Replica};
use maud::{Markup, html};
use serde::Deserialize;

use super::failure::Failure;
use super::layout::{Page, page};
use super::notice::{Notice, Said};
use super::visitor::Visitor;
use crate::Site;
use crate::money::Cents;
use crate::payments::{self, Payment};
use crate::site::SHOP_WINDOW;
use crate::stock::{self, Item, Reservation};

/// The most that is paid at once, in whole units of money.
const MOST: i64 = 1_000_000;

pub(crate) async fn show(
    visitor: Visitor,
    State(site): State<Site>,
    Query(said): Query<Said>,
) -> Result<Markup, Failure> {
    let Visitor { session, user, .. } = &visitor;
    let items = match visitor.unrouted().await? {
        Some(mut conn) => Some(items(&mut conn, &visitor).await?),
        None => {
            let read = async |conn: &mut ReadConn<CaughtUp>| items(conn, &visitor).await;
            match session.class(SHOP_WINDOW).reading(read).await {
                // The rest of the shop does without.
                Err(Error::Shed { .. }) => None,
                items => Some(items?),
            }
        }
    };
    let balance = payments::balance(session, &visitor.notes(), *user).await?;
    let main = html! {
        h1 { "Shop" }
        (account(balance))
        (window(items.as_deref()))
    };
    Ok(page(&site, &visitor, Page::Shop, said.notice, &main))
}

async fn items(conn: &mut ReadConn<Replica>, visitor: &Visitor) -> Result<Vec<Item>, Error> {
    visitor.notes().take("the shop window", conn.route());
    Ok(stock::all(conn).await?)
}

#[derive(Debug, Deserialize)]
pub(crate) struct Amount {
    /// In whole units of money.
    amount: i64,
}

pub(crate) async fn pay(
    visitor: Visitor,
    Form(Amount { amount }): Form<Amount>,
) -> Result<Redirect, Failure> {
    if !(1..=MOST).contains(&amount) {
        return Err(Failure::Bad("pay a whole amount from 1 to 1000000"));
    }
    let Visitor { session, user, .. } = &visitor;
    let amount = Cents(amount * 100);
    let notice = match payments::pay(session, &visitor.notes(), *user, amount).await? {
        Payment::Made => Notice::Paid,
        Payment::Refused => Notice::PaymentRefused,
    };
    Ok(notice.on("/shop"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    item: i32,
}

pub(crate) async fn reserve(
    visitor: Visitor,
    Form(Wanted { item }): Form<Wanted>,
) -> Result<Redirect, Failure> {
    let reserved = stock::reserve(&visitor.session, &visitor.notes(), item).await?;
    let notice = match reserved {
        Reservation::Made => Notice::Reserved,
        Reservation::SoldOut => Notice::SoldOut,
    };
    Ok(notice.on("/shop"))
}

fn account(balance: Cents) -> Markup {
    html! {
        section aria-labelledby="account" {
            h2 #account { "Account" }
            p { "On your account: " strong #balance { (balance) } ". The primary says so, always." }
            form method="post" action="/payments" {
                label for="amount" { "Pay" }
                " "
                input #amount name="amount" type="number" min="1" max=(MOST) value="10" required;
                " "
                button { "Pay" }
            }
        }
    }
}

fn window(items: Option<&[Item]>) -> Markup {
    let Some(items) = items else {
        return html! {
            section aria-labelledby="items" {
                h2 #items { "Things" }
                p #closed .warning role="status" {
                    "The shop window is closed for a moment: no replica can fill it, and the primary has more important things to do."
                }
            }
        };
    };
    html! {
        section aria-labelledby="items" {
            h2 #items { "Things" }
            ul .plain {
                @for item in items {
                    li #{ "item-" (item.id) } {
                        form method="post" action="/reservations" {
                            (item.name) ", " strong { (item.left) } " left "
                            button name="item" value=(item.id) { "Reserve" span .hidden { " one " (item.name) } }
                        }
                    }
                }
            }
            p { "These numbers may come from a replica; the reservation locks the row on the primary." }
        }
    }
}
