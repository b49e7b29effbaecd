//! Names with several addresses, and SRV records, from a DNS server of the test's own.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing_discovery::{Discovery, Dns, Source as _};
use futures_util::StreamExt as _;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record};
use tokio::net::UdpSocket;

const NAME: &str = "replicas.db.test.";

/// The records of a DNS server, which the test changes.
type Zone = Arc<Mutex<Vec<Record>>>;

/// Starts a DNS server; returns its records and a resolver that asks it alone.
async fn zone() -> (Zone, TokioResolver) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = socket.local_addr().unwrap().port();
    let zone = Zone::default();
    let records = Arc::clone(&zone);
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let question = Message::from_vec(&buffer[..length]).unwrap();
            let query = question.queries[0].clone();
            let mut answer = Message::response(question.metadata.id, OpCode::Query);
            let records = records.lock().unwrap().clone();
            let matching = records.into_iter().filter(|record| {
                record.name == *query.name() && record.record_type() == query.query_type()
            });
            answer.add_answers(matching);
            answer.add_query(query);
            if answer.answers.is_empty() {
                answer.metadata.response_code = ResponseCode::NXDomain;
            }
            socket
                .send_to(&answer.to_vec().unwrap(), from)
                .await
                .unwrap();
        }
    });
    let mut connection = ConnectionConfig::udp();
    connection.port = port;
    let server = NameServerConfig::new(Ipv4Addr::LOCALHOST.into(), true, vec![connection]);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    (zone, builder.build().unwrap())
}

fn record(name: &str, ttl: u32, data: RData) -> Record {
    Record::from_rdata(Name::from_str(name).unwrap(), ttl, data)
}

fn address(text: &str, ttl: u32) -> Record {
    match text.parse().unwrap() {
        IpAddr::V4(address) => record(NAME, ttl, RData::A(A(address))),
        IpAddr::V6(address) => record(NAME, ttl, RData::AAAA(AAAA(address))),
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
    let target = Name::from_str(target).unwrap();
    let data = SRV::new(priority, weight, port, target);
    record("_postgresql._tcp.db.test.", 60, RData::SRV(data))
}

fn by_address(resolver: TokioResolver) -> Dns {
    let dns = Dns::addresses(NAME, |address| Node::new(address.to_string(), "url"));
    dns.unwrap().resolver(resolver)
}

fn names(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(Node::name).collect()
}

#[tokio::test]
async fn all_addresses_of_a_name_are_nodes_in_an_order_of_their_own() {
    let (zone, resolver) = zone().await;
    let addresses = ["10.0.0.3", "10.0.0.1", "fd00::2"];
    *zone.lock().unwrap() = addresses.map(|text| address(text, 60)).into();
    let found = by_address(resolver).ask().await.unwrap();
    assert_eq!(names(&found.nodes), ["10.0.0.1", "10.0.0.3", "fd00::2"]);
    let valid_for = found.valid_for.unwrap().as_secs();
    assert!((55..=60).contains(&valid_for), "{valid_for}");
}

#[tokio::test]
async fn an_answer_is_asked_for_again_once_its_time_to_live_is_over() {
    let (zone, resolver) = zone().await;
    *zone.lock().unwrap() = vec![address("10.0.0.1", 1)];
    let discovery = Discovery::of(by_address(resolver))
        .no_more_often_than(Duration::from_millis(100))
        .at_least_every(Duration::from_secs(3600));
    let mut sets = pin!(discovery.into_stream());
    assert_eq!(names(&sets.next().await.unwrap().unwrap()), ["10.0.0.1"]);
    zone.lock().unwrap().push(address("10.0.0.2", 1));
    let since = Instant::now();
    while sets.next().await.unwrap().unwrap().len() < 2 {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "it was not asked again"
        );
    }
}

#[tokio::test]
async fn services_of_the_best_priority_are_nodes_with_their_weights() {
    let (zone, resolver) = zone().await;
    *zone.lock().unwrap() = vec![
        srv(20, 9, 5432, "far.db.test."),
        srv(10, 3, 5433, "two.db.test."),
        srv(10, 0, 5432, "one.db.test."),
    ];
    let dns = Dns::services("_postgresql._tcp.db.test.", |service| {
        Node::new(format!("{}:{}", service.host, service.port), "url")
    });
    let found = dns.unwrap().resolver(resolver).ask().await.unwrap();
    let expected = [
        Node::new("one.db.test:5432", "url").weight(1),
        Node::new("two.db.test:5433", "url").weight(3),
    ];
    assert_eq!(format!("{:?}", found.nodes), format!("{expected:?}"));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_an_error_and_an_answer_comes_once_it_does() {
    let (zone, resolver) = zone().await;
    let mut discovery = Discovery::of(by_address(resolver.clone()));
    let error = discovery.ask().await.unwrap_err().to_string();
    assert!(
        error.starts_with("DNS for `replicas.db.test.` cannot be asked: "),
        "{error}"
    );
    zone.lock().unwrap().push(address("10.0.0.1", 1));
    resolver.clear_cache();
    assert_eq!(names(&discovery.ask().await.unwrap()), ["10.0.0.1"]);
}

/// `localhost` is in every `/etc/hosts`, and the test's DNS server does not know it.
#[tokio::test]
async fn the_systems_hosts_file_counts() {
    let (_zone, resolver) = zone().await;
    let dns = Dns::addresses("localhost", |address| Node::new(address.to_string(), "url"));
    let found = dns.unwrap().resolver(resolver).ask().await.unwrap();
    assert!(
        names(&found.nodes).contains(&"127.0.0.1"),
        "{:?}",
        found.nodes
    );
}
