//! The migrations that a task consists of.

use std::collections::HashMap;

use diesel::backend::Backend;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};

use super::MigrationSteps;
use crate::error::MigrationError;

/// A harness' error.
pub(crate) type Why = Box<dyn std::error::Error + Send + Sync>;

/// The task of a run of migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    RunAll,
    RunNext,
    RevertLast,
    RevertAll,
}

/// A migration that is to be run or reverted.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) version: MigrationVersion<'static>,
    pub(crate) name: String,
    pub(crate) in_transaction: bool,
    pub(crate) reverts: bool,
}

/// Returns what a task consists of, in order.
pub(crate) fn plan<DB: Backend>(
    source: &impl MigrationSource<DB>,
    steps: &mut dyn MigrationSteps<DB>,
    task: Task,
    node: &str,
) -> Result<Vec<Planned>, MigrationError> {
    let node = || node.to_owned();
    let applied = steps.applied().map_err(|source| MigrationError::History {
        node: node(),
        source,
    })?;
    let count = match task {
        Task::RunAll | Task::RunNext => {
            let pending = pending(source, &applied)?.into_iter();
            let pending = pending.map(|migration| Planned::new(&*migration, false));
            let limit = if task == Task::RunNext { 1 } else { usize::MAX };
            return Ok(pending.take(limit).collect());
        }
        Task::RevertLast if applied.is_empty() => {
            return Err(MigrationError::NothingToRevert { node: node() });
        }
        Task::RevertLast => 1,
        Task::RevertAll => applied.len(),
    };
    let known = by_version(source)?;
    let planned = applied
        .into_iter()
        .take(count)
        .map(|version| match known.get(&version) {
            Some(migration) => Ok(Planned::new(&**migration, true)),
            None => Err(MigrationError::UnknownVersion {
                node: node(),
                version,
            }),
        });
    planned.collect()
}

/// Returns the migrations that are not among these versions, in order.
pub(crate) fn pending<DB: Backend>(
    source: &impl MigrationSource<DB>,
    applied: &[MigrationVersion<'_>],
) -> Result<Vec<Box<dyn Migration<DB>>>, MigrationError> {
    let mut known = by_version(source)?;
    for version in applied {
        known.remove(&version.as_owned());
    }
    let mut pending: Vec<_> = known.into_iter().collect();
    pending.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    let pending = pending.into_iter().map(|(_, migration)| migration);
    Ok(pending.collect())
}

type ByVersion<DB> = HashMap<MigrationVersion<'static>, Box<dyn Migration<DB>>>;

fn by_version<DB: Backend>(
    source: &impl MigrationSource<DB>,
) -> Result<ByVersion<DB>, MigrationError> {
    let migrations = source
        .migrations()
        .map_err(|source| MigrationError::Unreadable { source })?;
    let versions = migrations
        .into_iter()
        .map(|migration| (migration.name().version().as_owned(), migration));
    Ok(versions.collect())
}

impl Planned {
    fn new<DB: Backend>(migration: &dyn Migration<DB>, reverts: bool) -> Self {
        Self {
            version: migration.name().version().as_owned(),
            name: migration.name().to_string(),
            in_transaction: migration.metadata().run_in_transaction(),
            reverts,
        }
    }

    /// Returns the same once more.
    pub(crate) fn copy(&self) -> Self {
        Self {
            version: self.version.as_owned(),
            name: self.name.clone(),
            ..*self
        }
    }

    /// Runs or reverts the migration. `looks` at what was done meanwhile first: returns `false` if that was it.
    pub(crate) fn carry_out<DB: Backend>(
        &self,
        source: &impl MigrationSource<DB>,
        steps: &mut dyn MigrationSteps<DB>,
        looks: bool,
    ) -> Result<bool, Why> {
        if looks && steps.applied()?.contains(&self.version) != self.reverts {
            return Ok(false);
        }
        let known = by_version(source)?;
        let migration = known
            .get(&self.version)
            .ok_or("the migration was taken away meanwhile")?;
        if self.reverts {
            steps.revert(&**migration)?;
        } else {
            steps.run(&**migration)?;
        }
        Ok(true)
    }
}
