//! TLS to PostgreSQL: by rustls as by libpq.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::certificates::Authority;
use crate::flavours::{FLAVOURS, Flavour, postgres, words};
use crate::postgres_server::{NAME, Server};

/// Whether the connection is encrypted.
const IS_ENCRYPTED: &str = "(SELECT ssl::int::int8 FROM pg_stat_ssl WHERE pid = pg_backend_pid())";
/// How many of the application's connections are not.
const PLAIN: &str = "(SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'app' AND NOT ssl)";
/// How many there are.
const ALL: &str = "(SELECT count(*) FROM pg_stat_activity WHERE usename = 'app')";

/// Files for clients.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        // libpq wants nobody else to read a key.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

/// What comes of an attempt.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Plain,
    Encrypted,
    Refused,
}
use Came::{Encrypted, Plain, Refused};

fn came(flavour: Flavour, url: &str) -> (Came, String) {
    match postgres(flavour, url, IS_ENCRYPTED) {
        Ok(0) => (Plain, String::new()),
        Ok(_) => (Encrypted, String::new()),
        Err(error) => (Refused, words(error)),
    }
}

#[test]
fn each_mode_asks_of_a_certificate_what_libpq_asks() {
    let (files, server) = (Files::new(), Server::start(0));
    let (ours, other) = (Authority::new("ours"), Authority::new("another"));
    let root = files.put("root.crt", &ours.certificate);
    let address = server.address();
    let elsewhere = "10.0.0.1".parse().unwrap();
    let cases = [
        (ours.server(NAME, address), Encrypted, Encrypted, ""),
        (
            ours.expired(NAME, address),
            Refused,
            Refused,
            "has expired or is not valid yet",
        ),
        (
            ours.server("other.example.com", elsewhere),
            Encrypted,
            Refused,
            "is for another name",
        ),
        (
            other.server(NAME, address),
            Refused,
            Refused,
            "nobody who is trusted has signed",
        ),
    ];
    for (index, (identity, verify_ca, verify_full, remedy)) in cases.into_iter().enumerate() {
        server.serve(0, &identity, &ours.certificate);
        for flavour in FLAVOURS {
            for (mode, expected) in [
                ("disable", &Plain),
                ("allow", &Plain),
                ("prefer", &Encrypted),
                ("require", &Encrypted),
                ("verify-ca", &verify_ca),
                ("verify-full", &verify_full),
            ] {
                let mut parameters = format!("sslmode={mode}");
                if mode.starts_with("verify") {
                    parameters.push_str(&format!("&sslrootcert={}", root.display()));
                }
                let (came, words) = came(flavour, &server.url(&parameters));
                assert_eq!(came, *expected, "{flavour:?} {mode} {index}: {words}");
                if came == Refused {
                    assert!(!words.contains("credentials"), "{words}");
                    assert!(words.contains("certificate"), "{words}");
                    if flavour == Flavour::Async {
                        assert!(words.contains(remedy), "{words}");
                    }
                }
            }
        }
        // By its name, wherever that leads to.
        let full = format!("sslmode=verify-full&sslrootcert={}", root.display());
        let named = format!("postgres://app@{NAME}/app?hostaddr={address}&{full}");
        for flavour in FLAVOURS {
            let (came, words) = came(flavour, &named);
            assert_eq!(came, verify_full, "{flavour:?} {index}: {words}");
        }
    }
}

#[test]
fn a_mode_with_root_certificates_uses_them_as_libpq_does() {
    let (files, server) = (Files::new(), Server::start(0));
    let (ours, other) = (Authority::new("ours"), Authority::new("another"));
    server.serve(0, &ours.server(NAME, server.address()), &ours.certificate);
    let root = |authority: &Authority, name| {
        format!(
            "sslrootcert={}",
            files.put(name, &authority.certificate).display()
        )
    };
    let (right, wrong) = (root(&ours, "ours.crt"), root(&other, "other.crt"));
    for flavour in FLAVOURS {
        for (parameters, expected) in [
            (format!("sslmode=require&{right}"), Encrypted),
            (format!("sslmode=require&{wrong}"), Refused),
            (format!("sslmode=prefer&{wrong}"), Plain),
            (wrong.clone(), Plain),
            (right.clone(), Encrypted),
            (String::new(), Encrypted),
            ("sslmode=verify-ca".into(), Refused),
            (
                "sslmode=verify-full&sslrootcert=/there/is/none".into(),
                Refused,
            ),
        ] {
            let (came, words) = came(flavour, &server.url(&parameters));
            assert_eq!(came, expected, "{flavour:?} {parameters}: {words}");
        }
    }
    // Newer versions of libpq know it.
    let (came, words) = came(
        Flavour::Async,
        &server.url("sslrootcert=system&sslmode=require"),
    );
    assert_eq!(came, Refused);
    assert!(words.contains("needs `sslmode=verify-full`"), "{words}");
    let (came, words) = self::came(Flavour::Async, &server.url("sslrootcert=system"));
    assert_eq!(came, Refused, "nobody else trusts our authority");
    assert!(words.contains("has signed"), "{words}");
}

#[test]
fn a_server_without_tls_is_refused_where_tls_is_asked_for() {
    let server = Server::start(0);
    for flavour in FLAVOURS {
        for mode in ["disable", "allow", "prefer"] {
            assert_eq!(
                came(flavour, &server.url(&format!("sslmode={mode}"))).0,
                Plain
            );
        }
        for mode in ["require", "verify-full&sslrootcert=/dev/null"] {
            let (came, words) = came(flavour, &server.url(&format!("sslmode={mode}")));
            assert_eq!(came, Refused, "{flavour:?}");
            assert!(!words.contains("credentials"), "{words}");
            if mode == "require" {
                assert!(words.contains("does not offer TLS"), "{words}");
            }
        }
    }
}

#[test]
fn the_weak_modes_take_what_the_access_rules_let_in() {
    let server = Server::start(0);
    let ours = Authority::new("ours");
    server.serve(0, &ours.server(NAME, server.address()), &ours.certificate);
    for (rule, expected) in [("hostssl", Encrypted), ("hostnossl", Plain)] {
        let node = server.cluster.primary();
        node.set_access(&format!("{rule} all all 127.0.0.0/8 trust"))
            .unwrap();
        for flavour in FLAVOURS {
            for mode in ["allow", "prefer"] {
                let (came, words) = came(flavour, &server.url(&format!("sslmode={mode}")));
                assert_eq!(came, expected, "{flavour:?} {mode} {rule}: {words}");
            }
        }
    }
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    let (files, server) = (Files::new(), Server::start(0));
    let (ours, other) = (Authority::new("ours"), Authority::new("another"));
    server.serve(0, &ours.server(NAME, server.address()), &ours.certificate);
    let node = server.cluster.primary();
    node.set_access("hostssl all all 127.0.0.0/8 cert").unwrap();
    let with = |authority: &Authority, user: &str| {
        let identity = authority.client(user);
        let certificate = files.put(&format!("{user}.crt"), &identity.certificate);
        let key = files.put(&format!("{user}.key"), &identity.key);
        let (certificate, key) = (certificate.display(), key.display());
        format!("sslmode=require&sslcert={certificate}&sslkey={key}")
    };
    let cases = [
        (with(&ours, "app"), Encrypted),
        (with(&ours, "somebody-else"), Refused),
        (with(&other, "app2"), Refused),
        ("sslmode=require".to_owned(), Refused),
    ];
    for flavour in FLAVOURS {
        for (parameters, expected) in &cases {
            let (came, words) = came(flavour, &server.url(parameters));
            assert_eq!(came, *expected, "{flavour:?} {parameters}: {words}");
        }
    }
    let (_, words) = came(Flavour::Async, &server.url("sslmode=require"));
    assert!(
        words.contains("wants a certificate of the client"),
        "{words}"
    );
    let (_, words) = came(
        Flavour::Async,
        &server.url("sslmode=require&sslcert=/there/is/none&sslkey=/n"),
    );
    assert!(words.contains("look at the files"), "{words}");
}

#[test]
fn of_several_hosts_the_one_that_takes_writes_is_found_over_tls() {
    let (files, server) = (Files::new(), Server::start(1));
    let ours = Authority::new("ours");
    for (index, address) in server.addresses.iter().enumerate() {
        server.serve(index, &ours.server(NAME, *address), &ours.certificate);
    }
    let root = files.put("root.crt", &ours.certificate);
    let hosts = format!("{}:5432,{}:5432", server.addresses[1], server.addresses[0]);
    let tls = format!("sslmode=verify-full&sslrootcert={}", root.display());
    let url = format!("postgres://app@{hosts}/app?target_session_attrs=read-write&{tls}");
    for flavour in FLAVOURS {
        assert_eq!(
            came(flavour, &url),
            (Encrypted, String::new()),
            "{flavour:?}"
        );
    }
}

#[test]
fn every_connection_of_a_router_uses_tls_its_watchers_too() {
    let server = Server::start(0);
    let ours = Authority::new("ours");
    server.serve(0, &ours.server(NAME, server.address()), &ours.certificate);
    for flavour in FLAVOURS {
        let url = server.url("sslmode=require");
        // The watcher's, a reader, a writer.
        assert!(postgres(flavour, &url, ALL).unwrap() >= 3);
        assert_eq!(postgres(flavour, &url, PLAIN).unwrap(), 0, "{flavour:?}");
    }
}
