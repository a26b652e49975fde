//! The service in-process: requests in, answers out, and tokens to write with.
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::web::Bytes;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use jsonwebtoken::Algorithm;
use opptrapping::db::Database;
use opptrapping::http::token::{self, Issuers};
use opptrapping::http::{Settings, resource::Collection};
use opptrapping::{Shared, api};
use serde_json::Value;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

type Call = dyn Fn(TestRequest) -> LocalBoxFuture<'static, Result<ServiceResponse<BoxBody>, actix_web::Error>>;

/// Calls the application.
#[derive(Clone)]
pub struct Client(Rc<Call>);

impl Client {
    /// A service that takes the tokens of [`bearer`].
    pub async fn new(db: &Database) -> Self {
        Self::with(db, token::local(&keys().1).unwrap()).await
    }

    pub async fn with(db: &Database, issuers: Issuers) -> Self {
        Self::serving(&Shared::new(db.clone(), Settings::default(), issuers)).await
    }

    pub async fn serving(shared: &Shared) -> Self {
        let service = init_service(opptrapping::app(shared)).await;
        let service = Rc::new(service);
        Self(Rc::new(move |request: TestRequest| {
            let service = service.clone();
            async move { Ok(try_call_service(&*service, request.to_request()).await?.map_into_boxed_body()) }
                .boxed_local()
        }))
    }

    pub async fn send(&self, request: TestRequest) -> Answer {
        let response = match (self.0)(request).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let (head, body) = response.into_parts();
        let size = body.size();
        let body = to_bytes(body).await.unwrap_or_default();
        Answer { status: head.status().as_u16(), headers: head.headers().clone(), size, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path)).await
    }

    /// The JSON of a request that must succeed.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    /// The rows of a list.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        self.json(path).await["data"].as_array().unwrap().clone()
    }

    /// The entity tag of what is there.
    pub async fn tag(&self, path: &str) -> String {
        let answer = self.get(path).await;
        answer.header("etag").unwrap_or_else(|| panic!("{path}: no ETag in {}", answer.status)).to_owned()
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(write("PUT", path).set_json(body)).await
    }

    /// Replaces the version named.
    pub async fn replace(&self, path: &str, tag: &str, body: &Value) -> Answer {
        self.send(write("PUT", path).insert_header(("if-match", tag)).set_json(body)).await
    }

    pub async fn patch(&self, path: &str, tag: &str, body: &Value) -> Answer {
        let typed = write("PATCH", path).insert_header(("if-match", tag)).set_payload(body.to_string());
        self.send(typed.insert_header(("content-type", "application/merge-patch+json"))).await
    }

    pub async fn delete(&self, path: &str, tag: &str) -> Answer {
        self.send(write("DELETE", path).insert_header(("if-match", tag))).await
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub size: actix_web::body::BodySize,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Every value of a header that may stand several times.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).map(|value| value.to_str().unwrap()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn tag(&self) -> &str {
        self.header("etag").expect("an ETag")
    }

    /// The kind of problem, after `/problems/`.
    pub fn problem(&self) -> String {
        let kind = self.json()["type"].as_str().unwrap_or_default().to_owned();
        kind.strip_prefix("/problems/").unwrap_or(&kind).to_owned()
    }

    /// Requires a problem with this status and of this kind.
    #[track_caller]
    pub fn refused(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.problem(), kind, "{}", self.text());
        self.json()
    }

    /// Requires success.
    #[track_caller]
    pub fn done(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// Whether one of the mistakes of a problem is of this field and code.
pub fn names(problem: &Value, name: &str, code: &str) -> bool {
    problem["errors"].as_array().into_iter().flatten().any(|m| m["name"] == name && m["code"] == code)
}

pub fn request(method: &str, path: &str) -> TestRequest {
    TestRequest::default().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path)
}

/// A request with leave to write everything.
pub fn write(method: &str, path: &str) -> TestRequest {
    request(method, path).insert_header(("authorization", bearer("admin")))
}

/// A request with a scope.
pub fn scoped(method: &str, path: &str, scope: &str) -> TestRequest {
    request(method, path).insert_header(("authorization", bearer(scope)))
}

pub fn bearer(scope: &str) -> String {
    bearer_of("tester", scope)
}

/// A token of somebody.
pub fn bearer_of(subject: &str, scope: &str) -> String {
    let (private, public) = keys();
    format!("Bearer {}", token::make(private, public, subject, scope, now(), 3_600).unwrap())
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// The private and the public key of this process.
pub fn keys() -> &'static (String, String) {
    static KEYS: OnceLock<(String, String)> = OnceLock::new();
    KEYS.get_or_init(|| token::generate(Algorithm::EdDSA).unwrap())
}

/// Every collection, in the order of the document.
pub fn collections() -> impl Iterator<Item = &'static Collection> {
    api::RESOURCES.iter().map(|entry| (entry.collection)())
}
