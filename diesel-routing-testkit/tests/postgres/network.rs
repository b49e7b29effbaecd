use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use diesel_routing_testkit::{PgNode, Proxy, ProxyMode};

use crate::{A_WHILE, SOON, arrives, cluster, read, stays_behind, write};

/// PostgreSQL's `SSLRequest`; a server without SSL answers `N`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];

#[test]
fn a_cut_standby_stays_up_and_falls_behind_until_it_is_restored() {
    let cluster = cluster(2);
    cluster.cut_replication(1).unwrap();
    write(cluster.primary(), 2);
    stays_behind(&cluster, cluster.node(1));
    assert_eq!(read(cluster.node(1)), 1);

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
    let senders = cluster
        .primary()
        .admin_value("SELECT count(*) FROM pg_stat_replication")
        .unwrap();
    assert_eq!(senders.as_deref(), Some("1"), "the primary has not noticed");

    cluster.restore_replication(1).unwrap();
    arrives(&cluster, cluster.node(1), 2);
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
    assert_eq!(answer(&mut open).unwrap(), b'N');

    proxy.cut().unwrap();
    assert_eq!(proxy.mode(), ProxyMode::Cut);
    assert_eq!(open.read(&mut [0]).unwrap(), 0, "closed");
    assert_eq!(
        dial(&proxy).unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );

    proxy.restore().unwrap();
    assert_eq!(answer(&mut dial(&proxy).unwrap()).unwrap(), b'N');
}

#[test]
fn a_hanging_proxy_accepts_and_answers_only_once_it_is_restored() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    let mut open = dial(&proxy).unwrap();
    proxy.hang().unwrap();
    let mut fresh = dial(&proxy).unwrap();
    assert_eq!(
        answer(&mut fresh).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    assert_eq!(answer(&mut open).unwrap_err().kind(), ErrorKind::WouldBlock);

    proxy.restore().unwrap();
    for stalled in [&mut fresh, &mut open] {
        stalled.set_read_timeout(Some(SOON)).unwrap();
        let mut byte = [0];
        stalled.read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"N", "what was sent meanwhile arrives");
    }
}

#[test]
fn a_hanging_proxy_can_be_cut_and_a_cut_one_can_hang() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    proxy.hang().unwrap();
    let mut stalled = dial(&proxy).unwrap();
    proxy.cut().unwrap();
    assert_eq!(stalled.read(&mut [0]).unwrap_or(0), 0, "closed");
    proxy.hang().unwrap();
    let mut fresh = dial(&proxy).unwrap();
    assert_eq!(
        answer(&mut fresh).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
}

#[test]
fn a_proxy_in_front_of_a_dead_server_closes_what_it_accepts() {
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().unwrap();
    cluster.primary().kill().unwrap();
    let mut connection = dial(&proxy).unwrap();
    assert_eq!(connection.read(&mut [0]).unwrap_or(0), 0);
    cluster.primary().start().unwrap();
    assert_eq!(answer(&mut dial(&proxy).unwrap()).unwrap(), b'N');
}

#[test]
fn a_frozen_node_accepts_connections_and_never_answers() {
    let cluster = cluster(1);
    let node = cluster.standby(0);
    node.freeze().unwrap();
    let mut connection = socket(node);
    assert_eq!(
        answer(&mut connection).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    write(cluster.primary(), 2);

    node.thaw().unwrap();
    connection.set_read_timeout(Some(SOON)).unwrap();
    let mut byte = [0];
    connection.read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"N");
    arrives(&cluster, node, 2);
}

fn dial(proxy: &Proxy) -> io::Result<TcpStream> {
    let url = proxy.url();
    let (_, rest) = url.split_once('@').unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(A_WHILE))?;
    Ok(stream)
}

fn socket(node: &PgNode) -> UnixStream {
    let stream = UnixStream::connect(node.socket_dir().join(".s.PGSQL.5432")).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    stream
}

/// The server's first byte, if it comes before the stream's read timeout.
fn answer(stream: &mut (impl Read + Write)) -> io::Result<u8> {
    stream.write_all(&SSL_REQUEST)?;
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}
