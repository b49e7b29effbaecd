//! Money: an old balance is no balance.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::prelude::*;
use diesel_routing::{Error, Primary, consistency};

use crate::money::Cents;
use crate::schema::accounts;
use crate::trail::Notes;

/// The outcome of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payment {
    Made,
    /// There was too little on the account.
    Refused,
}

/// Reads the balance, strong whatever the session or the page would do with: with a replica's handle it does not compile.
#[consistency(strong)]
pub(crate) async fn balance(
    conn: &mut ReadConn<Primary>,
    notes: &Notes<'_>,
    user: i32,
) -> Result<Cents, Error> {
    notes.take("the balance", conn.route());
    let balance = accounts::table.find(user).select(accounts::balance);
    Ok(Cents(balance.first(conn).await?))
}

/// Takes the money if it is there, in one statement.
#[consistency(write)]
pub(crate) async fn pay(
    conn: &mut WriteConn,
    notes: &Notes<'_>,
    user: i32,
    amount: Cents,
) -> Result<Payment, Error> {
    notes.take("pay", conn.route());
    let solvent = accounts::table
        .find(user)
        .filter(accounts::balance.ge(amount.0));
    let paid = diesel::update(solvent)
        .set(accounts::balance.eq(accounts::balance - amount.0))
        .execute(conn)
        .await?;
    Ok(if paid == 1 {
        Payment::Made
    } else {
        Payment::Refused
    })
}
