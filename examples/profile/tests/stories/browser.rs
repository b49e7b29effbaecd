//! `Browser`: Chromium, by `WebDriver`.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use axum::Router as App;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::program::Program;
use crate::story::Soon;

const LIMIT: Duration = Duration::from_secs(30);

/// What Chromium does of its own accord on a first start: for a profile of a minute, on a machine that may have no
/// network.
const LEFT_OUT: [&str; 5] = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
];

#[derive(Debug)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    /// Ends the browser, too.
    _driver: Program,
}

impl Browser {
    /// Opens the first page of a service.
    pub(crate) async fn open(app: App) -> Self {
        let mut driver = Program::start(&["chromedriver"], |_| vec!["--port=0".to_owned()]);
        let port = driver.said(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        let profile = driver.dir().join("profile");
        let profile = format!("--user-data-dir={}", profile.display());
        let mut arguments = vec![
            "--headless=new",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            &profile,
        ];
        arguments.extend(LEFT_OUT);
        if is_root() {
            // Chromium's sandbox is for accounts that have something to lose.
            arguments.push("--no-sandbox");
        }
        let limit = LIMIT.as_millis();
        let wanted = json!({
            "goog:chromeOptions": { "args": arguments },
            // What is asked of a browser that hangs fails by then.
            "timeouts": { "pageLoad": limit, "script": limit },
        });
        let wanted = wanted.as_object().expect("an object").clone();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let url = format!("http://127.0.0.1:{port}");
        let connect = builder.capabilities(wanted).connect(&url);
        let client = timeout(LIMIT, connect).await.expect("Chromium in time");
        let client = client.expect("Chromium");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        client
            .goto(&format!("http://{address}/"))
            .await
            .expect("a page");
        Self {
            client,
            _driver: driver,
        }
    }

    /// Clicks the first button that is called so, and waits for the page it leads to.
    pub(crate) async fn click(&self, name: &str) {
        // The next page knows nothing of it.
        self.client
            .execute("window.isOld = true", vec![])
            .await
            .expect("a mark");
        let path = format!("//button[normalize-space()='{name}']");
        let button = self.client.find(Locator::XPath(&path)).await;
        button.expect("a button").click().await.expect("a click");
        let soon = Soon::start();
        while !self.is_on_a_new_page().await {
            soon.not_yet("the next page").await;
        }
    }

    /// Waits for this text.
    pub(crate) async fn wait_for_text(&self, text: &str) {
        let path = format!("//main//*[contains(., '{text}')]");
        self.wait_for(Locator::XPath(&path)).await;
    }

    async fn is_on_a_new_page(&self) -> bool {
        let script = "return !window.isOld && document.readyState === 'complete'";
        // Between two pages, there is nothing to ask.
        let answer = self.client.execute(script, vec![]).await;
        answer.is_ok_and(|answer| answer == json!(true))
    }

    pub(crate) async fn wait_for(&self, locator: Locator<'_>) {
        let wait = self.client.wait().at_most(LIMIT).for_element(locator);
        let found = wait.await;
        if let Err(error) = found {
            let source = self.client.source().await.unwrap_or_default();
            panic!("not on the page: {locator:?} ({error})\n{source}");
        }
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}
