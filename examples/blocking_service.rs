//! A web service on blocking Diesel, with a thread for each request at a time: a setting whose page shows a change at
//! once, two seconds before the replica does.
//!
//! ```console
//! $ cargo run --example blocking_service --features sync-postgres
//! serving on http://127.0.0.1:8081 (Ctrl-C ends it)
//! $ curl --cookie-jar jar --cookie jar http://127.0.0.1:8081/theme
//! light, from db-2 (nothing_to_catch_up)
//! $ curl --cookie-jar jar --cookie jar --request POST http://127.0.0.1:8081/theme/dark
//! $ curl --cookie-jar jar --cookie jar http://127.0.0.1:8081/theme
//! dark, from db-1 (not_caught_up)
//! $ curl http://127.0.0.1:8081/theme   # somebody else
//! light, from db-2 (nothing_to_catch_up)
//! $ sleep 2; curl --cookie-jar jar --cookie jar http://127.0.0.1:8081/theme
//! dark, from db-2 (caught_up)
//! ```
//!
//! It starts two PostgreSQL servers of its own, or takes yours, such as those of the compose file:
//!
//! ```text
//! cargo run --example blocking_service --features sync-postgres -- \
//!     --primary postgres://app:app@127.0.0.1:15432/app --replica postgres://app:app@127.0.0.1:15434/app
//! ```
//!
//! Makes a table `diesel_routing_example`, and drops it in the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use diesel_routing::edge::TokenCookie;
use diesel_routing::sync::edge::Edge;
use diesel_routing::sync::pg::{ReadConn, Router, Session, WriteConn};
use diesel_routing::sync::prelude::*;
use diesel_routing::{CaughtUp, Error, Node, TokenKeys, consistency};
use diesel_routing_testkit::PgCluster;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use tiny_http::{Header, Response, Server};

/// A setting whose page shows a change at once, two seconds before the replica does.
#[derive(Debug, Parser)]
struct Options {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// The URL of a primary that runs already; without it, two servers are started.
    #[arg(long, value_name = "URL", requires = "replica")]
    primary: Option<String>,
    /// The URL of a replica of that primary.
    #[arg(long, value_name = "URL", requires = "primary")]
    replica: Option<String>,
}

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        diesel_routing_example { id -> Integer, theme -> Text, }
    }
}

use schema::diesel_routing_example::dsl as settings;

#[consistency(session)]
fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    let theme: String = settings::diesel_routing_example
        .find(1)
        .select(settings::theme)
        .first(conn)?;
    let route = conn.route();
    Ok(format!("{theme}, from {route}\n"))
}

#[consistency(write)]
fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::diesel_routing_example.find(1));
    setting.set(settings::theme.eq(theme)).execute(conn)?;
    Ok(())
}

/// Answers a request; where sessions come from is none of its business.
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

/// Returns what the edge looks at, in the types that it knows.
fn head_of(request: &tiny_http::Request) -> http::Result<Parts> {
    let mut head = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.url());
    for header in request.headers() {
        head = head.header(header.field.as_str().as_str(), header.value.as_str());
    }
    Ok(head.body(())?.into_parts().0)
}

/// Serves one request: the edge stands around the answer.
fn serve(edge: &Edge<PgConnection>, request: tiny_http::Request) -> Result<()> {
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

/// The service, until it is told to end.
struct Service {
    server: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
    router: Router,
}

const THREADS: usize = 4;
const LIMIT: Duration = Duration::from_secs(30);

impl Service {
    fn start(address: SocketAddr, primary: &str, replica: &str) -> Result<Self> {
        let server = Server::http(address).map_err(|error| anyhow!(error))?;
        let server = Arc::new(server);
        let router = Router::builder()
            .primary(Node::new("db-1", primary))
            .replica(Node::new("db-2", replica))
            // In production, a secret that all processes of the service share.
            .token_keys(TokenKeys::new(1, [7; 32])?)
            .build()?;
        plant(&router)?;
        // Without TLS, for this machine only.
        let edge = Edge::new(router.clone())?.cookie(TokenCookie::default().secure(false))?;
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
        Ok(Self {
            threads: (0..THREADS).map(thread).collect(),
            server,
            router,
        })
    }

    /// Waits until it has been told to end, and puts everything away.
    fn join(self) -> Result<()> {
        for thread in self.threads {
            thread.join().map_err(|_| anyhow!("a thread panicked"))?;
        }
        let drop = diesel::sql_query("DROP TABLE diesel_routing_example");
        drop.execute(&mut self.router.write()?)?;
        Ok(())
    }
}

/// Tells the service to end.
fn end(server: &Server) {
    for _ in 0..THREADS {
        server.unblock();
    }
}

/// Makes the table, on the replica, too.
fn plant(router: &Router) -> Result<()> {
    let session = router.session();
    for sql in [
        "DROP TABLE IF EXISTS diesel_routing_example",
        "CREATE TABLE diesel_routing_example (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)",
        "INSERT INTO diesel_routing_example VALUES (1, 'light')",
    ] {
        diesel::sql_query(sql).execute(&mut session.write()?)?;
    }
    let conn = session.waiting(LIMIT).read()?;
    let route = conn.route();
    ensure!(
        !route.is_primary,
        "the replica does not have the table after {LIMIT:?} ({})",
        route.reason
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it says where it serves")]
fn main() -> Result<()> {
    let options = Options::parse();
    let mut cluster = None;
    let (primary, replica) = match (options.primary, options.replica) {
        (Some(primary), Some(replica)) => (primary, replica),
        _ => {
            let cluster = cluster.insert(PgCluster::builder().standbys(1).start()?);
            (cluster.primary().url(), cluster.standby(0).url())
        }
    };
    let service = Service::start(options.listen, &primary, &replica)?;
    if let Some(cluster) = &cluster {
        cluster.standby(0).set_apply_delay(Duration::from_secs(2))?;
    }
    let server = Arc::clone(&service.server);
    ctrlc::set_handler(move || end(&server))?;
    let address = service.server.server_addr();
    println!("serving on http://{address} (Ctrl-C ends it)");
    service.join()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_page_shows_a_change_at_once_and_to_nobody_else() {
        let cluster = PgCluster::builder().standbys(1).start().unwrap();
        let (primary, standby) = (cluster.primary(), cluster.standby(0));
        let any = "127.0.0.1:0".parse().unwrap();
        let service = Service::start(any, &primary.url(), &standby.url()).unwrap();
        let address = service.server.server_addr().to_ip().unwrap();
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
        standby.pause_replay().unwrap();
        assert!(send("GET /theme", "").contains("light, from db-2"));
        let written = send("POST /theme/dark", "");
        assert!(written.starts_with("HTTP/1.1 204 "), "{written}");
        let cookie = written
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .and_then(|line| line.split(';').next())
            .unwrap();
        let cookie = format!("Cookie: {cookie}\r\n");
        let page = send("GET /theme", &cookie);
        assert!(page.contains("dark, from db-1 (not_caught_up)"), "{page}");
        assert!(send("GET /theme", "").contains("light, from db-2"));
        let forged = send("GET /theme", "Cookie: db-session=forged\r\n");
        assert!(forged.contains("light, from db-2"), "{forged}");
        assert!(send("GET /else", "").starts_with("HTTP/1.1 404 "));

        standby.resume_replay().unwrap();
        let since = Instant::now();
        loop {
            let page = send("GET /theme", &cookie);
            assert!(page.contains("dark, from"), "{page}");
            if page.contains("from db-2 (caught_up)") {
                break;
            }
            assert!(since.elapsed() < LIMIT, "{page}");
        }
        end(&service.server);
        service.join().unwrap();
    }
}
