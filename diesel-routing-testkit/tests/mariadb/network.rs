use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use diesel_routing_testkit::{MariaNode, Proxy, ProxyMode};

use crate::{A_WHILE, SOON, arrives, cluster, read, stays_behind, write};

#[test]
fn a_cut_replica_stays_up_and_falls_behind_until_it_is_restored() {
    let cluster = cluster(2);
    cluster.cut_replication(1).unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.node(1));
    assert_eq!(read(cluster.node(1)), 1);
    assert!(!cluster.node(1).is_receiving().unwrap());

    cluster.restore_replication(1).unwrap();
    arrives(&cluster, cluster.node(1), 2);
    assert_eq!(read(cluster.node(2)), 2);
}

#[test]
fn hanging_replication_looks_connected_and_delivers_nothing() {
    let cluster = cluster(1);
    cluster.hang_replication(1).unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.node(1));
    assert!(cluster.node(1).is_receiving().unwrap(), "so it believes");

    cluster.restore_replication(1).unwrap();
    arrives(&cluster, cluster.node(1), 2);
}

#[test]
fn commits_reach_a_delayed_replica_that_much_later() {
    const DELAY: Duration = Duration::from_millis(300);
    let cluster = cluster(2);
    cluster.delay_replication(1, DELAY).unwrap();
    let since = Instant::now();
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.node(1), 2);
    assert!(since.elapsed() >= DELAY, "{:?}", since.elapsed());
    assert_eq!(read(cluster.node(2)), 2);

    cluster.delay_replication(1, Duration::ZERO).unwrap();
    let fastest = (3..8).map(|number| {
        let since = Instant::now();
        write(cluster.primary(), number);
        arrives(&cluster, cluster.node(1), number);
        since.elapsed()
    });
    assert!(fastest.min().unwrap() < DELAY, "it has ended");
}

#[test]
fn a_primary_has_no_replication_to_cut() {
    let error = cluster(0).cut_replication(0).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("node0: cannot cut its replication"),
        "{error}"
    );
}

#[test]
fn a_cut_proxy_closes_connections_and_refuses_new_ones() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    let mut open = dial(&proxy).unwrap();
    assert!(greets(&mut open).unwrap());

    proxy.cut().unwrap();
    assert_eq!(proxy.mode(), ProxyMode::Cut);
    assert_eq!(
        dial(&proxy).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
    assert_eq!(open.read_to_end(&mut Vec::new()).unwrap_or(0), 0, "closed");

    proxy.restore().unwrap();
    assert!(greets(&mut dial(&proxy).unwrap()).unwrap());
}

#[test]
fn a_hanging_proxy_accepts_and_answers_only_once_it_is_restored() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    proxy.hang().unwrap();
    let mut fresh = dial(&proxy).unwrap();
    assert_eq!(
        greets(&mut fresh).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );

    proxy.restore().unwrap();
    fresh.set_read_timeout(Some(SOON)).unwrap();
    assert!(greets(&mut fresh).unwrap(), "it arrives after all");
}

#[test]
fn a_port_refuses_while_its_server_is_down_and_is_the_same_after() {
    let cluster = cluster(0);
    let node = cluster.primary();
    let url = node.url();
    node.kill().unwrap();
    assert_eq!(
        connect(&url).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
    let proxy = node.proxy().unwrap();
    assert!(!greets(&mut dial(&proxy).unwrap()).unwrap_or(false));
    node.start().unwrap();
    assert_eq!(node.url(), url);
    assert!(greets(&mut connect(&url).unwrap()).unwrap());
    assert!(greets(&mut dial(&proxy).unwrap()).unwrap());
}

#[test]
fn a_frozen_node_accepts_connections_and_never_answers() {
    let cluster = cluster(1);
    let node: &MariaNode = cluster.replica(0);
    node.freeze().unwrap();
    let mut connection = connect(&node.url()).unwrap();
    assert_eq!(
        greets(&mut connection).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    write(cluster.primary(), 2);

    node.thaw().unwrap();
    connection.set_read_timeout(Some(SOON)).unwrap();
    assert!(greets(&mut connection).unwrap());
    arrives(&cluster, node, 2);
}

fn dial(proxy: &Proxy) -> io::Result<TcpStream> {
    connect(&proxy.url())
}

fn connect(url: &str) -> io::Result<TcpStream> {
    let (_, rest) = url.split_once('@').unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(A_WHILE))?;
    Ok(stream)
}

/// Whether the server's greeting comes before the stream's read timeout; false when the connection is
/// closed instead.
fn greets(stream: &mut TcpStream) -> io::Result<bool> {
    Ok(stream.read(&mut [0; 256])? > 0)
}
