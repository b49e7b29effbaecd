//! A web service on blocking Diesel, with a thread for each request at a time: a setting whose page shows a change at
//! once, two seconds before the replica does.
//!
//! ```console
//! $ cargo run --example blocking_service
//! serving on http://127.0.0.1:8080
//! $ curl --cookie-jar jar --cookie jar http://127.0.0.1:8080/theme
//! light, from the replica (nothing_to_catch_up)
//! $ curl --cookie-jar jar --cookie jar --request POST http://127.0.0.1:8080/theme/dark
//! $ curl --cookie-jar jar --cookie jar http://127.0.0.1:8080/theme
//! dark, from the primary (recent_write)
//! $ curl http://127.0.0.1:8080/theme   # somebody else
//! light, from the replica (nothing_to_catch_up)
//! ```

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use diesel_routing::edge::TokenCookie;
use diesel_routing::sync::edge::Edge;
use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::{ReadConn, Router, Session, WriteConn};
use diesel_routing::testkit::SqliteCluster;
use diesel_routing::{CaughtUp, Error, Node, TokenKeys, consistency};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use tiny_http::{Header, Response, Server};

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        settings { id -> Integer, theme -> Text, }
    }
}

use schema::settings;

#[consistency(session)]
fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    let theme: String = settings::table
        .find(1)
        .select(settings::theme)
        .first(conn)?;
    let route = conn.route();
    Ok(format!("{theme}, from the {route}\n"))
}

#[consistency(write)]
fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::table.find(1));
    setting.set(settings::theme.eq(theme)).execute(conn)?;
    Ok(())
}

/// What the service does; where sessions come from is none of its business.
fn answer(method: &str, path: &str) -> Result<(StatusCode, String), Error> {
    let session = Session::current()?;
    match (method, path.strip_prefix("/theme")) {
        ("GET", Some("")) => Ok((StatusCode::OK, theme(&session)?)),
        ("POST", Some(path)) if path.len() > 1 => {
            set_theme(&session, path.trim_start_matches('/'))?;
            Ok((StatusCode::NO_CONTENT, String::new()))
        }
        _ => Ok((StatusCode::NOT_FOUND, String::new())),
    }
}

/// What the edge looks at, in the types that it knows.
fn head_of(request: &tiny_http::Request) -> http::Result<Parts> {
    let mut head = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.url());
    for header in request.headers() {
        head = head.header(header.field.as_str().as_str(), header.value.as_str());
    }
    Ok(head.body(())?.into_parts().0)
}

/// One request: the edge stands around the answer.
fn serve(edge: &Edge<SqliteConnection>, request: tiny_http::Request) -> Result<()> {
    let Ok(head) = head_of(&request) else {
        return Ok(request.respond(Response::empty(400))?);
    };
    let mut exchange = edge.begin(&head);
    let answer = exchange
        .session()
        .clone()
        .scope(|| answer(head.method.as_str(), head.uri.path()));
    let (status, text) = answer.unwrap_or_else(|error| {
        eprintln!("{:?}", anyhow::Error::from(error));
        (StatusCode::INTERNAL_SERVER_ERROR, String::new())
    });
    let mut headers = HeaderMap::new();
    // Whatever the answer is: what was written is written.
    exchange.finish(&mut headers);

    let mut response = Response::from_string(text).with_status_code(status.as_u16());
    for (name, value) in &headers {
        let header = Header::from_bytes(name.as_str(), value.as_bytes());
        response.add_header(header.map_err(|()| anyhow!("the header `{name}` is none"))?);
    }
    request.respond(response).context("the client has gone")
}

/// A service on this address, and its threads.
fn start(address: &str, cluster: &SqliteCluster) -> Result<(Arc<Server>, Vec<JoinHandle<()>>)> {
    let router = Router::builder()
        .primary(Node::new("primary", cluster.primary_url()))
        .replica(Node::new("replica", cluster.replica_url(0)?))
        // In production, a secret that all processes of the service share.
        .token_keys(TokenKeys::new(1, [7; 32])?)
        .build()?;
    // Without TLS, for this machine only.
    let edge = Edge::new(router)?.cookie(TokenCookie::default().secure(false))?;
    let server = Server::http(address).map_err(|error| anyhow!(error))?;
    let server = Arc::new(server);
    let thread = |_| {
        let (server, edge) = (Arc::clone(&server), edge.clone());
        std::thread::spawn(move || {
            for request in server.incoming_requests() {
                if let Err(error) = serve(&edge, request) {
                    eprintln!("{error:?}");
                }
            }
        })
    };
    let threads = (0..4).map(thread).collect();
    Ok((server, threads))
}

/// A setting, and a replica that lags.
fn cluster(lag: Duration) -> Result<SqliteCluster> {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
        .schema("INSERT INTO settings VALUES (1, 'light')")
        .start()?;
    cluster.set_lag(lag)?;
    Ok(cluster)
}

#[expect(clippy::print_stdout, reason = "it says where it serves")]
fn main() -> Result<()> {
    let cluster = cluster(Duration::from_secs(2))?;
    let (server, threads) = start("127.0.0.1:8080", &cluster)?;
    println!("serving on http://{}", server.server_addr());
    for thread in threads {
        thread.join().map_err(|_| anyhow!("a thread panicked"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn the_page_shows_a_change_at_once_and_to_nobody_else() {
        let cluster = cluster(Duration::from_secs(3600)).unwrap();
        let (server, threads) = start("127.0.0.1:0", &cluster).unwrap();
        let address = server.server_addr().to_ip().unwrap();
        let send = |line: &str, cookie: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(
                stream,
                "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{cookie}\r\n"
            )
            .unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(send("GET /theme", "").contains("light, from the replica"));
        let written = send("POST /theme/dark", "");
        assert!(written.starts_with("HTTP/1.1 204 "), "{written}");
        let cookie = written
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .and_then(|line| line.split(';').next())
            .unwrap();
        let page = send("GET /theme", &format!("Cookie: {cookie}\r\n"));
        assert!(page.contains("dark, from the primary"), "{page}");
        assert!(send("GET /theme", "").contains("light, from the replica"));
        let forged = send("GET /theme", "Cookie: db-session=forged\r\n");
        assert!(forged.contains("light, from the replica"), "{forged}");
        assert!(send("GET /else", "").starts_with("HTTP/1.1 404 "));
        for _ in &threads {
            server.unblock();
        }
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
