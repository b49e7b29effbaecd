//! The session layer.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::{Duration, SystemTime};

use diesel_routing::edge::SessionLayer;
use diesel_routing::sqlite::Router;
use diesel_routing::{Node, Token, TokenKeys};
use http::{Request, Response, header};
use tokio::runtime::Builder;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{Outcome, Steps};

const SECRET: [u8; 32] = [7; 32];

/// Returns a request with the token of a session that has written, and its answer.
pub(crate) fn steps() -> Outcome<Steps> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let keys = TokenKeys::new(1, SECRET)?;
    let now = SystemTime::now();
    let token = Token::new(now + Duration::from_secs(600)).wrote_at_unknown_position(now);
    let cookie = format!("__Host-db-session={}", keys.sign(&token));
    let router = runtime.block_on(async {
        let database = |name| Node::new(name, format!("file:{name}?mode=memory&cache=shared"));
        let router = Router::builder()
            .token_keys(keys)
            .primary(database("primary"))
            .replica(database("replica"));
        router.build().await
    })?;
    let layer = SessionLayer::new(router)?;
    let service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(()))
    }));
    Ok(Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let request = Request::get("/theme").header(header::COOKIE, cookie.as_str());
                black_box(service.clone().oneshot(request.body(())?).await?);
            }
            Ok(())
        })
    }))
}
