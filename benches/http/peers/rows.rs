//! Grants and observations as Diesel's typed queries have them.
use diesel::prelude::*;
use serde::Serialize;

diesel::table! {
    grants (id) {
        revision -> BigInt,
        ended -> BigInt,
        id -> Text,
        plan -> Nullable<Text>,
        scheme -> Nullable<Text>,
        measure -> Nullable<Text>,
        region -> Nullable<Text>,
        region_code -> Nullable<Text>,
        region_name -> Nullable<Text>,
        level -> Nullable<Text>,
        county -> Nullable<Text>,
        recipient_name -> Nullable<Text>,
        recipient_orgnr -> Nullable<Text>,
        period -> Text,
        period_start -> Text,
        period_end -> Text,
        amount_nok -> BigInt,
        stage -> Text,
        approximate -> Bool,
        source -> Text,
        note -> Nullable<Text>,
    }
}

#[derive(Serialize, Queryable, Selectable)]
#[diesel(table_name = grants)]
pub struct Grant {
    id: String,
    plan: Option<String>,
    scheme: Option<String>,
    measure: Option<String>,
    region: Option<String>,
    region_code: Option<String>,
    region_name: Option<String>,
    level: Option<String>,
    county: Option<String>,
    recipient_name: Option<String>,
    recipient_orgnr: Option<String>,
    period: String,
    period_start: String,
    period_end: String,
    amount_nok: i64,
    stage: String,
    approximate: bool,
    source: String,
    note: Option<String>,
}

diesel::table! {
    observations (id) {
        revision -> BigInt,
        ended -> BigInt,
        id -> Text,
        indicator -> Text,
        region -> Text,
        region_code -> Text,
        region_name -> Text,
        level -> Text,
        county -> Nullable<Text>,
        period -> Text,
        period_start -> Text,
        period_end -> Text,
        published -> Text,
        mapped_on -> Nullable<Text>,
        value -> Nullable<Double>,
        status -> Text,
        series_break -> Nullable<Bool>,
        confidence -> Text,
        publisher -> Nullable<Text>,
        source -> Text,
        note -> Nullable<Text>,
    }
}

#[derive(Serialize, Queryable, Selectable)]
#[diesel(table_name = observations)]
pub struct Observation {
    id: String,
    indicator: String,
    region: String,
    region_code: String,
    region_name: String,
    level: String,
    county: Option<String>,
    period: String,
    period_start: String,
    period_end: String,
    published: String,
    mapped_on: Option<String>,
    value: Option<f64>,
    status: String,
    series_break: Option<bool>,
    confidence: String,
    publisher: Option<String>,
    source: String,
    note: Option<String>,
}
