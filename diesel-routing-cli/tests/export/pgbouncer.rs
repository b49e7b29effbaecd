//! A PgBouncer with its generated file.

use crate::program::{Dir, free_ports};
use crate::servers::{Servers, ask};

#[test]
fn pgbouncer_s_aliases_lead_to_the_primary_and_to_a_replica() {
    let servers = Servers::start(1);
    let [port] = free_ports();
    let dir = Dir::like(servers.cluster.primary().data_dir());
    let users = dir.write("userlist.txt", "\"app\" \"secret\"\n");
    let port_text = port.to_string();
    let config = servers.export("pgbouncer", &["--port", &port_text, "--auth-file", &users]);
    let config = dir.write("pgbouncer.ini", &config);
    let _program = dir.start("pgbouncer", &[&config], "INT", port);

    let alias = |name: &str| format!("postgres://app:secret@127.0.0.1:{port}/{name}");
    let (primary, read) = (alias("app_primary"), alias("app_read"));
    let plain = "SELECT pg_is_in_recovery()";
    let locking = "SELECT pg_is_in_recovery() FROM t FOR UPDATE";
    assert_eq!(ask(&primary, plain).as_deref(), Ok("f"));
    assert_eq!(ask(&read, plain).as_deref(), Ok("t"));
    assert_eq!(ask(&primary, locking).as_deref(), Ok("f"));
    let refused = ask(&read, locking).unwrap_err();
    assert!(refused.contains("read-only transaction"), "{refused}");
}
