//! Users who do one thing after the other.

use axum::Router as App;
use profile::Locale;
use tokio::task::JoinSet;

use crate::client::{Client, Page};

/// The number of them that act at the same time.
pub(crate) const AT_ONCE: i32 = 8;

/// One user, and what their page must say.
#[derive(Debug, Clone)]
pub(crate) struct User {
    client: Client,
    chosen: Option<Locale>,
}

impl User {
    pub(crate) fn new(number: i32) -> Self {
        Self {
            client: Client::of_user(number),
            chosen: None,
        }
    }

    /// Chooses the next language.
    pub(crate) async fn change(&mut self, app: &App) {
        let mut others = Locale::ALL.into_iter().cycle();
        let next = match self.chosen {
            Some(chosen) => others.by_ref().skip_while(|it| *it != chosen).nth(1),
            None => others.nth(1),
        };
        if let Some(next) = next {
            let form = format!("locale={}", next.code());
            self.client.post(app, "/locale", &form).await;
            self.chosen = Some(next);
        }
    }

    pub(crate) async fn look(&mut self, app: &App) -> Page {
        self.client.get(app, "/").await
    }

    /// Returns whether a page shows something else than what was chosen.
    pub(crate) fn is_stale(&self, page: &Page) -> bool {
        let shown = page.element("locale");
        self.chosen
            .is_some_and(|chosen| shown != Some(chosen.name()))
    }
}

/// Has as many tasks as act at once do something, each with its own number, and gathers what came of it.
pub(crate) async fn together<T, F>(act: impl Fn(i32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: JoinSet<T> = (0..AT_ONCE).map(act).collect();
    tasks.join_all().await
}
