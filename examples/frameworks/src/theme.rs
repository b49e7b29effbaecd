//! The repository functions.

use diesel_routing::sqlite::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, Error, consistency, prelude::*};

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        settings { id -> Integer, theme -> Text, }
    }
}
use schema::settings;

/// Reads the theme, as fresh as the session needs it.
///
/// # Errors
///
/// Those of the database.
#[consistency(session)]
pub async fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok(theme.first(conn).await?)
}

/// Sets the theme.
///
/// # Errors
///
/// Those of the database.
#[consistency(write)]
pub async fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::table.find(1));
    setting.set(settings::theme.eq(theme)).execute(conn).await?;
    Ok(())
}
