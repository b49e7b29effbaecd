//! `Fails`: what functions return that check connections out.

use crate::error::Error;

/// What an annotated function can return: a `Result` whose error is made of [`Error`].
#[diagnostic::on_unimplemented(
    message = "a `#[consistency]` function gets a connection, which can fail, and `{Self}` cannot say so",
    label = "return a `Result` with `diesel_routing::Error`, or with an error that has `From<diesel_routing::Error>`",
    note = "write `Result<T, diesel_routing::Error>` for `QueryResult<T>`, and `Ok(query?)` where a query is returned: `?` turns \
            Diesel's errors into ours",
    note = "an error of your own needs `From<diesel_routing::Error>`, and `From<diesel::result::Error>` for `?` on queries"
)]
pub trait Fails {
    /// Returns the failure to get a connection.
    fn failed(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Error>> Fails for Result<T, E> {
    fn failed(error: Error) -> Self {
        Err(error.into())
    }
}
