//! Databases of a cluster's servers.

pub(crate) mod mariadb;
pub(crate) mod postgres;

use crate::cluster::{Mariadb, Postgres};

pub(crate) trait Databases {
    /// Creates an empty database.
    fn create_database(&self, name: &str);

    /// Returns the number of connections that clients have to a database, on all nodes.
    fn connections_to(&self, database: &str) -> u32;
}

impl Databases for Postgres {
    fn create_database(&self, name: &str) {
        let sql = format!("CREATE DATABASE {name} OWNER app");
        self.node(0).admin_execute(&sql).unwrap();
    }

    fn connections_to(&self, database: &str) -> u32 {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = 'app' \
             AND datname = '{database}' AND pid <> pg_backend_pid()"
        );
        let nodes = self.nodes().iter();
        nodes
            .map(|node| count(node.admin_value(&sql).unwrap()))
            .sum()
    }
}

impl Databases for Mariadb {
    fn create_database(&self, name: &str) {
        for sql in [
            format!("CREATE DATABASE {name}"),
            format!("GRANT ALL ON {name}.* TO app"),
        ] {
            self.node(0).admin_execute(&sql).unwrap();
        }
    }

    fn connections_to(&self, database: &str) -> u32 {
        let sql = format!(
            "SELECT count(*) FROM information_schema.processlist WHERE user = 'app' AND db = '{database}'"
        );
        let nodes = self.nodes().iter();
        nodes
            .map(|node| count(node.admin_value(&sql).unwrap()))
            .sum()
    }
}

fn count(value: Option<String>) -> u32 {
    value.unwrap().parse().unwrap()
}
