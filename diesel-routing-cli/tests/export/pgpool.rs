//! A Pgpool-II with its generated file.

use crate::program::{Dir, eventually, free_ports};
use crate::servers::{Servers, ask, asks};

#[test]
fn pgpool_balances_plain_reads_and_keeps_on_the_primary_what_must_not_leave_it() {
    let servers = Servers::start(1);
    let primary = servers.cluster.primary();
    primary.execute("CREATE TABLE payments (a int)").unwrap();
    primary.execute("INSERT INTO payments VALUES (1)").unwrap();
    primary
        .execute("CREATE FUNCTION own(int) RETURNS int LANGUAGE sql AS 'SELECT $1'")
        .unwrap();
    primary
        .execute("CREATE FUNCTION total(int) RETURNS int LANGUAGE sql AS 'SELECT $1'")
        .unwrap();
    primary.execute("CREATE SEQUENCE s").unwrap();
    servers
        .cluster
        .wait_until_caught_up(crate::program::SOON)
        .unwrap();

    let [port] = free_ports();
    let dir = Dir::like(primary.data_dir());
    let (port_text, run_dir) = (port.to_string(), dir.path().to_str().unwrap().to_owned());
    let more = [
        "--port",
        &port_text,
        "--run-dir",
        &run_dir,
        "--critical-table",
        "payments",
        "--read-function",
        "total",
    ];
    let config = servers.export("pgpool", &more);
    let config = dir.write("pgpool.conf", &config);
    // It asks for these files, and does without what is in them.
    let [hba, pcp] = ["pool_hba.conf", "pcp.conf"].map(|name| dir.write(name, ""));
    let args = ["-n", "-f", &config, "-a", &hba, "-F", &pcp];
    let program = dir.start("pgpool", &args, "INT", port);

    let url = format!("postgres://app@127.0.0.1:{port}/app");
    let recovery = "SELECT pg_is_in_recovery()";
    // It looks for the primary first.
    eventually(
        || ask(&url, recovery).as_deref() == Ok("t"),
        || format!("{:?}: {}", ask(&url, recovery), program.said()),
    );
    assert!(
        !program.said().contains("invalid pattern"),
        "{}",
        program.said()
    );
    for balanced in [
        "SELECT pg_is_in_recovery() FROM t WHERE a = 1 AND lower('X') = 'x'",
        "SELECT pg_is_in_recovery(), total(1) FROM t",
        "/* trace */ SELECT pg_is_in_recovery(), substring('abc' FROM 1 FOR 2), trim(' a '), extract(year FROM now())",
        "WITH x AS (SELECT 1) SELECT pg_is_in_recovery() FROM x",
    ] {
        assert_eq!(ask(&url, balanced).as_deref(), Ok("t"), "{balanced}");
    }
    for kept in [
        "SELECT pg_is_in_recovery() FROM t FOR UPDATE",
        "SELECT pg_is_in_recovery() FROM t FOR/**/NO KEY -- words\nUPDATE SKIP LOCKED",
        "SELECT pg_is_in_recovery() FROM (SELECT * FROM t FOR UPDATE) x",
        "SELECT pg_is_in_recovery() FROM t WHERE a IN (SELECT a FROM t FOR /* a /* b */ c */ KEY SHARE)",
        "WITH x AS (SELECT * FROM t FOR SHARE NOWAIT) SELECT pg_is_in_recovery() FROM x",
        "WITH x AS (UPDATE t SET a = a RETURNING a) SELECT pg_is_in_recovery() FROM x",
        "SELECT pg_is_in_recovery(), nextval('s')",
        "SELECT pg_is_in_recovery(), \"nextval\" ('s')",
        "SELECT pg_is_in_recovery(), U&\"\\006eextval\"('s')",
        "SELECT pg_is_in_recovery(), own(1)",
        // This Pgpool-II would balance without the patterns.
        "SELECT pg_is_in_recovery() FROM \"payments\"",
    ] {
        assert_eq!(ask(&url, kept).as_deref(), Ok("f"), "{kept}");
    }
    assert_eq!(
        ask(
            &url,
            "EXPLAIN ANALYZE SELECT * FROM (SELECT * FROM t FOR UPDATE) x"
        )
        .err(),
        None
    );
    let transaction = ["BEGIN", "UPDATE t SET a = 1", recovery, "ROLLBACK"];
    assert_eq!(asks(&url, &transaction).unwrap()[2], "f");
    let named = format!("{url}?application_name=app_primary");
    assert_eq!(ask(&named, recovery).as_deref(), Ok("f"));
}
