//! Traces and logs: the span of each checkout, as OpenTelemetry has it, and the changes of state as lines.
//!
//! Run with `cargo run --example tracing --features r2d2,sync-sqlite`. Spans go to memory here, and are printed; a service takes the
//! exporter of `opentelemetry-otlp`, and the rest stays as it is.

#![expect(clippy::print_stdout, reason = "what it has to say")]

use std::time::Duration;

use diesel_routing::sync::sqlite::Router;
use diesel_routing::{Error, Mode, Node};
use diesel_routing_testkit::SqliteCluster;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

fn main() -> anyhow::Result<()> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    // The spans of checkouts are for traces; before each line of the log they would be in the way.
    let logs = tracing_subscriber::fmt::layer()
        .with_filter(EnvFilter::new("info,diesel_routing::checkout=off"));
    tracing_subscriber::registry()
        .with(traces)
        .with(logs)
        .init();

    work()?;
    provider.force_flush()?;
    for span in exporter.get_finished_spans()? {
        println!("{}", shown(&span));
    }
    Ok(())
}

/// Reads, writes, reads again, and asks for what nobody may have.
fn work() -> anyhow::Result<()> {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE users (id INTEGER PRIMARY KEY)")
        .start()?;
    let router = Router::builder()
        .primary(Node::new("primary", cluster.primary_url()))
        .replica(Node::new("replica", cluster.replica_url(0)?).checkout_timeout(HURRY))
        .build()?;
    let session = router.session();
    drop(session.read()?);
    drop(session.write()?);
    router.set_mode(Mode::PrimaryOnly); // an event: "the mode was switched"
    drop(session.read()?);
    router.close();
    let closed: Result<_, Error> = session.read();
    assert!(
        closed.is_err(),
        "nothing is lent of a router that is closed"
    );
    Ok(())
}

const HURRY: Duration = Duration::from_secs(1);

/// Returns a span as a line: its name, and its attributes.
fn shown(span: &SpanData) -> String {
    let attributes = span.attributes.iter();
    let attributes = attributes.map(|attribute| format!("{}={}", attribute.key, attribute.value));
    let attributes = attributes.filter(|text| !text.starts_with("code.") && text.contains("db."));
    let attributes: Vec<_> = attributes.collect();
    format!("{} {:?} {}", span.name, span.status, attributes.join(" "))
}

#[test]
fn opentelemetry_has_each_checkout_with_its_attributes_and_its_failure() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(traces), work)
        .expect("it works");
    provider.force_flush().expect("flushed");
    let spans = exporter.get_finished_spans().expect("spans");
    let lines: Vec<_> = spans.iter().map(shown).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    for (line, expected) in lines.iter().zip([
        "db.routing.node=replica",
        "db.routing.reason=write",
        "db.routing.reason=primary_only",
        "Error",
    ]) {
        assert!(line.starts_with("checkout "), "{line}");
        assert!(line.contains(expected), "{expected}: {line}");
    }
}
