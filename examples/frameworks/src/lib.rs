//! One small service, on each framework: it shows a theme, and sets it.
//!
//! The replica is behind, always, so that a read from it shows "light" whatever was written: see [`cluster`]. Users see what they have
//! written nevertheless, because their requests' sessions are resumed, each in the framework's own way. [`theme`] has the repository
//! functions, which know nothing of frameworks.
//!
//! ```text
//! cargo run --manifest-path examples/frameworks/Cargo.toml -- actix
//! curl -c jar -X POST localhost:8080/theme; curl -b jar localhost:8080/theme; curl localhost:8080/theme
//! ```

pub mod actix;
pub mod axum;
pub mod cluster;
pub mod graphql;
pub mod hyper;
pub mod jobs;
pub mod poem;
pub mod rocket;
pub mod salvo;
pub mod theme;

/// The examples of `docs/frameworks.md`, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/frameworks.md")]
struct FrameworksPage;
