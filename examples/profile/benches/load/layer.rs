//! The fourth part: the layer around a handler that does nothing.

use std::time::{Duration, Instant};

use axum::Router as App;
use axum::routing::get;
use diesel_routing::edge::SessionLayer;
use profile::Site;

use crate::crowd::User;

const TURNS: usize = 40;
const REQUESTS: u32 = 2_000;

pub(crate) async fn measure(site: &Site, service: &App) {
    let mut user = User::new(1);
    user.change(service).await;
    let bare = App::new().route("/", get(async || ()));
    let layered = bare
        .clone()
        .layer(SessionLayer::from(site.untimed().edge().clone()));
    let mut least = [Duration::MAX; 2];
    for _ in 0..TURNS {
        for (app, least) in [&layered, &bare].into_iter().zip(&mut least) {
            let since = Instant::now();
            for _ in 0..REQUESTS {
                user.look(app).await;
            }
            *least = (*least).min(since.elapsed() / REQUESTS);
        }
    }
    let [with, without] = least;
    println!(
        "4. A handler that does nothing, one request at a time, the quickest of {TURNS} turns"
    );
    println!("   with the layer     {:>6.2} us", with.as_secs_f64() * 1e6);
    println!(
        "   without            {:>6.2} us",
        without.as_secs_f64() * 1e6
    );
}
