//! The operations of the document, with their references resolved.
use crate::client::{Answer, Client, request, scoped};
use actix_web::test::TestRequest;
use opptrapping::{api, http::Settings};
use serde_json::Value;

/// One operation.
pub struct Operation {
    pub path: String,
    /// In capitals.
    pub method: String,
    pub spec: Value,
    pub parameters: Vec<Value>,
}

pub fn document() -> Value {
    api::document(&Settings::default())
}

pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut all = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, spec) in item.as_object().unwrap() {
            let given = spec["parameters"].as_array().into_iter().flatten();
            let parameters = given.map(|p| resolve(&document, p).clone()).collect();
            let (path, method) = (path.clone(), method.to_uppercase());
            all.push(Operation { path, method, spec: spec.clone(), parameters });
        }
    }
    all
}

/// What a `$ref` points to; the thing itself where there is none.
pub fn resolve<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}")),
        None => value,
    }
}

impl Operation {
    pub fn id(&self) -> &str {
        self.spec["operationId"].as_str().unwrap_or_default()
    }

    /// A request for a path of it, with a token where it needs one.
    pub fn request(&self, method: &str, path: &str) -> TestRequest {
        match self.scope() {
            Some(scope) => scoped(method, path, scope),
            None => request(method, path),
        }
    }

    /// Reads a path of it.
    pub async fn get(&self, client: &Client, path: &str) -> Answer {
        client.send(self.request("GET", path)).await
    }

    pub fn reads(&self) -> bool {
        self.method == "GET"
    }

    /// The path with the example of each of its parameters.
    pub fn example_path(&self) -> String {
        self.parameters.iter().filter(|p| p["in"] == "path").fold(self.path.clone(), |path, p| {
            let example = p["example"].as_str().unwrap_or_else(|| panic!("{}: no example", self.path));
            path.replace(&format!("{{{}}}", p["name"].as_str().unwrap()), example)
        })
    }

    /// The path with a query, and with the example of each parameter that is needed and not in it.
    pub fn example_url(&self, query: &str) -> String {
        let given = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let needed = self.query_parameters().filter(|p| p["required"] == true).filter_map(|p| {
            let name = p["name"].as_str().unwrap();
            let example = p["example"]
                .as_array()
                .map_or_else(|| text(&p["example"]), |all| all.iter().map(text).collect::<Vec<_>>().join(","));
            (!given(name)).then(|| format!("{name}={example}"))
        });
        let query: Vec<String> = needed.chain((!query.is_empty()).then(|| query.to_owned())).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.example_path(), query.join("&"))
    }

    pub fn query_parameters(&self) -> impl Iterator<Item = &Value> {
        self.parameters.iter().filter(|p| p["in"] == "query")
    }

    /// The scope a token needs.
    pub fn scope(&self) -> Option<&str> {
        self.spec["security"][0]["bearer"][0].as_str()
    }

    /// The media types of the body.
    pub fn body_type(&self) -> Option<&String> {
        self.spec["requestBody"]["content"].as_object()?.keys().next()
    }
}
