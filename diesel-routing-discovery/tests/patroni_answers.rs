//! Answers of Patroni's REST API, from a server of the test's own: what the real one seldom says.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing_discovery::{Discovery, DiscoveryError, Patroni, Source as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const MEMBERS: &str = r#"{"members": [
    {"name": "a", "role": "leader", "state": "running", "api_url": "http://10.0.0.1:8008/patroni", "host": "10.0.0.1",
     "port": 5432, "timeline": 2, "tags": {"noloadbalance": true}},
    {"name": "b", "role": "replica", "state": "streaming", "api_url": "http://10.0.0.2:8008/patroni", "host": "10.0.0.2",
     "port": 5432, "timeline": 2, "lag": 0, "tags": {"nofailover": true, "clonefrom": true}},
    {"name": "c", "role": "replica", "state": "stopped", "api_url": "", "host": "10.0.0.3", "port": 5432,
     "lag": "unknown"},
    {"name": "d", "role": "replica", "state": "streaming", "api_url": "", "host": "10.0.0.4", "port": 5432, "lag": 7,
     "tags": {"noloadbalance": true, "replicatefrom": "b"}}
], "scope": "demo", "pause": true}"#;

/// Starts an HTTP server that always gives this answer; none, if there is none.
async fn api(answer: Option<(u16, &'static str)>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 4096];
            let _ = socket.read(&mut buffer).await.unwrap();
            let Some((status, body)) = answer else {
                open.push(socket);
                continue;
            };
            let head = format!(
                "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            socket.write_all(head.as_bytes()).await.unwrap();
            socket.write_all(body.as_bytes()).await.unwrap();
        }
    });
    format!("http://{address}")
}

fn patroni(seeds: impl IntoIterator<Item = String>) -> Patroni {
    Patroni::at(seeds, |member| Node::new(&*member.name, "url"))
}

async fn failure(answer: (u16, &'static str)) -> DiscoveryError {
    let mut discovery = Discovery::of(patroni([api(Some(answer)).await]));
    discovery.ask().await.unwrap_err()
}

fn names(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(Node::name).collect()
}

#[tokio::test]
async fn members_are_nodes_but_those_that_take_no_balanced_reads_unless_they_lead() {
    let api = api(Some((200, MEMBERS))).await;
    let found = patroni([api]).ask().await.unwrap();
    assert_eq!(names(&found.nodes), ["a", "b", "c"]);
}

#[tokio::test]
async fn what_a_member_says_of_itself_is_told() {
    let api = api(Some((200, MEMBERS))).await;
    let (tell, told) = std::sync::mpsc::channel();
    let mut patroni = Patroni::at([api], move |member| {
        let tags = &member.tags;
        let what = (
            member.role.clone(),
            member.timeline,
            member.lag,
            tags.nofailover,
        );
        tell.send(what).unwrap();
        Node::new(&*member.name, "url")
    });
    patroni.ask().await.unwrap();
    let told: Vec<_> = told.try_iter().collect();
    let expected = [
        ("leader".to_owned(), Some(2), None, false),
        ("replica".to_owned(), Some(2), Some(0), true),
        ("replica".to_owned(), None, None, false),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_address_that_refuses_or_hangs_is_passed_by() {
    let good = api(Some((200, MEMBERS))).await;
    let broken = api(Some((503, "not now"))).await;
    let hanging = api(None).await;
    for bad in ["http://127.0.0.1:1".to_owned(), broken, hanging] {
        let since = Instant::now();
        let mut discovery = Discovery::of(patroni([bad, good.clone()]));
        assert_eq!(discovery.ask().await.unwrap().len(), 3);
        assert!(
            since.elapsed() < Duration::from_secs(4),
            "{:?}",
            since.elapsed()
        );
        // From then on, the one that answers is asked first.
        let since = Instant::now();
        assert_eq!(discovery.ask().await.unwrap().len(), 3);
        assert!(
            since.elapsed() < Duration::from_millis(900),
            "{:?}",
            since.elapsed()
        );
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_errors_that_name_the_address_and_no_password() {
    for (answer, words) in [
        ((200, "<html>"), "expected value at line 1"),
        ((200, r#"{"scope": "demo"}"#), "missing field `members`"),
        (
            (
                200,
                r#"{"members": [{"name": "a", "role": "leader", "host": "h", "port": "x"}]}"#,
            ),
            "invalid type: string",
        ),
        ((200, r#"{"members": []}"#), "knows no node"),
        ((503, "no"), "503"),
    ] {
        let error = failure(answer).await.to_string();
        assert!(error.starts_with("Patroni at http://127.0.0.1:"), "{error}");
        assert!(error.contains(words), "{error}");
    }
    let mut with_account = patroni(["http://u:secret@127.0.0.1:1/".to_owned()]);
    let error = with_account.ask().await.unwrap_err().to_string();
    assert!(
        error.contains("127.0.0.1:1") && !error.contains("secret"),
        "{error}"
    );
    assert!(!format!("{with_account:?}").contains("secret"));
}

#[tokio::test]
async fn without_any_address_there_is_one_error() {
    let error = patroni([]).ask().await.unwrap_err().to_string();
    assert!(
        error.contains("give the address of at least one"),
        "{error}"
    );
}
