//! The tables' first rows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use diesel::dsl::sql as sql_of;
use diesel::sql_types::{Nullable, Text};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use diesel_routing::pg::Router;
use diesel_routing::prelude::*;
use tokio::time::Instant;

use crate::Address;

/// How long a replica may take to have them: longer than the lag of any that is meant to serve.
const LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

const NAMES: &str = "Ada,Bilal,Chen,Dana,Emeka,Freya,Goran,Hana,Imran,Joana,Kofi,Lena";

/// Makes the tables, and puts every row back to what it was at first.
///
/// Returns the mark by which [`wait_for`] knows these tables from those of an earlier run.
pub(crate) async fn plant(router: &Router, users: u32) -> Result<String> {
    let mark = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let mark = mark.to_string();
    let mut conn = router.write().await?;
    conn.batch_execute(&sql(users, &mark))
        .await
        .context("could not make the tables in schema `profile`")?;
    Ok(mark)
}

/// Waits until a node has all that was planted.
pub(crate) async fn wait_for(address: &Address, mark: &str) -> Result<()> {
    let Address { name, url } = address;
    let mut conn = AsyncPgConnection::establish(url)
        .await
        .with_context(|| format!("{name} gives no connection"))?;
    let deadline = Instant::now() + LIMIT;
    while found(&mut conn).await?.as_deref() != Some(mark) {
        if Instant::now() > deadline {
            bail!("{name} lacks the tables after {LIMIT:?}: does it replay the primary's writes?");
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn found(conn: &mut AsyncPgConnection) -> Result<Option<String>> {
    // Nothing of a schema that is not there, and no error.
    let mark = "obj_description(to_regnamespace('profile'))";
    let mark = diesel::select(sql_of::<Nullable<Text>>(mark));
    Ok(mark.get_result(conn).await?)
}

fn sql(users: u32, mark: &str) -> String {
    format!(
        "BEGIN;
         DROP SCHEMA IF EXISTS profile CASCADE;
         CREATE SCHEMA profile;
         COMMENT ON SCHEMA profile IS '{mark}';
         CREATE TABLE profile.users (id integer PRIMARY KEY, name text NOT NULL, locale text NOT NULL);
         CREATE TABLE profile.accounts (
             user_id integer PRIMARY KEY REFERENCES profile.users,
             balance bigint NOT NULL CHECK (balance >= 0)
         );
         CREATE TABLE profile.items (
             id integer PRIMARY KEY,
             name text NOT NULL,
             \"left\" integer NOT NULL CHECK (\"left\" >= 0)
         );
         CREATE TABLE profile.letters (
             id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
             user_id integer NOT NULL REFERENCES profile.users,
             locale text NOT NULL
         );
         INSERT INTO profile.users
             SELECT id, coalesce((string_to_array('{NAMES}', ','))[id], 'User ' || id), 'en'
             FROM generate_series(1, {users}) AS id;
         INSERT INTO profile.accounts SELECT id, 10000 FROM profile.users;
         INSERT INTO profile.items VALUES (1, 'Concert ticket', 5), (2, 'Rain coat', 40);
         COMMIT"
    )
}
