//! An endpoint for operators: the status, and changes of the configuration.
//!
//! [`router`] returns an axum router with these routes:
//!
//! | | |
//! |---|---|
//! | `GET /status` | [`Status`](crate::Status) as JSON |
//! | `GET /config` | the configuration that runs: a [`RoutingConfig`], without secrets, as it never has any |
//! | `POST /apply` | applies the [`RoutingConfig`] in the body (JSON): 200 with the [`Changes`](crate::config::Changes), 422 if it is wrong or a node of it does not answer, with `{"error": .., "key": ..}`. `?by=deploy+42` says who does it |
//! | `POST /mode` | throws the switch: `{"mode": "on" \| "primary_only" \| "as_written", "replica_share": 20, "classes": {"payments": 10}}`, each of which may be left out (shares in percent): 200 with what is in force. `?by=` as above |
//!
//! With the feature `metrics`, [`metrics`](metrics()) adds `GET /metrics`.
//!
//! It binds nothing, and has no authentication of its own: mount it behind the application's, where only operators come. Whoever may
//! call it may send the application's reads and writes to another server.
//!
//! ```no_run
//! # #[cfg(all(feature = "postgres", feature = "bb8"))] {
//! use axum::{Router, http::StatusCode, middleware, response::Response};
//!
//! # async fn example(db: diesel_routing::pg::Router, app: Router) {
//! async fn operators_only(
//!     request: axum::extract::Request,
//!     next: middleware::Next,
//! ) -> Result<Response, StatusCode> {
//!     // The application's own check: a session of an operator, a client certificate.
//!     # fn is_operator(_: &axum::extract::Request) -> bool { false }
//!     if is_operator(&request) { Ok(next.run(request).await) } else { Err(StatusCode::NOT_FOUND) }
//! }
//!
//! let admin = diesel_routing::admin::router(&db).layer(middleware::from_fn(operators_only));
//! let app = app.nest("/internal/db", admin);
//! # let _ = app;
//! # }
//! # }
//! ```

use std::borrow::Cow;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::RoutedConnection;
use crate::config::{RoutingConfig, Switch, Update};
use crate::error::{ConfigError, Error, error_chain};
use crate::observe::Event;

/// The author of a change, if the query does not name one.
const DEFAULT_AUTHOR: &str = "the admin endpoint";

/// Returns the routes for operators of this router: see the [module](self).
#[must_use = "it serves nothing before it is mounted"]
pub fn router<C: RoutedConnection>(router: &crate::Router<C>) -> Router {
    Router::new()
        .route("/status", get(status::<C>))
        .route("/config", get(config::<C>))
        .route("/apply", post(apply::<C>))
        .route("/mode", post(mode::<C>))
        .with_state(router.clone())
}

/// Returns the route `GET /metrics`, which brings the recorder of [`metrics`](crate::metrics) up to date and answers with what
/// `render` returns: the text that Prometheus reads. The recorder is the application's, so how to render it is for that to say.
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))]
/// # fn example(db: diesel_routing::pg::Router) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::admin;
/// use metrics_exporter_prometheus::PrometheusBuilder;
///
/// let prometheus = PrometheusBuilder::new().install_recorder()?;
/// let admin = admin::router(&db).merge(admin::metrics(&db, move || prometheus.render()));
/// # let _ = admin;
/// # Ok(()) }
/// ```
#[cfg(feature = "metrics")]
#[must_use = "it serves nothing before it is mounted"]
pub fn metrics<C: RoutedConnection>(
    router: &crate::Router<C>,
    render: impl Fn() -> String + Clone + Send + Sync + 'static,
) -> Router {
    let router = router.clone();
    let scrape = move || async move {
        router.record_metrics();
        let headers = [
            (header::CONTENT_TYPE, "text/plain; version=0.0.4"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (headers, render()).into_response()
    };
    Router::new().route("/metrics", get(scrape))
}

async fn status<C: RoutedConnection>(State(router): State<crate::Router<C>>) -> Response {
    json(StatusCode::OK, &router.status())
}

async fn config<C: RoutedConnection>(State(router): State<crate::Router<C>>) -> Response {
    json(StatusCode::OK, &router.configuration())
}

async fn apply<C: RoutedConnection>(
    State(router): State<crate::Router<C>>,
    uri: Uri,
    body: Bytes,
) -> Response {
    let config = match text_of(&body).and_then(RoutingConfig::from_json) {
        Ok(config) => config,
        Err(error) => return refused(&error.into()),
    };
    let author = author(&uri).unwrap_or_else(|| DEFAULT_AUTHOR.to_owned());
    // In a task of its own: a client that hangs up ends nothing half-way, and learns of it in the status.
    let applied = tokio::spawn(async move { router.apply(Update::new(&config).by(author)).await });
    match applied.await {
        Ok(Ok(changes)) => json(StatusCode::OK, &changes),
        Ok(Err(error)) => refused(&error),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn mode<C: RoutedConnection>(
    State(router): State<crate::Router<C>>,
    uri: Uri,
    body: Bytes,
) -> Response {
    let switch = match text_of(&body).and_then(Switch::from_json) {
        Ok(switch) => switch,
        Err(error) => return refused(&error.into()),
    };
    let author = author(&uri).unwrap_or_else(|| DEFAULT_AUTHOR.to_owned());
    if let Err(error) = throw(&router, &switch, &author) {
        return refused(&error.into());
    }
    json(StatusCode::OK, &in_force(&router))
}

/// Throws the switch, if all that is asked for may be.
fn throw<C: RoutedConnection>(
    router: &crate::Router<C>,
    switch: &Switch,
    author: &str,
) -> Result<(), ConfigError> {
    let state = router.shared().snapshot();
    let unknown = |class: &&String| state.live.class(class).is_none();
    if let Some(class) = switch.classes.keys().find(unknown) {
        let problem = "the router has no such class";
        return Err(ConfigError::setting(format!("classes.{class}"), problem));
    }
    if let Some(mode) = switch.mode {
        router.switch(mode.into(), Some(author));
    }
    if let Some(percent) = switch.replica_share {
        router.share(percent, Some(author))?;
    }
    let mut classes = switch.classes.iter();
    classes.try_for_each(|(class, percent)| router.share_of_class(class, *percent, Some(author)))
}

/// Returns the mode and the shares.
fn in_force<C: RoutedConnection>(router: &crate::Router<C>) -> serde_json::Value {
    let status = router.status();
    let classes: std::collections::BTreeMap<_, _> =
        status.class_replica_shares.into_iter().collect();
    serde_json::json!({
        "mode": status.mode,
        "replica_share": status.replica_share,
        "classes": classes,
    })
}

fn text_of(body: &Bytes) -> Result<&str, ConfigError> {
    std::str::from_utf8(body).map_err(|_| ConfigError::Unreadable {
        problem: "the body is not UTF-8".to_owned(),
    })
}

/// Returns who changes the configuration, if the query says so.
fn author(uri: &Uri) -> Option<String> {
    let mut pairs = uri.query()?.split('&');
    let author = pairs.find_map(|pair| pair.strip_prefix("by="))?;
    let author = author.replace('+', " ");
    Some(percent_decode_str(&author).decode_utf8_lossy().into_owned())
}

/// The answer to what was refused.
#[derive(Serialize)]
struct Refusal<'a> {
    error: String,
    /// The key that is wrong, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
}

fn refused(error: &Error) -> Response {
    let key = match error {
        Error::Config(ConfigError::Key { key, .. }) => Some(Cow::Borrowed(key.as_str())),
        Error::Config(ConfigError::NeedsRestart { keys }) => Some(keys.join(", ").into()),
        _ => None,
    };
    let error = error_chain(error);
    json(StatusCode::UNPROCESSABLE_ENTITY, &Refusal { error, key })
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => {
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (status, headers, text).into_response()
        }
        Err(error) => {
            Event::AnswerNotWritten {
                why: &error.to_string(),
            }
            .emit();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
