//! The questions to MySQL and MariaDB servers.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Duration;

use diesel::sql_types::{Nullable, Text};
use diesel::{ConnectionResult, QueryResult};

use super::mysql::{Raw, RunQueryDsl, SimpleConnection, begin_with, open};
use super::{RoutedConnection, flavoured};
use crate::backend::mysql::checksum;
use crate::backend::mysql::{
    Answer, AskGalera, AskMariaDb, AskMySql, AskRole, ChangeSettings, MySqlSource, Outcome,
    Variable,
};
use crate::cluster::{Checksum, ChecksumLimits, Diagnosis, Observation, ServerFacts};
use crate::connect::{SettingChanges, conceal};
use crate::position::{Position, ServerKind};
use crate::server::NodeRole;
use crate::statement::TableName;

#[flavoured]
impl RoutedConnection for Raw {
    const WATCHED: bool = true;
    const WAITS: bool = true;
    const DEMOTED_IN_PLACE: bool = true;

    /// Opens a connection, with TLS as `ssl_mode`, `ssl_ca`, `ssl_cert` and `ssl_key` say (async: feature `rustls`). Where
    /// `ssl_mode` is `REQUIRED` or more, a server without TLS is refused, whatever the client library does.
    async fn open(url: &str) -> ConnectionResult<Self> {
        open(url).await.map_err(|error| conceal(url, error))
    }

    /// Returns whether the server accepts writes from ordinary users.
    async fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        self.role_and_mode().await.map(|(role, _)| role)
    }

    async fn role_and_mode(&mut self) -> QueryResult<(Option<NodeRole>, Option<bool>)> {
        let ask = AskRole::new();
        let answer = RunQueryDsl::get_result(ask, self).await?;
        let (role, read_only) = ask.role(answer)?;
        Ok((Some(role), Some(read_only)))
    }

    async fn observe(&mut self, facts: &ServerFacts) -> QueryResult<Option<Observation>> {
        match facts.kind {
            Some(ServerKind::MariaDb) => {
                let answer: Answer = RunQueryDsl::get_result(AskMariaDb, self).await?;
                Ok(Some(answer.of_mariadb()))
            }
            Some(ServerKind::MySql) => {
                let answer: Answer = RunQueryDsl::get_result(AskMySql, self).await?;
                Ok(Some(answer.of_mysql()))
            }
            Some(ServerKind::Galera) => {
                let status: Vec<Variable> = RunQueryDsl::load(AskGalera, self).await?;
                Ok(Some(crate::backend::mysql::of_galera(&status)))
            }
            _ => Ok(None),
        }
    }

    /// Returns the server's kind, its identity, its version, and its `server_id`.
    async fn facts(&mut self, _: bool) -> QueryResult<ServerFacts> {
        let facts = diesel::sql_query(crate::backend::mysql::FACTS);
        let variables: Vec<Variable> = RunQueryDsl::load(facts, self).await?;
        Ok(crate::backend::mysql::facts(&variables))
    }

    async fn connections_in_use(&mut self, _: &ServerFacts) -> QueryResult<Option<f64>> {
        let connected = diesel::sql_query(crate::backend::mysql::CONNECTED);
        let connected: Vec<Variable> = RunQueryDsl::load(connected, self).await?;
        let admitted = diesel::sql_query(crate::backend::mysql::ADMITTED);
        let admitted: Vec<Variable> = RunQueryDsl::load(admitted, self).await?;
        Ok(crate::backend::mysql::share_in_use(&connected, &admitted))
    }

    async fn diagnose(&mut self, facts: &ServerFacts) -> QueryResult<Diagnosis> {
        let Some(kind @ (ServerKind::MariaDb | ServerKind::MySql)) = facts.kind else {
            return Ok(Diagnosis::default());
        };
        let query = diesel::sql_query(crate::backend::mysql::diagnosis(kind));
        let sources = if kind == ServerKind::MySql {
            let sources: QueryResult<Vec<MySqlSource>> = RunQueryDsl::load(query, self).await;
            sources.map(|sources| sources.into_iter().map(Into::into).collect())
        } else {
            RunQueryDsl::load(query, self).await
        };
        crate::backend::mysql::diagnosed(sources, kind)
    }

    async fn wait_for(
        &mut self,
        required: &Position,
        limit: Duration,
        facts: &ServerFacts,
    ) -> QueryResult<bool> {
        let Some(sql) = crate::backend::mysql::wait(required, limit.as_secs_f64()) else {
            return Ok(false);
        };
        let outcome: Outcome = RunQueryDsl::get_result(diesel::sql_query(sql), self).await?;
        if !outcome.is_there() {
            return Ok(false);
        }
        // MariaDB's function compares numbers alone, whatever the history.
        let observation = self.observe(facts).await?;
        Ok(observation.is_some_and(|observation| observation.covers(required)))
    }

    async fn set_causal_reads(&mut self, on: bool) -> QueryResult<()> {
        self.batch_execute(crate::backend::mysql::causal_reads(on))
            .await
    }

    async fn checksum(
        &mut self,
        table: &TableName,
        limits: &ChecksumLimits,
        facts: &ServerFacts,
    ) -> QueryResult<Option<Checksum>> {
        let (database, name) = table.parts();
        let columns = diesel::sql_query(checksum::COLUMNS)
            .bind::<Nullable<Text>, _>(database.map(str::to_owned))
            .bind::<Text, _>(name.to_owned());
        let columns: Vec<checksum::Column> = RunQueryDsl::load(columns, self).await?;
        // Each statement has a view of its own.
        let sum = checksum::checksum(table, &columns, facts.kind, limits)?;
        let sum: checksum::Sum = RunQueryDsl::get_result(diesel::sql_query(sum), self).await?;
        sum.checksum().map(Some)
    }

    async fn change_settings(&mut self, changes: &SettingChanges<'_>) -> QueryResult<()> {
        let changed = RunQueryDsl::execute(ChangeSettings::new(changes), self).await;
        changed.map(drop)
    }

    async fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        begin_with(self, sql).await
    }
}
