//! `Failure`: what a user is told when it did not work.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::LabError;

/// Why there is no page.
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
    #[error("it did not work: {0:#}")]
    Internal(anyhow::Error),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NoLab => StatusCode::CONFLICT,
            Self::Lab(LabError::Server(_)) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Lab(_) | Self::Bad(_) => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status(), self.to_string()).into_response()
    }
}

impl From<diesel_routing::Error> for Failure {
    fn from(error: diesel_routing::Error) -> Self {
        match error {
            diesel_routing::Error::Query(diesel::result::Error::NotFound) => Self::NotFound,
            error => Self::Internal(error.into()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}
