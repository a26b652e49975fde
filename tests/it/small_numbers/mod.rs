//! Small numbers: what is hidden stays hidden, whatever is asked and in whatever order it was written.
mod attack;
mod orders;
mod parts;
mod reading;
mod writing;

use crate::client::{Client, write};
use crate::support::Base;
use opptrapping::api::observations::Observation;
use opptrapping::db::Author;
use opptrapping::db::bulk::{self, Row, Tally};
use opptrapping::error::Error;
use serde_json::{Value, json};

/// Writes an indicator that counts patients and adds up, with some of its members replaced.
pub async fn indicator(client: &Client, id: &str, members: Value) -> Value {
    let mut row = json!({
        "title_nb": "Pasienter", "unit": "patients", "decimals": 0, "direction": "neutral", "aggregation": "sum",
        "source": "ssb-07459",
    });
    for (name, value) in members.as_object().unwrap() {
        row[name] = value.clone();
    }
    let path = format!("/v1/indicators/{id}");
    let there = client.get(&path).await;
    let request = write("PUT", &path).set_json(&row);
    let request = if there.status == 200 { request.insert_header(("if-match", there.tag())) } else { request };
    let answer = client.send(request).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    answer.json()
}

/// A figure as it is sent.
pub fn figure(indicator: &str, region: &str, period: &str, value: f64) -> Value {
    json!({
        "indicator": indicator, "region": region, "period": period, "published": "2025", "mapped_on": null,
        "value": value, "status": "ok", "confidence": "primary", "publisher": null, "source": "ssb-07459", "note": null,
        "series_break": null,
    })
}

/// The id of a figure.
pub fn id(row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap();
    format!("{}.{}.{}.{}", text("indicator"), text("region"), text("period"), text("published"))
}

/// Writes figures as one revision; none where nothing changed.
pub fn bulk(base: &Base, rows: &[Value]) -> Result<(Tally, Option<i64>), Error> {
    let mut rows = rows
        .iter()
        .zip(1..)
        .map(|(row, number)| Ok(Row { number, stored: row.as_object().unwrap().clone(), ..Row::default() }));
    base.db.write(&Author::local("test"), None, |write| bulk::rows::<Observation>(write, &mut rows))
}

/// Puts one figure over whatever is there.
pub async fn put(client: &Client, row: &Value) -> crate::client::Answer {
    let path = format!("/v1/observations/{}", id(row));
    let there = client.get(&path).await;
    let request = write("PUT", &path).set_json(row);
    client.send(if there.status == 200 { request.insert_header(("if-match", there.tag())) } else { request }).await
}
