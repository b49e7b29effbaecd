//! The service in HTTP.

mod admin;
mod assets;
mod cluster;
mod failure;
mod guard;
mod layout;
mod metrics;
mod notice;
mod operations;
mod profile;
mod settings;
mod shop;
mod status;
mod visitor;
mod why;

use axum::Router as App;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use diesel_routing::edge::SessionLayer;

use crate::Site;

pub(crate) use metrics::install_recorder;
pub(crate) use visitor::store_key;

/// Builds the service: each request continues its user's session.
pub fn app(site: Site) -> App {
    let sessions = SessionLayer::from(site.edge.clone());
    around(site.clone(), pages().layer(sessions).with_state(site))
}

/// Builds the service without the layer: each request has a new session, which knows of no other. To compare with.
pub fn app_without_sessions(site: Site) -> App {
    let anew = from_fn_with_state(site.clone(), new_session);
    around(site.clone(), pages().layer(anew).with_state(site))
}

/// Routes what reads or writes for a user.
fn pages() -> App<Site> {
    App::new()
        .route("/", get(profile::show))
        .route("/locale", post(profile::set_locale))
        .route("/letters", post(profile::order_letter))
        .route("/shop", get(shop::show))
        .route("/payments", post(shop::pay))
        .route("/reservations", post(shop::reserve))
        .route("/admin", get(admin::show))
        .route("/operations", get(operations::show))
}

/// Adds what needs no session around it.
fn around(site: Site, pages: App) -> App {
    App::new()
        .route("/status", get(status::show))
        .route("/metrics", get(metrics::show))
        .route("/user", post(settings::set_user))
        .route("/routing", post(settings::set_routing))
        .route("/operations/mode", post(operations::set_mode))
        .route("/operations/share", post(operations::set_share))
        .route("/operations/load", post(operations::set_load))
        .route("/lab/{replica}/lag", post(cluster::set_lag))
        .route("/lab/{replica}/pause", post(cluster::pause))
        .route("/lab/{replica}/resume", post(cluster::resume))
        .route("/lab/{replica}/kill", post(cluster::kill))
        .route("/lab/{replica}/restart", post(cluster::restart))
        .with_state(site)
        .route("/assets/icon.svg", get(assets::icon))
        .route("/assets/page.css", get(assets::css))
        .route("/assets/page.js", get(assets::js))
        .merge(pages)
        .layer(from_fn(guard::guard))
}

async fn new_session(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(site.router.session());
    next.run(request).await
}
