//! Payments, reservations, letters, and the admin page.

use cucumber::{then, when};
use profile::{Locale, Step};
use tokio::task::JoinSet;

use super::{assert_came_from, number};
use crate::client::Client;
use crate::story::{Soon, Story};

/// The item that there are five of.
const TICKET: i32 = 1;

#[when(regex = r"^(\w+) pays (\d+)$")]
async fn pay(story: &mut Story, name: String, amount: u32) {
    let form = format!("amount={amount}");
    story.post(number(&name), "/payments", &form).await;
}

#[then(regex = r"^(\d+\.\d\d) are left on the account$")]
fn left_on_the_account(story: &mut Story, balance: String) {
    assert_eq!(story.page().element("balance"), Some(balance.as_str()));
    let cents = story.fact("SELECT balance FROM profile.accounts WHERE user_id = 1");
    assert_eq!(cents, Some(balance.replace('.', "")));
}

#[then(
    regex = r#"^(the balance|the job's profile) came from (the primary|a replica), because "(\w+)"$"#
)]
fn step_came_from(story: &mut Story, what: String, node: String, reason: String) {
    let step = last_step(story, &what).expect("such a step");
    assert_came_from(&step.node, &node);
    assert_eq!(step.reason.as_str(), reason);
}

#[when(expr = "{int} users reserve a ticket at once")]
async fn reserve(story: &mut Story, users: i32) {
    let mut tasks = JoinSet::new();
    for user in 1..=users {
        let app = story.services[0].app.clone();
        tasks.spawn(async move {
            let mut client = Client::of_user(user);
            let form = format!("item={TICKET}");
            client.post(&app, "/reservations", &form).await.location
        });
    }
    let answers = tasks.join_all().await;
    let reserved = answers
        .iter()
        .filter(|it| it.as_deref() == Some("/shop?notice=reserved"));
    story.reserved = reserved.count();
}

#[then(expr = "{int} of them have one")]
fn have_one(story: &mut Story, users: usize) {
    assert_eq!(story.reserved, users);
}

#[then("no ticket is left")]
fn none_left(story: &mut Story) {
    let left = story.fact("SELECT \"left\" FROM profile.items WHERE id = 1");
    assert_eq!(left.as_deref(), Some("0"));
}

#[when(regex = r"^(\w+) orders a letter$")]
async fn order(story: &mut Story, name: String) {
    story.post(number(&name), "/letters", "").await;
}

#[then(regex = r"^a letter to (\w+) is in (\w+)$")]
async fn letter(story: &mut Story, name: String, language: String) {
    let user = number(&name);
    let sql = format!("SELECT locale FROM profile.letters WHERE user_id = {user}");
    let soon = Soon::start();
    let code = loop {
        match story.fact(&sql) {
            Some(code) => break code,
            None => soon.not_yet("a letter").await,
        }
    };
    assert_eq!(Locale::of(&code).map(Locale::name), Some(language.as_str()));
}

#[then(regex = r"^it shows (\w+)'s language as (\w+)$")]
fn shows_language(story: &mut Story, name: String, language: String) {
    let row = format!("id=\"user-{}\"", number(&name));
    let (_, row) = story.page().text.split_once(&row).expect("a row");
    let (row, _) = row.split_once("</tr>").expect("its end");
    assert!(row.contains(&format!("<td>{language}</td>")), "{row}");
}

fn last_step(story: &Story, what: &str) -> Option<Step> {
    let steps = story.services[0].site.trail().of_user(1, usize::MAX);
    steps.into_iter().find(|step| step.what == what)
}
