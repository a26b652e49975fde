//! The service in-process, for targets that send it requests: one for each process, on a new SQLite file with the reference
//! data, and keys to write with.
use actix_web::body::MessageBody;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::test::{TestRequest, init_service, try_call_service};
use jsonwebtoken::Algorithm;
use opptrapping::http::Settings;
use opptrapping::http::token::{self, Issuers};
use opptrapping::{Shared, app};
use std::cell::OnceCell;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

type Call = dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = u16>>>;

/// What runs is not taken apart at the end: it would look for what belongs to its thread, which is gone by then.
struct Service {
    runtime: ManuallyDrop<actix_web::rt::SystemRunner>,
    call: ManuallyDrop<Rc<Call>>,
    token: String,
    _folder: tempfile::TempDir,
}

/// The time, in seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

/// Issuers that take the tokens of a key of their own, and a token that may do anything, for an hour.
pub fn keys() -> (Issuers, String) {
    let (private, public) = token::generate(Algorithm::ES256).unwrap();
    let token = token::make(&private, &public, "fuzz", token::ADMIN, now(), token::MOST_LIFETIME).unwrap();
    (token::local(&public).unwrap(), token)
}

impl Service {
    fn start() -> Self {
        let runtime = actix_web::rt::System::new();
        let folder = tempfile::tempdir().unwrap();
        let db = opptrapping::open(&format!("sqlite://{}", folder.path().join("fuzz.db").display())).unwrap();
        opptrapping::import::reference::load(&db).unwrap();
        let (issuers, token) = keys();
        // Each answer is computed.
        let settings = Settings { cache_bytes: 0, ..Settings::default() };
        let shared = Shared::new(db, settings, issuers);
        let service = Rc::new(runtime.block_on(async { init_service(app(&shared)).await }));
        let call = Rc::new(move |request: TestRequest| {
            let service = service.clone();
            Box::pin(async move {
                match try_call_service(&*service, request.to_request()).await {
                    Ok(response) => {
                        let (_, response) = response.into_parts();
                        let (head, body) = response.into_parts();
                        // What cannot be written down is a fault too.
                        let _ = actix_web::body::to_bytes(body.boxed()).await;
                        head.status().as_u16()
                    }
                    Err(error) => error.error_response().status().as_u16(),
                }
            }) as Pin<Box<dyn Future<Output = u16>>>
        });
        let (runtime, call) = (ManuallyDrop::new(runtime), ManuallyDrop::new(call as Rc<Call>));
        Self { runtime, call, token, _folder: folder }
    }
}

/// Sends a request. A fault of the service is a crash; a refusal is not.
pub fn send(method: Method, path: &str, headers: &[(&'static str, &[u8])], body: Option<Vec<u8>>) {
    thread_local!(static SERVICE: OnceCell<Service> = const { OnceCell::new() });
    SERVICE.with(|service| {
        let service = service.get_or_init(Service::start);
        // What is no URL or no header does not come so far.
        if path.parse::<actix_web::http::Uri>().is_err() {
            return;
        }
        let mut request = TestRequest::with_uri(path).method(method.clone());
        for (name, value) in headers {
            let Ok(value) = HeaderValue::from_bytes(value) else { return };
            request = request.insert_header((HeaderName::from_static(name), value));
        }
        if method != Method::GET {
            request = request.insert_header(("authorization", format!("Bearer {}", service.token)));
        }
        if let Some(body) = body {
            request = request.set_payload(body);
        }
        let status = service.runtime.block_on((service.call)(request));
        assert!(status < 500 || status == 503, "{status}: {path}");
    });
}
