//! The third part: what is kept of users.

use anyhow::{Context, Result};
use axum::Router as App;
use diesel_routing::edge::MemoryStore;
use procfs::process::Process;
use profile::{Nodes, Site, app};

use crate::crowd::{AT_ONCE, User, together};

/// Users of the first round; of the second, ten times as many.
const FEW: i32 = 2_000;
const MANY: i32 = 10 * FEW;
/// States that the store may keep.
const KEPT: u64 = 1_000;

/// Returns whether the store kept to its bound.
pub(crate) async fn measure(nodes: &Nodes, tokens: &App) -> Result<bool> {
    println!("3. Each user changes their language once, and looks");
    grow("tokens in cookies", tokens).await?;
    let store = MemoryStore::new(KEPT);
    let builder = Site::builder(nodes).in_store(store.clone());
    let site = builder.open().await?;
    grow("a store for 1,000", &app(site)).await?;
    println!("   states in the store: {}", store.len());
    Ok(store.len() <= KEPT)
}

async fn grow(what: &str, app: &App) -> Result<()> {
    visit(app, 0, FEW).await;
    let before = resident()?;
    visit(app, FEW, MANY).await;
    let growth = resident()? - before;
    println!(
        "   {what:<18} {before:>6.1} MiB after {FEW} users, {growth:+.1} MiB after {MANY} more",
    );
    Ok(())
}

/// Lets users come once each, and take what they know with them.
async fn visit(app: &App, first: i32, count: i32) {
    together(|task| {
        let app = app.clone();
        async move {
            for user in (first + 1 + task..=first + count).step_by(AT_ONCE as usize) {
                let mut user = User::new(user);
                user.change(&app).await;
                user.look(&app).await;
            }
        }
    })
    .await;
}

/// Returns the memory of this process that is resident, in MiB.
fn resident() -> Result<f64> {
    let kib = Process::myself()?.status()?.vmrss.context("no VmRSS")?;
    Ok(kib as f64 / 1024.0)
}
