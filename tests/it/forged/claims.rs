//! Claims that are of another kind than they must be, or lacking, or out of their time.
use super::{Profile, Table};
use crate::signer::CONSUMER;
use opptrapping::http::token::SKEW;
use serde_json::{Value, json};

pub(super) fn words(all: &mut Table) {
    let iss = all.signer.iss();
    let long = "s".repeat(201);
    let text = [json!(1), json!(""), json!("a\nb"), json!(["x"]), json!(null), json!({}), json!(long)];
    let named = all.signer.profile == Profile::Local;
    let ours = if named { "opptrapping" } else { "unspecified" };
    let mut table = vec![
        (
            "iss",
            vec![
                json!(null),
                json!(""),
                json!([iss]),
                json!([iss, "evil"]),
                json!(1),
                json!("evil"),
                json!(iss.to_uppercase()),
                json!(format!("{iss}/")),
                json!(format!("{iss}\0")),
            ],
        ),
        (
            "aud",
            vec![
                json!(null),
                json!([]),
                json!(5),
                json!("other"),
                json!(""),
                json!([5]),
                json!([ours, 5]),
                json!(["other"]),
                json!({}),
                json!(ours.to_uppercase()),
                json!(if named { "unspecified" } else { "opptrapping" }),
            ],
        ),
        ("jti", text.to_vec()),
        ("client_id", text.to_vec()),
        ("sub", text.to_vec()),
        ("scope", vec![json!(["grants:write"]), json!(1), json!(null)]),
    ];
    if !named {
        let id = |id: &str| json!({ "authority": "iso6523-actorid-upis", "ID": id });
        let mut consumers: Vec<Value> =
            ["", CONSUMER, "0192:974760674", "9908:974760673", "0192: 974760673", "0192:"].map(id).into();
        consumers.extend([
            json!(null),
            json!({}),
            json!([id("0192:974760673")]),
            json!("0192:974760673"),
            json!({ "ID": 974_760_673 }),
            json!({ "ID": ["0192:974760673"] }),
            json!({ "id": "0192:974760673" }),
            json!({ "authority": "evil", "ID": "0192:974760673" }),
        ]);
        table.push(("consumer", consumers));
    }
    for (name, values) in table {
        values.into_iter().for_each(|value| all.claim(name, value));
    }
    let needed: &[&str] = if named { &["iss", "exp", "iat", "aud", "sub"] } else { &["iss", "exp", "iat", "consumer"] };
    needed.iter().for_each(|name| all.lacking(name));
}

pub(super) fn times(all: &mut Table) {
    let (now, most) = (all.signer.now, all.signer.most_lifetime());
    let odd = [
        json!(null),
        json!(now.to_string()),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(now as f64 + 0.5),
        json!(true),
        json!([now]),
        json!({}),
    ];
    for name in ["exp", "iat", "nbf"] {
        odd.iter().for_each(|value| all.claim(name, value.clone()));
    }
    for exp in [0, now, now - SKEW, now + most + 1] {
        all.claim("exp", json!(exp));
    }
    all.claim("iat", json!(now + SKEW + 1));
    all.claim("iat", json!(now - most));
    all.claim("nbf", json!(now + SKEW + 1));
}
