//! Reads of clients of a service whose replica stands still.

use diesel_routing::edge::SessionLayer;
use diesel_routing::sqlite::{Connection, Router};
use diesel_routing_tonic::{METADATA, TokenJar};
use tokio::task::JoinHandle;
use tonic::metadata::MetadataMap;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Status};
use tower_layer::Layer;

use super::cluster::{router, set_theme, stale_cluster, theme};
use super::service::{ThemesClient, ThemesServer};

/// A server on a port of its own, and a channel to it.
struct Running {
    channel: Channel,
    server: JoinHandle<()>,
}

impl Running {
    async fn start(layer: SessionLayer<Connection>) -> Self {
        let mut server = Server::builder().layer(layer);
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let address = incoming.local_addr().expect("an address");
        let server = server.add_service(ThemesServer);
        let server = tokio::spawn(async move {
            let served = server.serve_with_incoming(incoming).await;
            served.expect("a server");
        });
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("a URL");
        let channel = endpoint.connect().await.expect("a connection");
        Self { channel, server }
    }

    async fn of(router: &Router) -> Self {
        Self::start(diesel_routing_tonic::layer(router.clone()).expect("keys")).await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn token(metadata: &MetadataMap) -> Option<&str> {
    Some(metadata.get(METADATA)?.to_str().expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_call_sees_the_write_on_every_node_and_other_clients_are_not_upgraded() {
    let cluster = stale_cluster();
    let (here, there) = (router(&cluster).await, router(&cluster).await);
    let (here, there) = (Running::of(&here).await, Running::of(&there).await);
    let jar = TokenJar::new();
    let mut client = ThemesClient::new(jar.layer(here.channel.clone()));
    let written = client.set("dark").await.expect("saved");
    assert!(token(written.metadata()).is_some());
    for running in [&here, &there] {
        let mut client = ThemesClient::new(jar.layer(running.channel.clone()));
        let read = client.get().await.expect("a theme");
        assert_eq!(token(read.metadata()), None);
        assert_eq!(read.into_inner(), "dark");
        let other = ThemesClient::new(running.channel.clone()).get().await;
        assert_eq!(other.expect("a theme").into_inner(), "light");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_carries_the_token_of_what_was_written_before_it() {
    let cluster = stale_cluster();
    let running = Running::of(&router(&cluster).await).await;
    let jar = TokenJar::new();
    let mut client = ThemesClient::new(jar.layer(running.channel.clone()));
    let status = client.set_and_fail("dark").await.expect_err("on purpose");
    assert_eq!(status.code(), Code::Aborted);
    assert!(token(status.metadata()).is_some());
    assert_eq!(client.get().await.expect("a theme").into_inner(), "dark");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interceptor_sends_what_was_kept_of_a_response() {
    let cluster = stale_cluster();
    let running = Running::of(&router(&cluster).await).await;
    let jar = TokenJar::new();
    let channel = InterceptedService::new(running.channel.clone(), jar.clone());
    let mut client = ThemesClient::new(channel);
    let written = client.set("dark").await.expect("saved");
    jar.keep(written.metadata());
    assert_eq!(client.get().await.expect("a theme").into_inner(), "dark");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_several_sessions_are_joined_by_the_next_response() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let running = Running::of(&router).await;
    let jar = TokenJar::new();
    for (earlier, theme) in ["dark", "darker"].into_iter().enumerate() {
        // Two that wrote in the same millisecond have the same token.
        while jar.tokens().len() == earlier {
            let session = router.session();
            set_theme(&session, theme).await.expect("saved");
            jar.put(&session.token().await.expect("keys"));
        }
    }
    assert_eq!(jar.tokens().len(), 2);
    let mut client = ThemesClient::new(jar.layer(running.channel.clone()));
    assert_eq!(client.get().await.expect("a theme").into_inner(), "darker");
    assert_eq!(jar.tokens().len(), 2);
    client.set("darkest").await.expect("saved");
    let tokens = jar.tokens();
    assert_eq!(tokens.len(), 1);
    let session = router.resume(&tokens[0]);
    assert_eq!(theme(&session).await.expect("a theme"), "darkest");
    assert_eq!(router.status().rejected_tokens, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_token_is_counted_and_the_call_is_served() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let running = Running::of(&router).await;
    let add = |mut request: Request<()>| {
        let broken = "not a token".parse().expect("a value");
        request.metadata_mut().insert(METADATA, broken);
        Ok::<_, Status>(request)
    };
    let mut client = ThemesClient::new(InterceptedService::new(running.channel.clone(), add));
    assert_eq!(client.get().await.expect("a theme").into_inner(), "light");
    let rejected = router.status().rejected_tokens;
    assert!(
        rejected.iter().any(|(_, count)| *count == 1),
        "{rejected:?}"
    );
}

#[tokio::test]
async fn a_handler_without_the_layer_is_told_what_is_missing() {
    let status = ThemesClient::new(ThemesServer).get().await;
    let status = status.expect_err("no layer");
    assert_eq!(status.code(), Code::Internal);
    let said = status.message();
    assert!(
        said.contains(".layer(diesel_routing_tonic::layer(router)?)"),
        "{said}"
    );
}
