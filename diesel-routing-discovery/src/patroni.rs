//! `Patroni`: the members of a Patroni cluster.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use diesel_routing::Node;
use futures_util::future;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{DiscoveryError, Found, Source};

/// The time that the member which answered last may take before all others are asked. Chosen: Patroni answers in
/// milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// A Patroni cluster, by the REST API of its members (`GET /cluster`).
///
/// All members are nodes but those that are tagged `noloadbalance` and not the leader. What their roles are, the router finds
/// out itself, sooner than Patroni's own view changes. Members that are starting, stopped or being reinitialised stay nodes: the
/// router excludes what does not serve, and takes it back without new pools.
///
/// Give several members' addresses. One is asked; all others, those that it has named too, if it fails or is silent.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::Node;
/// use diesel_routing_discovery::{Discovery, Patroni};
///
/// let cluster = Patroni::at(["http://10.0.0.1:8008", "http://10.0.0.2:8008"], |member| {
///     let (host, port) = (&member.host, member.port);
///     Node::new(&*member.name, format!("postgres://app@{host}:{port}/app"))
/// });
/// let node_sets = Discovery::of(cluster).into_stream();
/// # let _ = node_sets;
/// ```
pub struct Patroni {
    seeds: Vec<String>,
    /// The API that answered last, and those that it named.
    last: Option<String>,
    named: Vec<String>,
    client: reqwest::Client,
    node: Box<dyn Fn(&PatroniMember) -> Node + Send + Sync>,
}

/// A member of a Patroni cluster, as the REST API has it.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PatroniMember {
    /// Its name.
    pub name: String,
    /// The host that clients connect to.
    pub host: String,
    /// The port that clients connect to.
    pub port: u16,
    /// Its role, as Patroni calls it: `leader`, `replica`, `sync_standby`, `standby_leader` and others.
    pub role: String,
    /// Its state, as Patroni calls it: `running`, `streaming`, `stopped` and others.
    #[serde(default)]
    pub state: String,
    /// Its timeline, while it is running.
    pub timeline: Option<u64>,
    /// The bytes that it is behind the leader, where Patroni knows.
    #[serde(default, deserialize_with = "number")]
    pub lag: Option<u64>,
    /// The address of its REST API.
    #[serde(default)]
    pub api_url: String,
    /// Its tags.
    #[serde(default)]
    pub tags: PatroniTags,
}

/// The tags of a member that say what it is for.
#[derive(Debug, Clone, Default, Deserialize)]
#[non_exhaustive]
pub struct PatroniTags {
    /// Set if reads are not to be balanced to it.
    #[serde(default)]
    pub noloadbalance: bool,
    /// Set if it is never to become the leader.
    #[serde(default)]
    pub nofailover: bool,
    /// The member that it replicates from, if not the leader.
    pub replicatefrom: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    members: Vec<PatroniMember>,
}

impl Patroni {
    /// Creates a source of the members of the cluster whose REST APIs are at these addresses: `http://host:8008`.
    pub fn at(
        seeds: impl IntoIterator<Item = impl Into<String>>,
        node: impl Fn(&PatroniMember) -> Node + Send + Sync + 'static,
    ) -> Self {
        Self {
            seeds: seeds.into_iter().map(Into::into).collect(),
            last: None,
            named: Vec::new(),
            client: reqwest::Client::new(),
            node: Box::new(node),
        }
    }

    /// Sets the HTTP client, for TLS, client certificates and proxies.
    #[must_use]
    pub fn client(mut self, client: reqwest::Client) -> Self {
        self.client = client;
        self
    }

    /// Returns the answer of the API that answered last, or of the first other one.
    async fn first_answer(&self) -> Result<(String, Cluster), DiscoveryError> {
        let first = self.last.as_ref().or(self.seeds.first());
        let first = first.ok_or_else(|| DiscoveryError::Empty {
            source_name: self.name(),
            remedy: "give the address of at least one member's REST API",
        })?;
        let one = tokio::time::timeout(PATIENCE, self.ask_one(first)).await;
        let failure = match one {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => Some(failure),
            Err(_) => None,
        };
        let all: BTreeSet<_> = self.seeds.iter().chain(&self.named).collect();
        let others = all
            .into_iter()
            .filter(|api| *api != first || failure.is_none());
        let others: Vec<_> = others.map(|api| Box::pin(self.ask_one(api))).collect();
        match failure {
            Some(failure) if others.is_empty() => Err(failure),
            _ => future::select_ok(others).await.map(|(answer, _)| answer),
        }
    }

    async fn ask_one(&self, api: &str) -> Result<(String, Cluster), DiscoveryError> {
        let source_name = || format!("Patroni at {}", without_secrets(api));
        let unreachable = |cause: reqwest::Error| DiscoveryError::Unreachable {
            source_name: source_name(),
            cause: words(&cause.without_url()),
        };
        let address = format!("{}/cluster", api.trim_end_matches('/'));
        let answer = self.client.get(address).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let text = answer
            .map_err(unreachable)?
            .text()
            .await
            .map_err(unreachable)?;
        let cluster = serde_json::from_str(&text);
        let cluster = cluster.map_err(|error| DiscoveryError::Unreadable {
            source_name: source_name(),
            cause: error.to_string(),
        })?;
        Ok((api.to_owned(), cluster))
    }
}

impl Source for Patroni {
    fn name(&self) -> String {
        let seeds: Vec<_> = self
            .seeds
            .iter()
            .map(|seed| without_secrets(seed))
            .collect();
        format!("Patroni at {}", seeds.join(", "))
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        let (api, cluster) = self.first_answer().await?;
        let members = cluster.members.iter();
        let served = members
            .clone()
            .filter(|member| !member.tags.noloadbalance || member.role == "leader");
        let nodes = served.map(&self.node).collect();
        // Patroni gives the address of the API with its path.
        let apis = members.map(|member| member.api_url.trim_end_matches("/patroni"));
        self.named = apis
            .filter(|api| !api.is_empty())
            .map(str::to_owned)
            .collect();
        self.last = Some(api);
        Ok(Found::new(nodes))
    }
}

impl fmt::Debug for Patroni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patroni")
            .field("at", &self.name())
            .finish_non_exhaustive()
    }
}

/// Reads a number, where Patroni may write `"unknown"`.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Lag {
        Bytes(u64),
        Unknown(IgnoredAny),
    }
    Ok(match Lag::deserialize(deserializer)? {
        Lag::Bytes(bytes) => Some(bytes),
        Lag::Unknown(_) => None,
    })
}

/// Returns an address without its account and password.
fn without_secrets(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let authority = rest.find('/').unwrap_or(rest.len());
            let start = rest.get(..authority).and_then(|text| text.rfind('@'));
            let host = start.map_or(rest, |at| rest.get(at + 1..).unwrap_or_default());
            format!("{scheme}://{host}")
        }
        None => address.to_owned(),
    }
}

/// Returns an error with its causes.
fn words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let all = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
    all.collect::<Vec<_>>().join(": ")
}
