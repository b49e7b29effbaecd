//! No piece of a password in what errors, logs and debugging show, however the URL is spelt.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use diesel_routing::{ConnectRequest, Error, Node, PoolKind, PoolOptions};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, span};

use crate::flavours::{FLAVOURS, Flavour, mysql, postgres, words};

/// The pieces of the passwords below, each of which is found nowhere else.
const PIECES: [&str; 6] = ["qzv", "xkw", "jjy", "71846", "QZV", "üß"];

/// Passwords with all that URLs have a meaning for, unescaped, as people paste them.
const PASSWORDS: [&str; 22] = [
    "qzvxkw",
    "qzv@xkw",
    "qzv@xkw@jjy",
    "qzv/xkw",
    "qzv?xkw",
    "qzv#xkw",
    "qzv:xkw",
    "qzv:71846",
    "qzv xkw",
    "qzv%xkw",
    "qzv%2xkw",
    "qzv%00xkw",
    "qzv%40xkw",
    "qzv&xkw=jjy",
    "qzv,xkw",
    "qzv;xkw",
    "qzv[xkw]",
    "qzv\\xkw'jjy",
    "qzv\"xkw",
    "qzvüßxkw",
    "71846",
    "/qzv@:xkw?jjy",
];

/// The strings that a password may stand in, of PostgreSQL; nobody listens there.
fn postgres_strings(password: &str) -> Vec<String> {
    vec![
        format!("postgres://app:{password}@127.0.0.1:1/app"),
        format!(
            "postgresql://app:{password}@127.0.0.1:1,127.0.0.1:2/app?target_session_attrs=read-write"
        ),
        format!("postgres://app:{password}@no.such.host.invalid/app?sslmode=require"),
        format!("postgres://app@127.0.0.1:1/app?password={password}"),
        format!("postgres://app@127.0.0.1:1/app?password={password}&sslmode=disable"),
        format!("postgres://app@127.0.0.1:1/app?sslpassword={password}&connect_timeout=1"),
        format!("postgres://app:{password}@127.0.0.1:x/app"),
        format!("postgres://app:{password}@127.0.0.1:1/app?no_such_option=1"),
        format!("postgres//app:{password}@127.0.0.1:1/app"),
        format!("app:{password}@127.0.0.1:1/app"),
        format!("host=127.0.0.1 port=1 user=app password={password}"),
        format!("host=127.0.0.1 port=1 password={password} user=app"),
        format!("host=127.0.0.1 port=1 password = '{password}' user=app"),
        format!("host=127.0.0.1 port=1 password='{password} user=app"),
        format!("password={password} host=127.0.0.1 port=x"),
        format!("host=127.0.0.1 port=1 sslpassword={password} no_such_option=1"),
    ]
}

fn mysql_strings(password: &str) -> Vec<String> {
    vec![
        format!("mysql://app:{password}@127.0.0.1:1/app"),
        format!("mysql://app:{password}@127.0.0.1:1/app?ssl_mode=REQUIRED"),
        format!("mysql://app:{password}@127.0.0.1:x/app"),
        format!("mysql://app:{password}@127.0.0.1:1/app?no_such_option=1"),
        format!("mysql://app:{password}@127.0.0.1:1/app/more"),
        format!("mysql://app@127.0.0.1:1/app?password={password}"),
        format!("mysql//app:{password}@127.0.0.1:1/app"),
        format!("app:{password}@127.0.0.1:1/app"),
    ]
}

/// Checks that a text has no piece of a password.
fn check(text: &str, string: &str) {
    for piece in PIECES {
        assert!(!text.contains(piece), "{piece} of {string} in {text}");
    }
}

fn check_each(
    strings: impl Fn(&str) -> Vec<String>,
    open: impl Fn(Flavour, &str) -> Result<i64, Error>,
) {
    let log = Log::installed();
    for string in PASSWORDS.iter().flat_map(|password| strings(password)) {
        for flavour in FLAVOURS {
            let error = open(flavour, &string).expect_err(&string);
            check(&format!("{error:?} {error:#?}"), &string);
            // It says something for all that.
            assert!(error.to_string().contains("`primary`"), "{error}");
            check(&words(error), &string);
            check(&log.0.lock().unwrap(), &string);
        }
    }
}

#[test]
fn errors_and_logs_of_postgresql_have_no_piece_of_a_password() {
    check_each(postgres_strings, |flavour, url| {
        postgres(flavour, url, "1::int8")
    });
}

#[test]
fn errors_and_logs_of_mysql_have_no_piece_of_a_password() {
    check_each(mysql_strings, |flavour, url| mysql(flavour, url, "1"));
}

/// A router that runs: a node whose server has gone, so that its status tells of errors.
#[test]
fn a_running_routers_status_and_debugging_have_no_piece_of_a_password() {
    let cluster = diesel_routing_testkit::PgCluster::builder()
        .standbys(1)
        .start()
        .unwrap();
    let with_password = |url: String| url.replacen("app@", "app:qzv%40xkw@", 1);
    let urls = [0, 1].map(|index| with_password(cluster.node(index).url()));
    let node = |name: &str, url: &str| {
        let own = PoolOptions::new().url(url);
        assert!(!format!("{own:?}").contains("qzv"));
        Node::new(name, url).pool(PoolKind::Read, own)
    };
    let [primary, replica] = [node("primary", &urls[0]), node("replica", &urls[1])];
    check(&format!("{primary:?} {replica:#?}"), "a node");
    let log = Log::installed();
    let builder = diesel_routing::sync::pg::Router::builder()
        .primary(primary)
        .replica(replica)
        .connect_with(|request: ConnectRequest<'_>| {
            check(&format!("{request:?}"), "a request");
            diesel_routing::sync::RoutedConnection::open(request.url())
        });
    check(&format!("{builder:?}"), "a builder");
    let router = builder.build().unwrap();
    cluster.node(1).kill().unwrap();
    let since = Instant::now();
    // The watcher says why.
    while log.0.lock().unwrap().is_empty() {
        assert!(since.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    let status = router.status();
    check(
        &format!("{status:?} {router:?} {:?}", router.session()),
        "a router",
    );
    check(&log.0.lock().unwrap(), "the log");
}

/// Everything that is logged, as one text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    /// That of the whole process: pools and watchers have threads of their own.
    fn installed() -> &'static Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            tracing::subscriber::set_global_default(log.clone()).unwrap();
            log
        });
        &LOG
    }
}

impl Visit for &Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0.lock().unwrap(), "{field}={value:?} ");
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("diesel_routing")
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut &*self);
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut &*self);
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut &*self);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}
