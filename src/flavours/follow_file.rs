//! Follows a configuration in a file.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Instant;

use super::{RoutedConnection, Router, flavoured, io};
use crate::config::{Changes, FileWatcher, Told, Update};
use crate::error::{Error, error_chain};

/// Applies the file as it changes, until its watch or the router is dropped: `router` returns that, if anyone keeps it.
#[flavoured]
pub(super) async fn follow<C: RoutedConnection>(
    router: impl Fn() -> Option<Router<C>>,
    mut file: FileWatcher,
) {
    loop {
        match file.next(Instant::now()) {
            Told::End => return,
            Told::Wait(sign, until) => {
                io::until(until, sign).await;
            }
            Told::Apply => {
                // Kept only while there is something to do.
                let Some(router) = router() else {
                    return;
                };
                let outcome = apply(&router, &mut file).await;
                file.applied(&outcome, Instant::now());
            }
        }
    }
}

#[flavoured]
async fn apply<C: RoutedConnection>(
    router: &Router<C>,
    file: &mut FileWatcher,
) -> Result<Changes, Error> {
    let author = file.author();
    match file.read() {
        Ok(config) => router.apply(Update::new(&config).by(author)).await,
        Err(error) => {
            let problem = error_chain(&error);
            router
                .shared()
                .configuration_refused(Some(&author), &problem);
            Err(error)
        }
    }
}
