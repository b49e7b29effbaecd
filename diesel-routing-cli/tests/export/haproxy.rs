//! An HAProxy with its generated file.

use diesel_routing_testkit::MariaCluster;
use mysql_async::prelude::Queryable;
use tokio::runtime::Runtime;

use crate::generated::{export, fixture, words};
use crate::program::{Dir, SOON, eventually, free_ports};
use crate::servers::{Servers, ask, data_dir};

const WHERE: &str = "SHOW data_directory";

#[test]
fn haproxy_s_addresses_follow_the_roles_through_a_failover() {
    let servers = Servers::start(2);
    let [primary_port, read_port] = free_ports();
    let [primary_text, read_text] = [primary_port, read_port].map(|port| port.to_string());
    let config = servers.export(
        "haproxy",
        &["--port", &primary_text, "--read-port", &read_text],
    );
    let cluster = &servers.cluster;
    let dir = Dir::like(cluster.primary().data_dir());
    let config = dir.write("haproxy.cfg", &config);
    let program = dir.start("haproxy", &["-db", "-f", &config], "TERM", primary_port);

    let at = |port: u16| format!("postgres://postgres@127.0.0.1:{port}/app");
    let (primary, read) = (at(primary_port), at(read_port));
    let [old, new, other] = [0, 1, 2].map(|index| data_dir(cluster.node(index)));
    // Servers count as up until their first check.
    eventually(
        || ask(&primary, WHERE) == old && [&new, &other].contains(&&ask(&read, WHERE)),
        || format!("the first checks: {}", program.said()),
    );
    let locking = "SELECT pg_is_in_recovery() FROM t FOR UPDATE";
    assert_eq!(ask(&primary, locking).as_deref(), Ok("f"));

    cluster.primary().kill().unwrap();
    cluster.standby(0).promote().unwrap();
    eventually(
        || ask(&primary, WHERE) == new && ask(&read, WHERE) == other,
        || format!("after the failover: {}", program.said()),
    );
    assert_eq!(ask(&primary, locking).as_deref(), Ok("f"));

    // Where no replica is left, the primary serves their reads.
    cluster.standby(1).kill().unwrap();
    eventually(
        || ask(&read, WHERE) == new,
        || format!("without a replica: {}", program.said()),
    );
}

#[test]
fn haproxy_s_addresses_follow_read_only_on_mariadb() {
    let cluster = MariaCluster::builder().replicas(1).start().unwrap();
    let nodes = cluster.nodes();
    nodes[0]
        .admin_execute(
            "CREATE USER routing_check@'%' IDENTIFIED VIA mysql_native_password USING ''",
        )
        .unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    let [primary_port, read_port] = free_ports();
    let [primary_text, read_text] = [primary_port, read_port].map(|port| port.to_string());
    let dir = Dir::like(nodes[0].data_dir());
    let urls: Vec<_> = nodes
        .iter()
        .map(|node| node.proxy().unwrap().url())
        .collect();
    let text = format!(
        "[nodes.a]\nurl = {:?}\nrole = \"primary\"\n[nodes.b]\nurl = {:?}\nrole = \"replica\"\n",
        urls[0], urls[1]
    );
    let (source, inventory) = (dir.write("routing.toml", &text), fixture("inventory.json"));
    let mut words = words("haproxy", source.as_ref(), &inventory);
    words.extend(["--port", &primary_text, "--read-port", &read_text]);
    let config = dir.write("haproxy.cfg", &export(&words));
    let program = dir.start("haproxy", &["-db", "-f", &config], "TERM", primary_port);

    let user = urls[0].split_once('@').unwrap().0.to_owned();
    let runtime = Runtime::new().unwrap();
    let id_at = |port: u16| -> Option<u32> {
        let url = format!("{user}@127.0.0.1:{port}/app");
        runtime.block_on(async {
            let opts = mysql_async::Opts::from_url(&url).unwrap();
            let mut conn = mysql_async::Conn::new(opts).await.ok()?;
            conn.query_first("SELECT @@global.server_id").await.ok()?
        })
    };
    let id_of = |index: usize| {
        nodes[index]
            .query_value("SELECT @@global.server_id")
            .unwrap()
    };
    let [first, second] = [0, 1].map(|index| id_of(index).and_then(|id| id.parse().ok()));
    eventually(
        || id_at(primary_port) == first && id_at(read_port) == second,
        || format!("the first checks: {}", program.said()),
    );
    nodes[0].admin_execute("SET GLOBAL read_only = 1").unwrap();
    nodes[1].admin_execute("SET GLOBAL read_only = 0").unwrap();
    eventually(
        || id_at(primary_port) == second && id_at(read_port) == first,
        || format!("after the roles were swapped: {}", program.said()),
    );
}
