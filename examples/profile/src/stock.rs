//! Things in stock, and their reservation.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::prelude::*;
use diesel_routing::{Error, Primary, Replica, consistency};

use crate::schema::items;
use crate::trail::Notes;

/// A thing, and how many of it are left.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct Item {
    pub(crate) id: i32,
    pub(crate) name: String,
    pub(crate) left: i32,
}

/// The outcome of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reservation {
    Made,
    SoldOut,
}

/// Reads for the shop window, where a replica's answer will do.
pub(crate) async fn all(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<Item>> {
    items::table.order(items::id).load(conn).await
}

/// Reserves one, unless all are gone. Reads and writes in one transaction, behind one row lock.
#[consistency(write)]
pub(crate) async fn reserve(
    conn: &mut WriteConn,
    notes: &Notes<'_>,
    item: i32,
) -> Result<Reservation, Error> {
    notes.take("reserve", conn.route());
    conn.transaction(async |tx| {
        // On this transaction's connection: it stands for every read handle.
        if left(&mut *tx, item).await? == 0 {
            return Ok(Reservation::SoldOut);
        }
        diesel::update(items::table.find(item))
            .set(items::left.eq(items::left - 1))
            .execute(tx)
            .await?;
        Ok(Reservation::Made)
    })
    .await
}

/// Returns how many are left, with the row locked until the transaction ends. A replica's handle would not compile:
/// some replicas take such a lock, which then protects nothing.
#[consistency(strong)]
async fn left(conn: &mut ReadConn<Primary>, item: i32) -> Result<i32, Error> {
    let item = items::table.find(item).select(items::left);
    Ok(item.for_update().first(conn).await?)
}

/// Takes stock, while nothing is reserved. A handle that reads takes row locks in its `transaction`, and writes
/// nothing there.
#[consistency(strong)]
pub(crate) async fn take_stock(
    conn: &mut ReadConn<Primary>,
    notes: &Notes<'_>,
) -> Result<i64, Error> {
    notes.take("stocktaking, with row locks", conn.route());
    conn.transaction(async |tx| {
        let left = items::table.select(items::left).for_share();
        let left: Vec<i32> = left.load(tx).await?;
        Ok(left.into_iter().map(i64::from).sum())
    })
    .await
}
