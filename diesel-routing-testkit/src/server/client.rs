use std::error::Error;
use std::thread;

use tokio::runtime;
use tokio::time::timeout;

use super::Deadline;

/// The reason why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    TimedOut,
    Refused(Box<dyn Error + Send + Sync>),
}

/// The columns of a row, as text.
pub(crate) type Row = Vec<Option<String>>;

/// Returns the first column of the first row.
pub(crate) fn first(rows: Vec<Row>) -> Option<String> {
    rows.into_iter().next()?.into_iter().next()?
}

/// Runs an async client to the end of a conversation.
///
/// On a thread of its own, as the caller's may belong to an async runtime, where a second one can't
/// be started.
pub(crate) fn converse<T: Send, E: Error + Send + Sync + 'static>(
    deadline: Deadline,
    conversation: impl AsyncFnOnce() -> Result<T, E> + Send,
) -> Result<T, Failure> {
    let talking = || {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Refused(error.into()))?;
        runtime.block_on(async {
            match timeout(deadline.left(), conversation()).await {
                Ok(answer) => answer.map_err(|error| Failure::Refused(error.into())),
                Err(_elapsed) => Err(Failure::TimedOut),
            }
        })
    };
    thread::scope(|scope| scope.spawn(talking).join())
        .unwrap_or_else(|_panic| Err(Failure::Refused("the client panicked".into())))
}
