//! A browser of a service in the same process.

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, COOKIE, HeaderMap, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use actix_web::{Error, HttpResponse};

/// The response to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The line that sets the cookie.
    pub(crate) cookie: Option<String>,
    pub(crate) cache_control: Vec<String>,
    pub(crate) text: String,
}

impl Answer {
    async fn of<B: MessageBody>(response: HttpResponse<B>) -> Self {
        let text =
            |value: &actix_web::http::header::HeaderValue| value.to_str().expect("text").to_owned();
        let headers: &HeaderMap = response.headers();
        let (cookie, cache_control) = (
            headers.get(SET_COOKIE).map(text),
            headers.get_all(CACHE_CONTROL).map(text).collect(),
        );
        let status = response.status();
        let Ok(body) = to_bytes(response.into_body()).await else {
            panic!("no body");
        };
        let text = String::from_utf8(body.to_vec()).expect("text");
        Self {
            status,
            cookie,
            cache_control,
            text,
        }
    }
}

/// A client that keeps its cookie.
#[derive(Debug, Default, Clone)]
pub(crate) struct Browser {
    pub(crate) cookie: Option<String>,
}

impl Browser {
    pub(crate) async fn send<S, B>(&mut self, app: &S, method: Method, path: &str) -> Answer
    where
        S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let mut request = TestRequest::with_uri(path).method(method);
        if let Some(cookie) = &self.cookie {
            request = request.insert_header((COOKIE, cookie.as_str()));
        }
        let answer = match app.call(request.to_request()).await {
            Ok(response) => Answer::of(response.into_parts().1).await,
            // As actix-web's server does it.
            Err(error) => Answer::of(error.error_response()).await,
        };
        if let Some(line) = &answer.cookie {
            let (pair, _) = line.split_once(';').expect("attributes");
            self.cookie = Some(pair.to_owned());
        }
        answer
    }

    pub(crate) async fn get<S, B>(&mut self, app: &S) -> String
    where
        S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
        B: MessageBody,
    {
        let answer = self.send(app, Method::GET, "/theme").await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.text
    }
}
