//! Plain hyper.

use std::net::SocketAddr;

use frameworks::{cluster, hyper::serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn send(address: SocketAddr, request: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head =
        format!("{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{cookie}\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let read = stream.read_to_string(&mut answer).await;
    read.expect("an answer");
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_sees_the_write_and_other_users_are_not_upgraded() {
    let cluster = cluster::stale().expect("a cluster");
    let router = cluster::router(&cluster).await.expect("a router");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(serve(listener, router));
    let written = send(address, "POST /theme", "").await;
    let (_, cookie) = written.split_once("set-cookie: ").expect("a cookie");
    let (cookie, _) = cookie.split_once(';').expect("attributes");
    let read = send(address, "GET /theme", &format!("cookie: {cookie}\r\n")).await;
    assert!(read.ends_with("\r\n\r\ndark"), "{read}");
    let other = send(address, "GET /theme", "").await;
    assert!(other.ends_with("\r\n\r\nlight"), "{other}");
    server.abort();
}
