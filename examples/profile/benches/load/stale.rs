//! The second part: whether pages are stale.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router as App;
use profile::Nodes;

use crate::client::Page;
use crate::crowd::{AT_ONCE, User, together};
use crate::{REPLICAS, Sides};

/// The delay with which the replicas apply commits.
const LAG: Duration = Duration::from_millis(50);
/// Users of each task.
const USERS: i32 = 10;
/// One act in so many is a change.
const CHANGES: usize = 5;

#[derive(Debug, Default)]
struct Pages {
    all: u32,
    stale: u32,
    from_replicas: u32,
}

/// Returns whether only the side without the layer has stale pages.
pub(crate) async fn count(nodes: &Nodes, sides: &Sides, length: Duration) -> Result<bool> {
    let lab = nodes.lab().context("the replicas are not ours")?;
    for replica in 0..REPLICAS {
        lab.set_lag(replica, LAG)?;
    }
    let with = visits(&sides.with, length / 2).await;
    let without = visits(&sides.without, length / 2).await;
    for replica in 0..REPLICAS {
        lab.set_lag(replica, Duration::ZERO)?;
    }
    println!("2. Replicas {LAG:?} behind, one act in {CHANGES} a change, {AT_ONCE} at once");
    println!("   with the layer     {with}");
    println!("   without            {without}");
    Ok(with.stale == 0 && with.all > 0 && without.stale > 0)
}

async fn visits(app: &App, length: Duration) -> Pages {
    let pages = together(|task| {
        let app = app.clone();
        async move {
            let mut users: Vec<_> = (1..=USERS)
                .map(|user| User::new(task * USERS + user))
                .collect();
            let mut pages = Pages::default();
            let end = Instant::now() + length;
            // Every user in turn, and every fifth act a change: by someone else each round.
            for act in (0..).take_while(|_| Instant::now() < end) {
                let place = act % (users.len() + 1) % users.len();
                let user = &mut users[place];
                if act % CHANGES == 0 {
                    user.change(&app).await;
                }
                let page = user.look(&app).await;
                pages.all += 1;
                pages.stale += u32::from(user.is_stale(&page));
                pages.from_replicas += u32::from(is_from_a_replica(&page));
            }
            pages
        }
    });
    let sum = |sum: Pages, pages: Pages| Pages {
        all: sum.all + pages.all,
        stale: sum.stale + pages.stale,
        from_replicas: sum.from_replicas + pages.from_replicas,
    };
    pages.await.into_iter().fold(Pages::default(), sum)
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = 100.0 * f64::from(self.from_replicas) / f64::from(self.all.max(1));
        write!(
            f,
            "{:>7} pages, {:>5} stale, {share:.1} % from replicas",
            self.all, self.stale
        )
    }
}

/// Returns whether a replica served the page, by the newest row of its trail.
fn is_from_a_replica(page: &Page) -> bool {
    let node = page.text.split_once("class=\"node\">");
    node.is_some_and(|(_, node)| !node.starts_with("db-1"))
}
