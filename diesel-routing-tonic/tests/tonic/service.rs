//! The service `Themes`: what tonic generates of its `.proto`, by hand, with messages that are strings.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use diesel_routing::sqlite::Session;
use diesel_routing_tonic::DbSessionExt;
use http::uri::PathAndQuery;
use http_body::Body as HttpBody;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower_service::Service;

use super::cluster::{set_theme, theme};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

fn codec() -> ProstCodec<String, String> {
    ProstCodec::default()
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` calls it")]
fn failed(error: impl ToString) -> Status {
    Status::internal(error.to_string())
}

#[derive(Debug, Clone)]
enum Method {
    Get,
    /// Sets the theme to what is sent.
    Set,
    /// Does so, and fails.
    SetAndFail,
}

impl UnaryService<String> for Method {
    type Response = String;
    type Future = BoxFuture<Result<Response<String>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move {
            let session = request.db_session::<Session>()?;
            if matches!(method, Self::Get) {
                return theme(&session).await.map(Response::new).map_err(failed);
            }
            let saved = set_theme(&session, request.get_ref()).await;
            saved.map_err(failed)?;
            match method {
                Self::SetAndFail => Err(Status::aborted("on purpose")),
                _ => Ok(Response::new("saved".to_owned())),
            }
        })
    }
}

/// The server, as generated.
#[derive(Debug, Clone)]
pub(crate) struct ThemesServer;

impl NamedService for ThemesServer {
    const NAME: &'static str = "demo.Themes";
}

impl Service<http::Request<Body>> for ThemesServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = match request.uri().path() {
            "/demo.Themes/Get" => Method::Get,
            "/demo.Themes/Set" => Method::Set,
            "/demo.Themes/SetAndFail" => Method::SetAndFail,
            other => panic!("no method {other}"),
        };
        Box::pin(async move { Ok(Grpc::new(codec()).unary(method, request).await) })
    }
}

/// The client, as generated.
#[derive(Debug, Clone)]
pub(crate) struct ThemesClient<T>(tonic::client::Grpc<T>);

impl<T> ThemesClient<T>
where
    T: GrpcService<Body>,
    T::ResponseBody: HttpBody + Send + 'static,
    <T::ResponseBody as HttpBody>::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(crate) fn new(channel: T) -> Self {
        Self(tonic::client::Grpc::new(channel))
    }

    pub(crate) async fn get(&mut self) -> Result<Response<String>, Status> {
        self.call("/demo.Themes/Get", "").await
    }

    pub(crate) async fn set(&mut self, theme: &str) -> Result<Response<String>, Status> {
        self.call("/demo.Themes/Set", theme).await
    }

    pub(crate) async fn set_and_fail(&mut self, theme: &str) -> Result<Response<String>, Status> {
        self.call("/demo.Themes/SetAndFail", theme).await
    }

    async fn call(
        &mut self,
        method: &'static str,
        message: &str,
    ) -> Result<Response<String>, Status> {
        self.0
            .ready()
            .await
            .map_err(|_| Status::unavailable(method))?;
        let path = PathAndQuery::from_static(method);
        let request = Request::new(message.to_owned());
        self.0.unary(request, path, codec()).await
    }
}
