//! TLS to MariaDB, whose drivers know other parameters.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use diesel_routing_testkit::MariaCluster;
use tempfile::TempDir;

use crate::certificates::{Authority, Identity};
use crate::flavours::{FLAVOURS, Flavour, mysql, words};

/// Whether the connection is encrypted.
const IS_ENCRYPTED: &str = "(SELECT CAST(VARIABLE_VALUE <> '' AS SIGNED) FROM information_schema.SESSION_STATUS \
                            WHERE VARIABLE_NAME = 'Ssl_cipher')";
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Server {
    cluster: MariaCluster,
    dir: TempDir,
}

impl Server {
    /// Starts a server with a certificate.
    fn start(identity: &Identity, root: &str) -> Self {
        let dir = TempDir::new().unwrap();
        open_to_all(dir.path());
        let files = ["cert.pem", "key.pem", "root.pem"].map(|name| dir.path().join(name));
        for (path, text) in files
            .iter()
            .zip([&identity.certificate, &identity.key, root])
        {
            std::fs::write(path, text).unwrap();
        }
        let [cert, key, ca] = files.map(|path| path.display().to_string());
        let cluster = MariaCluster::builder()
            .setting("ssl_cert", cert)
            .setting("ssl_key", key)
            .setting("ssl_ca", ca);
        Self {
            cluster: cluster.start().unwrap(),
            dir,
        }
    }

    /// Gives it another.
    fn serve(&self, identity: &Identity) {
        std::fs::write(self.dir.path().join("cert.pem"), &identity.certificate).unwrap();
        std::fs::write(self.dir.path().join("key.pem"), &identity.key).unwrap();
        self.cluster.primary().admin_execute("FLUSH SSL").unwrap();
    }

    fn root(&self) -> String {
        self.dir.path().join("root.pem").display().to_string()
    }
}

/// The server has an account of its own.
fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// What comes of an attempt: whether the connection is encrypted, or what the error says.
fn came(flavour: Flavour, cluster: &MariaCluster, parameters: &str) -> Result<bool, String> {
    let url = format!("{}?{parameters}", cluster.primary().url());
    let came = mysql(flavour, &url, IS_ENCRYPTED).map(|encrypted| encrypted == 1);
    came.map_err(words)
}

const PLAIN: Result<bool, &str> = Ok(false);
const ENCRYPTED: Result<bool, &str> = Ok(true);

fn check(got: &Result<bool, String>, expected: Result<bool, &str>, case: &str) {
    match (got, expected) {
        (Ok(got), Ok(expected)) => assert_eq!(*got, expected, "{case}"),
        (Err(words), Err(part)) => {
            assert!(words.contains(part), "{case}: {words}");
            assert!(!words.contains("credentials"), "{case}: {words}");
        }
        _ => panic!("{case}: {got:?}, not {expected:?}"),
    }
}

#[test]
fn each_mode_asks_of_a_certificate_what_it_promises() {
    let (ours, other) = (Authority::new("ours"), Authority::new("another"));
    let server = Server::start(&ours.server("localhost", LOOPBACK), &ours.certificate);
    let root = server.root();
    let elsewhere = "10.0.0.1".parse().unwrap();
    let (expired, named) = (Err("has expired"), Err("is for another name"));
    let unknown = Err("nobody who is trusted has signed");
    // With a root certificate: by `mysql_async`, which checks the name for VERIFY_CA as well; and by MariaDB's library,
    // which never does.
    let cases = [
        (
            "right",
            ours.server("localhost", LOOPBACK),
            ENCRYPTED,
            ENCRYPTED,
        ),
        (
            "expired",
            ours.expired("localhost", LOOPBACK),
            expired,
            expired,
        ),
        (
            "other name",
            ours.server("other.example.com", elsewhere),
            named,
            ENCRYPTED,
        ),
        (
            "other root",
            other.server("localhost", LOOPBACK),
            unknown,
            unknown,
        ),
    ];
    for (case, identity, by_async, by_library) in cases {
        server.serve(&identity);
        for flavour in FLAVOURS {
            let is_async = flavour == Flavour::Async;
            let verified = if is_async { by_async } else { by_library };
            // MariaDB's library uses TLS where it has a root certificate, whatever the mode: then it is checked.
            let (preferred, required, required_with_root) = if is_async {
                (ENCRYPTED, ENCRYPTED, ENCRYPTED)
            } else {
                (PLAIN, Err("ignores `ssl_mode`"), verified)
            };
            for (parameters, expected) in [
                (String::new(), PLAIN),
                ("ssl_mode=DISABLED".into(), PLAIN),
                ("ssl_mode=PREFERRED".into(), preferred),
                ("ssl_mode=REQUIRED".into(), required),
                (
                    format!("ssl_mode=REQUIRED&ssl_ca={root}"),
                    required_with_root,
                ),
                (format!("ssl_ca={root}"), verified),
                (format!("ssl_mode=VERIFY_CA&ssl_ca={root}"), verified),
                (format!("ssl_mode=VERIFY_IDENTITY&ssl_ca={root}"), verified),
            ] {
                let got = came(flavour, &server.cluster, &parameters);
                check(&got, expected, &format!("{case} {flavour:?} {parameters}"));
            }
        }
    }
}

#[test]
fn the_drivers_own_parameters_go_on_to_work() {
    let ours = Authority::new("ours");
    let server = Server::start(&ours.server("localhost", LOOPBACK), &ours.certificate);
    let root = server.root();
    for (parameters, expected) in [
        ("require_ssl=true&verify_ca=false".to_owned(), ENCRYPTED),
        (
            "require_ssl=true".into(),
            Err("nobody who is trusted has signed"),
        ),
        (format!("require_ssl=true&ssl_ca={root}"), ENCRYPTED),
        (
            "ssl_mode=VERIFY_IDENTITY".into(),
            Err("nobody who is trusted has signed"),
        ),
        ("ssl_mode=VERIFY_CA".into(), Err("look at the files")),
        ("ssl_ca=/there/is/none".into(), Err("look at the files")),
        ("ssl_mode=ON".into(), Err("give one of disabled, preferred")),
    ] {
        let got = came(Flavour::Async, &server.cluster, &parameters);
        match expected {
            // Of a URL that cannot be read, the remedy is about the URL.
            Err(part) if parameters == "ssl_mode=ON" => {
                assert!(got.unwrap_err().contains(part));
            }
            expected => check(&got, expected, &parameters),
        }
    }
}

/// libmariadb connects without TLS, and says nothing.
#[test]
fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let cluster = MariaCluster::builder().start().unwrap();
    for (flavour, refusal) in [
        (Flavour::Async, Err("does not offer TLS")),
        (Flavour::Blocking, Err("is not encrypted")),
    ] {
        for (mode, expected) in [
            ("DISABLED", PLAIN),
            ("PREFERRED", PLAIN),
            ("REQUIRED", refusal),
            (
                "VERIFY_CA&ssl_ca=/etc/ssl/certs/ca-certificates.crt",
                refusal,
            ),
            (
                "VERIFY_IDENTITY&ssl_ca=/etc/ssl/certs/ca-certificates.crt",
                refusal,
            ),
        ] {
            let got = came(flavour, &cluster, &format!("ssl_mode={mode}"));
            check(&got, expected, &format!("{flavour:?} {mode}"));
        }
    }
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let ours = Authority::new("ours");
    let server = Server::start(&ours.server("localhost", LOOPBACK), &ours.certificate);
    let require = "ALTER USER app@localhost REQUIRE X509";
    let users = server.cluster.primary();
    let host = users
        .admin_value("SELECT host FROM mysql.user WHERE user = 'app'")
        .unwrap()
        .unwrap();
    users
        .admin_execute(&require.replace("localhost", &format!("'{host}'")))
        .unwrap();
    let identity = ours.client("app");
    let put = |name: &str, text: &str| {
        let path = server.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (certificate, key) = (
        put("c.pem", &identity.certificate),
        put("k.pem", &identity.key),
    );
    let tls = format!("ssl_mode=VERIFY_CA&ssl_ca={}", server.root());
    let with = format!("{tls}&ssl_cert={certificate}&ssl_key={key}");
    for flavour in FLAVOURS {
        assert!(came(flavour, &server.cluster, &tls).is_err(), "{flavour:?}");
    }
    check(
        &came(Flavour::Blocking, &server.cluster, &with),
        ENCRYPTED,
        "blocking",
    );
    // mysql_async reads RSA keys in PKCS#1, and this is another.
    let got = came(Flavour::Async, &server.cluster, &with);
    check(&got, Err("look at the files"), "async");
}
