//! Serves the theme on one framework, on a cluster whose replica stands still: see the library.

use actix_web::{App, HttpServer};
use anyhow::{Result, bail};
use diesel_routing_actix::SessionMiddleware;
use frameworks::{actix, axum, cluster, graphql, hyper, poem, rocket, salvo};
use tokio::net::TcpListener;

const ADDRESS: (&str, u16) = ("127.0.0.1", 8080);

#[tokio::main]
async fn main() -> Result<()> {
    let cluster = cluster::stale()?;
    let router = cluster::router(&cluster).await?;
    let framework = std::env::args().nth(1).unwrap_or_default();
    match framework.as_str() {
        "actix" => {
            let sessions = SessionMiddleware::new(router)?;
            let app = move || App::new().wrap(sessions.clone()).configure(actix::routes);
            HttpServer::new(app).bind(ADDRESS)?.run().await?;
        }
        "axum" => ::axum::serve(TcpListener::bind(ADDRESS).await?, axum::app(router)?).await?,
        "graphql" => {
            ::axum::serve(TcpListener::bind(ADDRESS).await?, graphql::app(router)?).await?
        }
        "hyper" => hyper::serve(TcpListener::bind(ADDRESS).await?, router).await?,
        "poem" => {
            let listener = ::poem::listener::TcpListener::bind(ADDRESS);
            ::poem::Server::new(listener)
                .run(poem::app(router)?)
                .await?;
        }
        "rocket" => {
            let at = ::rocket::Config::figment().merge(("port", ADDRESS.1));
            rocket::app(router)?.configure(at).launch().await?;
        }
        "salvo" => {
            use ::salvo::prelude::*;
            let acceptor = TcpListener::new(ADDRESS).bind().await;
            Server::new(acceptor).serve(salvo::app(router)?).await;
        }
        other => bail!("`{other}` is not one of actix, axum, graphql, hyper, poem, rocket, salvo"),
    }
    Ok(())
}
