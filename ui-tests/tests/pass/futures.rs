//! The futures of `#[consistency(..)]` functions.

use diesel_routing::pg::{ReadConn, Session};
use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, consistency};
use ui_tests::users;

/// Whoever calls it writes its type out.
#[consistency(session)]
async fn typed<T>(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<T, Error>
where
    T: From<String>,
{
    let query = users::table.find(id).select(users::name);
    Ok(query.first::<String>(conn).await?.into())
}

type Letters<'a> = Box<dyn Iterator<Item = char> + Send + 'a>;

/// Its future borrows what its arguments do, and its body knows what it returns.
#[consistency(session)]
async fn borrowing<'a>(
    conn: &mut ReadConn<CaughtUp>,
    (before, mut after): (&'a str, &str),
    mut ids: std::slice::Iter<'_, i32>,
) -> Result<Letters<'a>, Error> {
    after = after.trim();
    if let Some(&id) = ids.next().filter(|_| after.is_empty()) {
        let name: Box<str> = typed::<Box<str>>(&mut *conn, id).await?;
        return Ok(Box::new(name.chars().rev().collect::<Vec<_>>().into_iter()));
    }
    Ok(Box::new(before.chars()))
}

/// Calls of one function are of one type, can be sent, and live as long as what they borrow.
fn calls<'a>(
    session: &'a Session,
    ids: &'a [i32],
) -> Vec<futures_util::future::BoxFuture<'a, Result<Letters<'a>, Error>>> {
    let call = |text| borrowing(session, ("", text), ids.iter());
    let calls = [call("a"), call("b")];
    calls.map(|call| Box::pin(call) as _).into()
}
