//! The browser.

use cucumber::{given, then, when};
use fantoccini::Locator;
use serde_json::json;

use crate::browser::Browser;
use crate::story::Story;

#[given("a browser")]
async fn a_browser(story: &mut Story) {
    let app = story.services[0].app.clone();
    story.browser = Some(Browser::open(app).await);
}

#[when(expr = "the browser's user clicks {string}")]
async fn click(story: &mut Story, button: String) {
    browser(story).click(&button).await;
}

#[then(expr = "the browser shows {string}")]
async fn shows(story: &mut Story, text: String) {
    browser(story).wait_for_text(&text).await;
}

#[then(expr = "the newest row of the trail is {string}, {string}, {string}")]
async fn newest_row(story: &mut Story, what: String, node: String, reason: String) {
    let client = &browser(story).client;
    let row = Locator::Css("#trail tbody tr:first-child");
    let row = client.find(row).await.expect("a row");
    let row = row.text().await.expect("text");
    for part in [what, node, reason] {
        assert!(row.contains(&part), "{part} is not in {row}");
    }
}

#[then(expr = "the chart of the lag has a line for each of {int} nodes")]
async fn chart(story: &mut Story, nodes: usize) {
    let browser = browser(story);
    // A line has two points at least.
    let line = format!("#lag-chart polyline[points*=' ']:nth-of-type({nodes})");
    browser.wait_for(Locator::Css(&line)).await;
    let lines = Locator::Css("#lag-chart polyline");
    let lines = browser.client.find_all(lines).await.expect("lines");
    assert_eq!(lines.len(), nodes);
}

/// Gathers what the page's policy blocked, up to an image that it must block.
const BLOCKED: &str = "
    const done = arguments[arguments.length - 1];
    const blocked = [];
    const gather = (reports) => {
        blocked.push(...reports.map((report) => report.body.blockedURL));
        if (blocked.includes('data')) done(blocked);
    };
    new ReportingObserver(gather, { types: ['csp-violation'], buffered: true }).observe();
    new Image().src = 'data:,';
";

#[then("the page's policy has blocked nothing")]
async fn nothing_blocked(story: &mut Story) {
    let client = &browser(story).client;
    let blocked = client.execute_async(BLOCKED, vec![]).await;
    assert_eq!(blocked.expect("an answer"), json!(["data"]));
}

fn browser(story: &Story) -> &Browser {
    story.browser.as_ref().expect("a browser")
}
