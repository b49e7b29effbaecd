//! The project's names: whatever changes when a crate, a feature or a test binary is added.

/// The package whose users we serve.
pub(crate) const ROOT_PACKAGE: &str = "diesel-routing";

/// The library crates, for `cargo semver-checks`, which does not read macro crates.
pub(crate) const LIBRARIES: [&str; 6] = [
    "diesel-routing",
    "diesel-routing-discovery",
    "diesel-routing-sql",
    "diesel-routing-testkit",
    "diesel-routing-tonic",
    "diesel-routing-verify",
];

/// The libraries whose public items are listed in `docs/api`.
pub(crate) const LISTED_LIBRARIES: [&str; 6] = [
    "diesel-routing",
    "diesel-routing-discovery",
    "diesel-routing-macros",
    "diesel-routing-sql",
    "diesel-routing-testkit",
    "diesel-routing-verify",
];

/// The Rust whose rustdoc wrote the lists.
pub(crate) const LISTED_BY: &str = "1.95";

/// Pages of the docs, and what they say of the features that an item needs: one of each way in which that is told.
pub(crate) const LABELS: [(&str, &str); 7] = [
    (
        "diesel_routing/config/struct.RoutingConfig.html",
        "crate feature config",
    ),
    (
        "diesel_routing/edge/struct.SessionLayer.html",
        "crate features edge and tower",
    ),
    (
        "diesel_routing/struct.ManualClock.html",
        "crate feature test-util",
    ),
    (
        "diesel_routing/struct.WriteConn.html",
        "crate features mysql or postgres or sqlite",
    ),
    (
        "diesel_routing/sync/pg/index.html",
        "crate feature sync-postgres",
    ),
    (
        "diesel_routing_discovery/struct.Patroni.html",
        "crate feature patroni",
    ),
    (
        "diesel_routing_testkit/struct.Proxy.html",
        "crate features mariadb or postgres",
    ),
];

/// Pages whose examples are tested as doctests, beside those in the sources.
pub(crate) const DOCTESTED_PAGES: [&str; 3] = [
    "README.md",
    "docs/errors.md",
    "docs/observability/README.md",
];

/// The published package that is a program: it has no library to check.
pub(crate) const PROGRAM: &str = "diesel-routing-cli";

/// Features that other features stand on, and that nobody turns on alone.
pub(crate) const HIDDEN_FEATURES: &str = "__async,__bench,__servers";

/// Left out of pairs: what the others include, and what changes no code of ours.
pub(crate) const UNPAIRED_FEATURES: &str = "default,sqlparser";

/// Features that count as one in pairs, as cargo-hack takes them. What needs async code stands apart from what does not: otherwise
/// no pair would have the latter without the former.
pub(crate) const FEATURE_GROUPS: &str = "\
    --group-features bb8,deadpool \
    --group-features postgres,mysql,sqlite \
    --group-features sync-postgres,sync-mysql,sync-sqlite \
    --group-features edge,tower,axum,moka,redis,redis-rustls \
    --group-features rustls,hedge,admin \
    --group-features serde,test-util,config,config-file,inventory,metrics,migrations";

/// Every backend of the libraries below us, so that all pairs share one build of Diesel and tokio.
/// cargo-hack warns that it does not know them.
pub(crate) const SHARED_FEATURES: &str = "diesel/postgres,diesel/mysql,diesel/sqlite,diesel/r2d2,\
    diesel-async?/postgres,diesel-async?/mysql,diesel-async?/sqlite,diesel-async?/async-connection-wrapper,tokio/full";

/// The README's first command.
pub(crate) const QUICKSTART: &str = "run --locked --quiet --package quickstart";

/// The workspace of what is made for frameworks, whose dependencies nothing else needs.
pub(crate) const FRAMEWORKS: &str = "examples/frameworks/Cargo.toml";
/// The rules for its dependencies.
pub(crate) const FRAMEWORKS_DENY: &str = "examples/frameworks/deny.toml";
/// Its published packages.
pub(crate) const FRAMEWORKS_LIBRARIES: &str =
    "--package diesel-routing-actix --package diesel-routing-rocket";

/// The example that is the consistency check.
pub(crate) const CONSISTENCY_EXAMPLE: &str = "check_consistency";

/// The tests that run against PostgreSQL servers of other versions.
pub(crate) const POSTGRES_TESTS: &str = "--package diesel-routing --package diesel-routing-testkit --all-features \
    --test databases --test positions --test postgres --test routing";
/// Of the tests on several servers, those on PostgreSQL.
pub(crate) const ON_POSTGRES: &str =
    "not (binary(databases) | binary(positions) | binary(routing)) | test(/^postgres/)";

/// The tests that run on MySQL as well.
pub(crate) const MYSQL_TESTS: &str = "--package diesel-routing --package diesel-routing-discovery --package diesel-routing-testkit \
    --all-features --test positions --test mariadb --test group_replication --run-ignored all";
/// What is not MariaDB's own (its files, lock waits, settings, the text of its positions, and Galera), and MySQL's own.
pub(crate) const ON_MYSQL: &str = "binary(group_replication) | binary(mariadb) & not test(/^galera|_relay_log_which_is_gone_/) \
     | test(/^mariadb::/) & not test(/^mariadb::(bad_input|locks)::|_history$/)";

/// The tests that run with each server in a container.
pub(crate) const DOCKER_TESTS: &str = "--package diesel-routing --package diesel-routing-testkit --all-features \
    --test docker --test postgres --test mariadb --test positions";
