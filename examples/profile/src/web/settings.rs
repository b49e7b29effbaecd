//! What a browser keeps: who its user is, and whether their reads are routed.

use axum::Form;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::visitor::{ROUTING, USER, cookie};

#[derive(Debug, Deserialize)]
pub(crate) struct Who {
    user: i32,
}

pub(crate) async fn set_user(Form(Who { user }): Form<Who>) -> impl IntoResponse {
    let user = cookie(USER, user.to_string());
    ([(SET_COOKIE, user)], Redirect::to("/"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Whether {
    routing: Toggle,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Toggle {
    On,
    Off,
}

pub(crate) async fn set_routing(Form(Whether { routing }): Form<Whether>) -> impl IntoResponse {
    let value = match routing {
        Toggle::On => "on",
        Toggle::Off => "off",
    };
    ([(SET_COOKIE, cookie(ROUTING, value))], Redirect::to("/"))
}
