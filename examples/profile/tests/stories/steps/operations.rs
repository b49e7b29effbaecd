//! The page of whoever operates the service.

use axum::http::StatusCode;
use cucumber::{given, then, when};

use super::number;
use crate::story::{Soon, Story};

#[given(regex = r"^the operator has chosen the mode (\w+)$")]
#[when(regex = r"^the operator chooses the mode (\w+)$")]
async fn choose_mode(story: &mut Story, mode: String) {
    let form = format!("mode={mode}");
    story.post(1, "/operations/mode", &form).await;
    story.open(1, "/operations", 0).await;
    assert_eq!(story.page().element("mode"), Some(mode.as_str()));
}

#[given(expr = "the operator has given replicas to {int} percent of all users")]
#[when(expr = "the operator gives replicas to {int} percent of all users")]
async fn share(story: &mut Story, percent: u8) {
    let form = format!("percent={percent}");
    story.post(1, "/operations/share", &form).await;
}

#[when(expr = "the primary's load is {int} percent")]
async fn load(story: &mut Story, percent: u8) {
    let form = format!("percent={percent}");
    story.post(1, "/operations/load", &form).await;
    if percent < 80 {
        return;
    }
    // The service looks ten times a second, and when someone reads.
    let soon = Soon::start();
    loop {
        story.open(1, "/operations", 0).await;
        let strain = if percent < 85 { "strained" } else { "open" };
        if story.page().element("strain") == Some(strain) {
            return;
        }
        soon.not_yet(strain).await;
        story.look(2, "/").await;
    }
}

#[then(expr = "each of {int} users gets all pages from replicas, or all from the primary")]
async fn each_user_has_one_kind(story: &mut Story, users: i32) {
    let mut on_replicas = 0;
    for user in 1..=users {
        let mut kinds = Vec::new();
        for _ in 0..4 {
            story.open(user, "/", 0).await;
            let (node, reason) = story.page().route();
            assert_eq!(node == "db-1", reason == "outside_share", "{reason}");
            kinds.push(node == "db-1");
        }
        assert!(
            kinds.iter().all(|kind| *kind == kinds[0]),
            "user {user}: {kinds:?}"
        );
        on_replicas += i32::from(!kinds[0]);
    }
    assert!(
        (1..users).contains(&on_replicas),
        "{on_replicas} of {users}"
    );
}

#[then("the shop window is closed")]
fn window_is_closed(story: &mut Story) {
    assert!(story.page().element("closed").is_some());
}

#[then(regex = r"^(\w+) opens the shop (\d+) times, and every time all of it is there$")]
async fn shop_goes_on(story: &mut Story, name: String, times: usize) {
    for _ in 0..times {
        story.open(number(&name), "/shop", 0).await;
        assert!(story.page().element("item-1").is_some());
        assert!(story.page().element("balance").is_some());
    }
}

#[then(regex = r#"^soon it is "([\w-]+)" that fills the shop window$"#)]
async fn soon_fills(story: &mut Story, node: String) {
    let soon = Soon::start();
    loop {
        story.open(1, "/shop", 0).await;
        if story.page().route().0 == node {
            return;
        }
        soon.not_yet(&node).await;
    }
}

#[then(regex = r"^(\w+)'s profile page is refused for some seconds$")]
async fn is_refused(story: &mut Story, name: String) {
    let page = story.look(number(&name), "/").await;
    assert_eq!(
        page.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        page.text
    );
    assert!(page.retry_after.is_some(), "{}", page.text);
}

#[then(regex = r"^(\w+)'s profile page is soon back$")]
async fn is_back(story: &mut Story, name: String) {
    let soon = Soon::start();
    while story.look(number(&name), "/").await.status != StatusCode::OK {
        soon.not_yet("a page").await;
    }
}

#[then(regex = r#"^Prometheus is told of a loan of (a replica|the primary), because "(\w+)"$"#)]
async fn is_told(story: &mut Story, role: String, reason: String) {
    let metrics = story.look(1, "/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    let role = if role == "a replica" {
        "replica"
    } else {
        "primary"
    };
    let (role, reason) = (format!("role=\"{role}\""), format!("reason=\"{reason}\""));
    let mut loans = metrics.text.lines().filter(|line| {
        line.starts_with("diesel_routing_loans_total{router=\"profile\"") && line.contains(&role)
    });
    assert!(loans.any(|line| line.contains(&reason)), "{}", metrics.text);
}
