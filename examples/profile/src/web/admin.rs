//! The admin page: everyone's rows, as they are now. The rule for `/admin` makes its reads strong.

use axum::extract::State;
use diesel_routing::Error;
use maud::{Markup, html};

use super::failure::Failure;
use super::layout::{Page, page};
use super::visitor::Visitor;
use crate::Site;
use crate::people;
use crate::stock;

/// The number of users that the page shows.
const MOST: i64 = 50;

pub(crate) async fn show(visitor: Visitor, State(site): State<Site>) -> Result<Markup, Failure> {
    // The same call as on the profile page: what differs is the rule of the path.
    let people = visitor
        .session
        .reading(async |conn| {
            visitor.notes().take("all users", conn.route());
            Ok::<_, Error>(people::all(conn, MOST).await?)
        })
        .await?;
    let stock = stock::take_stock(&visitor.session, &visitor.notes()).await?;
    let main = html! {
        h1 { "Admin" }
        p { "In stock, all things together: " strong #stock { (stock) } "." }
        div .scrolls tabindex="0" role="region" aria-label="Users" {
            table {
                caption { "The first " (MOST) " users" }
                thead { tr { th scope="col" { "Number" } th scope="col" { "Name" } th scope="col" { "Language" } } }
                tbody {
                    @for person in &people {
                        tr #{ "user-" (person.id) } {
                            td { (person.id) }
                            th scope="row" { (person.name) }
                            td { (person.locale().name()) }
                        }
                    }
                }
            }
        }
    };
    Ok(page(&site, &visitor, Page::Admin, None, &main))
}
