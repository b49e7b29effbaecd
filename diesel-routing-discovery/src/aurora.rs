//! `Aurora`: the instances that those of Aurora PostgreSQL list.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use diesel_routing::Node;
use futures_util::future::{self, BoxFuture};
use tokio_postgres::Client;

use crate::postgres::{Connect, PATIENCE, connect_plainly, said};
use crate::{DiscoveryError, Found, Source};

/// The list, and the age of each row: the row of the instance that is asked has no time.
const ASK: &str = "\
    SELECT server_id::text, session_id = 'MASTER_SESSION_ID', \
           extract(epoch FROM clock_timestamp() - last_update_timestamp)::float8 \
      FROM aurora_replica_status()";

/// The age past which a row is not believed, and the time for which an instance stays that is listed no more: rows of deleted
/// instances stay for a while, and after a failover the list may be incomplete. As the service's own drivers have it.
const KEPT: Duration = Duration::from_secs(300);

/// The instances of an Aurora PostgreSQL cluster, by its `aurora_replica_status()`.
///
/// **This was never run on the real service**: it was written from its documentation, and run on PostgreSQL with functions of
/// those names. Try it on a cluster of your own first.
///
/// Servers are asked all at once, and the first that lists a writer is believed: give the cluster endpoint and the reader
/// endpoint. A rule of yours makes nodes of instances; [`AuroraInstance::endpoint`] makes their addresses. An instance that
/// is listed no more stays for five minutes. Routers that follow it need `aurora()`, or `window_only()` with roles that the
/// rule states.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::Node;
/// use diesel_routing_discovery::{Aurora, Discovery};
///
/// let suffix = "c7tj4.us-east-1.rds.amazonaws.com";
/// let endpoints = [format!("postgres://app@mydb.cluster-{suffix}/app"), format!("postgres://app@mydb.cluster-ro-{suffix}/app")];
/// let instances = Aurora::at(endpoints, move |instance| {
///     let host = instance.endpoint(&format!("?.{suffix}"));
///     Some(Node::new(&*instance.id, format!("postgres://app@{host}/app")))
/// });
/// let node_sets = Discovery::of(instances).into_stream();
/// # let _ = node_sets;
/// ```
pub struct Aurora {
    urls: Vec<String>,
    rule: Rule,
    connect: Connect,
    /// By id, with the time at which it was listed last.
    listed: BTreeMap<String, (Instant, AuroraInstance)>,
}

/// The rule that makes nodes of instances.
type Rule = Box<dyn Fn(&AuroraInstance) -> Option<Node> + Send + Sync>;

/// An instance of Aurora PostgreSQL, as one of its cluster lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuroraInstance {
    /// The identifier of the instance.
    pub id: String,
    /// Set if it is listed as the writer, or was when it was listed last.
    pub is_writer: bool,
}

impl AuroraInstance {
    /// Returns the address of the instance: `pattern` with the id in the place of `?`, as in
    /// `?.c7tj4.us-east-1.rds.amazonaws.com`, as the service's own drivers write it. What follows the id is the same for
    /// all instances of a cluster.
    #[must_use]
    pub fn endpoint(&self, pattern: &str) -> String {
        pattern.replacen('?', &self.id, 1)
    }
}

impl Aurora {
    /// Creates a source of the cluster that these URLs lead to; `rule` makes nodes of instances, `None` leaves one out.
    pub fn at(
        endpoints: impl IntoIterator<Item = impl Into<String>>,
        rule: impl Fn(&AuroraInstance) -> Option<Node> + Send + Sync + 'static,
    ) -> Self {
        Self {
            urls: endpoints.into_iter().map(Into::into).collect(),
            rule: Box::new(rule),
            connect: connect_plainly(),
            listed: BTreeMap::new(),
        }
    }

    /// Sets what opens connections, for TLS and passwords that change. It has to drive the connection as well.
    #[must_use]
    pub fn connect_with(
        mut self,
        connect: impl Fn(&str) -> BoxFuture<'static, Result<Client, tokio_postgres::Error>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.connect = Box::new(connect);
        self
    }

    /// Returns what one server lists.
    async fn list(&self, url: &str) -> Result<Vec<AuroraInstance>, DiscoveryError> {
        let unreachable = |error: tokio_postgres::Error| DiscoveryError::Unreachable {
            source_name: self.name(),
            cause: said(&error),
        };
        let client = (self.connect)(url).await.map_err(unreachable)?;
        let mut rows = Vec::new();
        for row in client.query(ASK, &[]).await.map_err(unreachable)? {
            let (id, is_writer, age) = (row.try_get(0), row.try_get(1), row.try_get(2));
            rows.push(Row {
                id: id.map_err(unreachable)?,
                is_writer: is_writer.map_err(unreachable)?,
                age: age.map_err(unreachable)?,
            });
        }
        instances(rows).map_err(|cause| DiscoveryError::Unreadable {
            source_name: self.name(),
            cause,
        })
    }
}

impl Source for Aurora {
    fn name(&self) -> String {
        "the instances of the Aurora cluster".to_owned()
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        let now = Instant::now();
        if self.urls.is_empty() {
            return Err(DiscoveryError::Unreachable {
                source_name: self.name(),
                cause: "no endpoint is given".to_owned(),
            });
        }
        let asked = self.urls.iter().map(|url| {
            Box::pin(async {
                let answer = tokio::time::timeout(PATIENCE, self.list(url)).await;
                answer.unwrap_or_else(|_| {
                    Err(DiscoveryError::TimedOut {
                        source_name: self.name(),
                        timeout: PATIENCE,
                    })
                })
            })
        });
        let (instances, _) = future::select_ok(asked).await?;
        for (_, known) in self.listed.values_mut() {
            // There is one.
            known.is_writer = false;
        }
        for instance in instances {
            self.listed.insert(instance.id.clone(), (now, instance));
        }
        self.listed
            .retain(|_, (at, _)| now.duration_since(*at) < KEPT);
        let nodes = self.listed.values();
        let nodes = nodes.filter_map(|(_, instance)| (self.rule)(instance));
        Ok(Found::new(nodes.collect()))
    }
}

impl fmt::Debug for Aurora {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aurora")
            .field("listed", &self.listed)
            .finish_non_exhaustive()
    }
}

/// A row of the list; the age is in seconds.
struct Row {
    id: Option<String>,
    is_writer: Option<bool>,
    age: Option<f64>,
}

/// Returns the instances that a list names. The former writer may still be listed as one: the row that was updated last
/// counts, and first of all that of the instance that was asked.
fn instances(rows: Vec<Row>) -> Result<Vec<AuroraInstance>, String> {
    let age = |row: &Row| row.age.unwrap_or(0.0);
    let writers = rows.iter().filter(|row| row.is_writer == Some(true));
    let writer = writers.min_by(|one, other| age(one).total_cmp(&age(other)));
    let Some(writer) = writer.and_then(|row| row.id.clone()) else {
        return Err("it lists no writer, as during a failover".to_owned());
    };
    let mut instances = Vec::new();
    for row in rows {
        let is_old = age(&row) > KEPT.as_secs_f64();
        let Some(id) = row.id else {
            return Err("an instance has no id".to_owned());
        };
        let is_writer = id == writer;
        if is_old && !is_writer {
            continue;
        }
        // It becomes part of a URL.
        if id.is_empty()
            || !id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(format!("`{id}` is not the id of an instance"));
        }
        instances.push(AuroraInstance { id, is_writer });
    }
    Ok(instances)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, is_writer: bool, age: Option<f64>) -> Row {
        Row {
            id: Some(id.to_owned()),
            is_writer: Some(is_writer),
            age,
        }
    }

    fn found(rows: Vec<Row>) -> Result<Vec<(String, bool)>, String> {
        let instances = instances(rows)?.into_iter();
        Ok(instances.map(|found| (found.id, found.is_writer)).collect())
    }

    #[test]
    fn rows_of_instances_that_are_gone_are_left_out_and_the_latest_writer_counts() {
        let rows = vec![
            row("was-deleted", false, Some(301.0)),
            row("was-writer", true, Some(20.0)),
            row("writer", true, Some(1.5)),
            row("asked", false, None),
        ];
        let name = |name: &str, is_writer| (name.to_owned(), is_writer);
        let expected = [
            name("was-writer", false),
            name("writer", true),
            name("asked", false),
        ];
        assert_eq!(found(rows).unwrap(), expected);
        // The only one that is known, and the one that says so of itself.
        let rows = vec![row("old", true, Some(900.0)), row("asked", false, None)];
        assert_eq!(found(rows).unwrap()[0], name("old", true));
        let rows = vec![row("old", true, Some(1.0)), row("asked", true, None)];
        assert_eq!(
            found(rows).unwrap(),
            [name("old", false), name("asked", true)]
        );
    }

    #[test]
    fn a_list_without_a_writer_and_ids_that_are_none_are_refused() {
        assert!(found(vec![row("asked", false, None)]).is_err());
        assert!(found(Vec::new()).is_err());
        for id in ["", "a@b", "a/b", "a.b", "ä"] {
            let rows = vec![row("writer", true, None), row(id, false, Some(1.0))];
            assert!(found(rows).is_err(), "{id}");
        }
        let nameless = Row {
            id: None,
            is_writer: Some(false),
            age: None,
        };
        assert!(found(vec![row("writer", true, None), nameless]).is_err());
    }

    #[test]
    fn an_endpoint_is_the_pattern_with_the_id() {
        let instance = AuroraInstance {
            id: "mydb-1".to_owned(),
            is_writer: false,
        };
        let endpoint = instance.endpoint("?.c7tj4.us-east-1.rds.amazonaws.com");
        assert_eq!(endpoint, "mydb-1.c7tj4.us-east-1.rds.amazonaws.com");
    }
}
