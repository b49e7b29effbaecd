//! Migrations that tests write in place.

use std::fmt;
use std::sync::Arc;

use diesel::backend::Backend;
use diesel::connection::BoxableConnection;
use diesel::migration::{
    Migration, MigrationMetadata, MigrationName, MigrationSource, MigrationVersion, Result,
};

/// A source of migrations.
#[derive(Clone, Default)]
pub(crate) struct Steps(Vec<Step>);

/// One migration; its version is what its name has before the underscore.
#[derive(Clone)]
struct Step {
    name: &'static str,
    up: &'static str,
    down: &'static str,
    in_transaction: bool,
    first: Option<Arc<dyn Fn() + Send + Sync>>,
    last: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The same, and then another migration.
    pub(crate) fn step(mut self, name: &'static str, up: &'static str, down: &'static str) -> Self {
        self.0.push(Step {
            name,
            up,
            down,
            in_transaction: true,
            first: None,
            last: None,
        });
        self
    }

    /// The last one runs outside a transaction.
    pub(crate) fn outside_a_transaction(mut self) -> Self {
        self.0.last_mut().unwrap().in_transaction = false;
        self
    }

    /// The last one does this first.
    pub(crate) fn first(mut self, first: impl Fn() + Send + Sync + 'static) -> Self {
        self.0.last_mut().unwrap().first = Some(Arc::new(first));
        self
    }

    /// The last one does this after its statements, before it is recorded.
    pub(crate) fn last(mut self, last: impl Fn() + Send + Sync + 'static) -> Self {
        self.0.last_mut().unwrap().last = Some(Arc::new(last));
        self
    }
}

impl<DB: Backend> MigrationSource<DB> for Steps {
    fn migrations(&self) -> Result<Vec<Box<dyn Migration<DB>>>> {
        let boxed = |step: &Step| Box::new(step.clone()) as Box<dyn Migration<DB>>;
        Ok(self.0.iter().map(boxed).collect())
    }
}

impl<DB: Backend> Migration<DB> for Step {
    fn run(&self, conn: &mut dyn BoxableConnection<DB>) -> Result<()> {
        if let Some(first) = &self.first {
            first();
        }
        conn.batch_execute(self.up)?;
        if let Some(last) = &self.last {
            last();
        }
        Ok(())
    }

    fn revert(&self, conn: &mut dyn BoxableConnection<DB>) -> Result<()> {
        Ok(conn.batch_execute(self.down)?)
    }

    fn metadata(&self) -> &dyn MigrationMetadata {
        self
    }

    fn name(&self) -> &dyn MigrationName {
        self
    }
}

impl MigrationMetadata for Step {
    fn run_in_transaction(&self) -> bool {
        self.in_transaction
    }
}

impl MigrationName for Step {
    fn version(&self) -> MigrationVersion<'_> {
        self.name.split('_').next().unwrap_or_default().into()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
