//! Rows to write.
use serde_json::{Value, json};

pub fn source(id: &str, title: &str) -> Value {
    json!({ "id": id, "title": title, "publisher": "Helsedirektoratet", "kind": "report" })
}

pub fn grant(id: &str) -> Value {
    json!({
        "id": id, "plan": "rus-2016-2020", "scheme": "kommunalt-rusarbeid", "region": "K-0301", "period": "2017",
        "amount_nok": 1_000_000, "stage": "paid", "approximate": false, "source": "prop-15-s-2015-2016",
    })
}
