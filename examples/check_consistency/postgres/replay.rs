//! A replay that hangs.

use anyhow::Result;
use diesel_routing_testkit::PgNode;

/// A standby whose replaying process hangs.
#[derive(Debug)]
pub(crate) struct Hung<'a>(&'a PgNode);

impl<'a> Hung<'a> {
    pub(crate) fn hang(standby: &'a PgNode) -> Result<Self> {
        standby.freeze_replay()?;
        Ok(Self(standby))
    }

    pub(crate) fn end(self) -> Result<()> {
        Ok(self.0.thaw()?)
    }
}
