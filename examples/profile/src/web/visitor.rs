//! `Visitor`: who asks, and what their browser chose.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use cookie::{Cookie, SameSite};
use diesel_routing::edge::NoSessionLayer;
use diesel_routing::pg::{ReadConn, Session};
use diesel_routing::{Error, Level, Replica};

use crate::trail::Notes;
use crate::{Locale, Site, Trail};

/// Whose pages are shown. There are no passwords here: whoever says a number is that user.
pub(crate) const USER: &str = "user";
/// Whether reads are routed; `off` if not.
pub(crate) const ROUTING: &str = "routing";
/// What the user chose last, so that a page which shows something else can say so.
pub(crate) const CHOSEN: &str = "chosen";

/// The user who asks, with their session.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) user: i32,
    pub(crate) session: Session,
    pub(crate) is_routed: bool,
    pub(crate) chosen: Option<Locale>,
    trail: Trail,
}

impl Visitor {
    /// Takes down where this visitor's connections come from.
    pub(crate) fn notes(&self) -> Notes<'_> {
        Notes::new(&self.trail, self.user)
    }

    /// Returns a connection of any replica, while this visitor has routing off.
    pub(crate) async fn unrouted(&self) -> Result<Option<ReadConn<Replica>>, Error> {
        if self.is_routed {
            return Ok(None);
        }
        self.session.read_default().await.map(Some)
    }

    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }
}

impl FromRequestParts<Site> for Visitor {
    type Rejection = NoSessionLayer;

    async fn from_request_parts(request: &mut Parts, site: &Site) -> Result<Self, NoSessionLayer> {
        let session = Session::from_request_parts(request, site).await?;
        let headers = &request.headers;
        let is_routed = value_of(headers, ROUTING).is_none_or(|routing| routing != "off");
        Ok(Self {
            user: user_of(headers),
            // Off is what a random replica gives, to reads that ask for no more: the bug that the rest is about.
            session: if is_routed {
                session
            } else {
                session.at_level(Level::Eventual)
            },
            is_routed,
            chosen: value_of(headers, CHOSEN).and_then(|code| Locale::of(&code)),
            trail: site.trail.clone(),
        })
    }
}

/// Returns the user whose state a request continues in a store.
pub(crate) fn store_key(request: &Parts) -> Option<String> {
    Some(user_of(&request.headers).to_string())
}

/// Returns a cookie of ours, for the browser to keep as long as it runs.
pub(crate) fn cookie(name: &'static str, value: impl Into<String>) -> String {
    let cookie = Cookie::build((name, value.into()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax);
    cookie.to_string()
}

fn user_of(headers: &HeaderMap) -> i32 {
    let user = value_of(headers, USER).and_then(|user| user.parse().ok());
    user.unwrap_or(1)
}

fn value_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == name)
        .map(|cookie| cookie.value().to_owned())
}
