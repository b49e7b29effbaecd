//! The place where a run's tables are.

use super::{Kind, ROWS, Sql, TABLES};
use crate::run_id::{PREFIX, RunId};

/// The place where a run's tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a schema, or on MySQL and MariaDB a database, of its own.
    Own,
    /// Beside the application's, with the run's name in front of theirs.
    Tables,
}

impl Place {
    /// Returns what there is of a run, in words.
    pub(crate) fn noun(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Own, Kind::MySql | Kind::MariaDb) => "database",
            (Self::Own, _) => "schema",
            (Self::Tables, _) => "tables",
        }
    }
}

impl Sql {
    /// Returns a table's name as statements have it.
    pub(super) fn name(&self, table: &str) -> String {
        match self.place {
            Place::Own => format!("{}.{table}", self.run),
            Place::Tables => format!("{}_{table}", self.run),
        }
    }

    fn names() -> impl Iterator<Item = String> {
        let tables = (0..TABLES).map(|table| format!("rows_{table}"));
        tables.chain(["log".to_owned()])
    }

    /// Returns the statements that make the tables and their rows.
    pub(crate) fn create(&self) -> Vec<String> {
        let mut all = Vec::new();
        match (self.place, self.kind) {
            (Place::Own, Kind::MySql | Kind::MariaDb) => {
                all.push(format!("CREATE DATABASE {}", self.run));
            }
            (Place::Own, _) => all.push(format!("CREATE SCHEMA {}", self.run)),
            (Place::Tables, _) => {}
        }
        let engine = match self.kind {
            Kind::MySql | Kind::MariaDb => " ENGINE = InnoDB",
            Kind::Postgres | Kind::Sqlite => "",
        };
        for name in Self::names() {
            let key = if name == "log" { "id, version" } else { "id" };
            all.push(format!(
                "CREATE TABLE {} (id INTEGER NOT NULL, version BIGINT NOT NULL, writer BIGINT NOT NULL, \
                 timeline INTEGER NOT NULL, PRIMARY KEY ({key})){engine}",
                self.name(&name)
            ));
        }
        if self.kind == Kind::Postgres {
            // Pools for reads may have an account of their own.
            if self.place == Place::Own {
                all.push(format!("GRANT USAGE ON SCHEMA {} TO PUBLIC", self.run));
            }
            let names: Vec<_> = Self::names().map(|name| self.name(&name)).collect();
            all.push(format!("GRANT SELECT ON {} TO PUBLIC", names.join(", ")));
        }
        for table in 0..TABLES {
            let rows: Vec<_> = (1..=ROWS)
                .map(|row| format!("({}, 0, 0, 1)", table * 100 + row))
                .collect();
            all.push(format!(
                "INSERT INTO {} (id, version, writer, timeline) VALUES {}",
                self.table_of(table * 100),
                rows.join(", ")
            ));
        }
        all
    }

    /// Returns the statements that remove what a run has made, however much of it there is.
    pub(crate) fn remove(&self, run: &RunId) -> Vec<String> {
        let of_run = Self {
            run: run.clone(),
            ..self.clone()
        };
        match (self.place, self.kind) {
            (Place::Own, Kind::MySql | Kind::MariaDb) => {
                vec![format!("DROP DATABASE IF EXISTS {run}")]
            }
            (Place::Own, _) => vec![format!("DROP SCHEMA IF EXISTS {run} CASCADE")],
            (Place::Tables, _) => Self::names()
                .map(|name| format!("DROP TABLE IF EXISTS {}", of_run.name(&name)))
                .collect(),
        }
    }

    /// Returns the question for the names of what runs have made, as `a`.
    pub(crate) fn runs(&self) -> String {
        let (kind, zero) = (self.kind, self.kind.number("0"));
        let none = kind.text("NULL");
        let (name, from) = match (self.place, kind) {
            (Place::Own, Kind::Postgres) => ("nspname", "pg_namespace WHERE nspname"),
            (Place::Own, _) => (
                "schema_name",
                "information_schema.schemata WHERE schema_name",
            ),
            (Place::Tables, Kind::Sqlite) => {
                ("name", "sqlite_master WHERE type = 'table' AND name")
            }
            (Place::Tables, Kind::Postgres) => (
                "tablename",
                "pg_tables WHERE schemaname = current_schema() AND tablename",
            ),
            (Place::Tables, _) => (
                "table_name",
                "information_schema.tables WHERE table_schema = DATABASE() AND table_name",
            ),
        };
        let name = kind.text(name);
        format!(
            "SELECT {name} AS a, {none} AS b, {zero} AS n, {zero} AS m FROM {from} LIKE '{PREFIX}%'"
        )
    }

    /// Returns the question for a server's version, as `a`, whatever its kind of this family.
    pub(crate) fn version(kind: Kind) -> String {
        let version = match kind {
            Kind::Postgres | Kind::MySql | Kind::MariaDb => "version()",
            Kind::Sqlite => "sqlite_version()",
        };
        let (none, zero) = (kind.text("NULL"), kind.number("0"));
        let version = kind.text(version);
        format!("SELECT {version} AS a, {none} AS b, {zero} AS n, {zero} AS m")
    }
}
