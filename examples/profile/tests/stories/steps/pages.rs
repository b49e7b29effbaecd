//! Pages: what they show, and where it came from.

use cucumber::{given, then, when};
use profile::Locale;

use super::{assert_came_from, number};
use crate::story::{Soon, Story};

#[when(regex = r"^(\w+) changes the language to (\w+)$")]
async fn change(story: &mut Story, name: String, language: String) {
    let locale = Locale::ALL.into_iter().find(|it| it.name() == language);
    let code = locale.expect("a language").code();
    story
        .post(number(&name), "/locale", &format!("locale={code}"))
        .await;
}

#[given(regex = r"^(\w+) has turned routing off$")]
async fn routing_off(story: &mut Story, name: String) {
    story.post(number(&name), "/routing", "routing=off").await;
}

#[when(regex = r"^(\w+) opens (the profile page|the shop|the admin page)( on the other node)?$")]
async fn open(story: &mut Story, name: String, page: String, elsewhere: String) {
    let path = match page.as_str() {
        "the profile page" => "/",
        "the shop" => "/shop",
        _ => "/admin",
    };
    let service = usize::from(!elsewhere.is_empty());
    story.open(number(&name), path, service).await;
}

#[then(regex = r"^the page is in (\w+)$")]
fn is_in(story: &mut Story, language: String) {
    let page = story.page();
    assert_eq!(
        page.element("locale"),
        Some(language.as_str()),
        "from {:?}",
        page.route()
    );
}

#[then("it says that it is stale")]
fn is_stale(story: &mut Story) {
    assert!(story.page().element("stale").is_some());
}

#[then(regex = r#"^it came from (the primary|a replica), because "(\w+)"$"#)]
fn came_from(story: &mut Story, node: String, reason: String) {
    let (from, because) = story.page().route();
    assert_came_from(from, &node);
    assert_eq!(because, reason);
}

#[then(regex = r#"^every page of (\w+) is in (\w+), until one comes from (a replica|"[\w-]+")$"#)]
async fn every_page_until(story: &mut Story, name: String, language: String, node: String) {
    let soon = Soon::start();
    loop {
        story.open(number(&name), "/", 0).await;
        let page = story.page();
        assert_eq!(page.element("locale"), Some(language.as_str()));
        assert!(page.element("stale").is_none());
        let (from, because) = page.route();
        if from != "db-1" {
            assert_came_from(from, &node);
            assert_eq!(because, "caught_up");
            return;
        }
        soon.not_yet("a replica that has caught up").await;
    }
}

#[then(regex = r"^(\w+)'s pages soon come from a replica$")]
async fn soon_from_a_replica(story: &mut Story, name: String) {
    let soon = Soon::start();
    loop {
        story.open(number(&name), "/", 0).await;
        if story.page().route().0 != "db-1" {
            return;
        }
        soon.not_yet("a page from a replica").await;
    }
}
