//! A replay that hangs.

use std::fmt;

use anyhow::{Context, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_routing_testkit::MariaNode;

/// A replica on which somebody's lock holds replay up; its threads run, as far as the server knows.
pub(crate) struct Hung<'a> {
    replica: &'a MariaNode,
    conn: MysqlConnection,
}

impl<'a> Hung<'a> {
    pub(crate) fn hang(replica: &'a MariaNode) -> Result<Self> {
        let socket = replica.socket().display();
        let url = format!("mysql://root@localhost/app?unix_socket={socket}");
        let mut conn = MysqlConnection::establish(&url)
            .with_context(|| format!("no connection to lock {}", replica.name()))?;
        conn.batch_execute("FLUSH TABLES WITH READ LOCK")
            .with_context(|| format!("{} is not locked", replica.name()))?;
        Ok(Self { replica, conn })
    }

    pub(crate) fn end(mut self) -> Result<()> {
        self.conn
            .batch_execute("UNLOCK TABLES")
            .with_context(|| format!("{} stays locked", self.replica.name()))
    }
}

impl fmt::Debug for Hung<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hung = f.debug_struct("Hung");
        hung.field("replica", &self.replica.name())
            .finish_non_exhaustive()
    }
}
