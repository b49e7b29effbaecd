//! `Failure`: what a user is told when it did not work.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use crate::LabError;

/// The reason why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("there is no such user or thing: go back to the first page and choose another")]
    NotFound,
    #[error("this cluster is not ours to slow down: start without --primary to have one that is")]
    NoLab,
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error("{0}")]
    Bad(&'static str),
    #[error("too many people want something at once: try again in {} s", .0.as_secs())]
    Strained(Duration),
    #[error("it did not work: {0:#}")]
    Internal(anyhow::Error),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoLab => StatusCode::CONFLICT,
            Self::Strained(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Lab(LabError::Server(_)) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Lab(_) | Self::Bad(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let retry_after = match &self {
            Self::Strained(after) => Some([(RETRY_AFTER, after.as_secs().to_string())]),
            _ => None,
        };
        (self.status(), retry_after, self.to_string()).into_response()
    }
}

impl From<diesel_routing::Error> for Failure {
    fn from(error: diesel_routing::Error) -> Self {
        // In whole seconds, as the header has it.
        if let Some(after) = error.retry_after() {
            return Self::Strained(Duration::from_secs(after.as_secs() + 1));
        }
        if error.is_not_found() {
            return Self::NotFound;
        }
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
