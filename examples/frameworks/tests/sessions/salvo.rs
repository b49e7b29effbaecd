//! Salvo.

use frameworks::{cluster, salvo::app, theme};
use salvo::prelude::*;
use salvo::test::{ResponseExt, TestClient};

fn cookie(response: &Response) -> Option<String> {
    let line = response.headers().get("set-cookie")?;
    let (pair, _) = line
        .to_str()
        .expect("text")
        .split_once(';')
        .expect("attributes");
    Some(pair.to_owned())
}

#[handler]
async fn fail() -> StatusError {
    let session = diesel_routing::sqlite::Session::current().expect("in scope");
    theme::set_theme(&session, "dark").await.expect("saved");
    StatusError::conflict()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_sees_the_write_also_one_before_an_error_and_other_users_are_not_upgraded()
{
    const URL: &str = "http://localhost/theme";
    let cluster = cluster::stale().expect("a cluster");
    let router = cluster::router(&cluster).await.expect("a router");
    let app = app(router).expect("keys").put(fail);
    let service = Service::new(app);
    for (write, status) in [
        (TestClient::put(URL), StatusCode::CONFLICT),
        (TestClient::post(URL), StatusCode::OK),
    ] {
        let written = write.send(&service).await;
        assert_eq!(written.status_code, Some(status));
        let token = cookie(&written).expect("a cookie");
        let read = TestClient::get(URL).add_header("cookie", token, true);
        let mut read = read.send(&service).await;
        assert_eq!(cookie(&read), None);
        assert_eq!(read.take_string().await.expect("text"), "dark");
    }
    let mut other = TestClient::get(URL).send(&service).await;
    assert_eq!(other.take_string().await.expect("text"), "light");
}
