//! Who wrote what: told to those with the scope `admin`, and to nobody else.
use crate::client::{Client, names, request, scoped};
use crate::support::databases;
use serde_json::{Value, json};

async fn asked(client: &Client, query: &str) -> Value {
    let answer = client.send(scoped("GET", &format!("/v1/revisions{query}"), "admin")).await.done(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn numbers(page: &Value) -> Vec<i64> {
    page["data"].as_array().unwrap().iter().map(|entry| entry["revision"].as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn the_audit_tells_who_when_and_why_and_can_be_narrowed() {
    for base in databases("audit") {
        let client = Client::new(&base.db).await;
        let before = base.db.head().revision;
        let row = json!({ "title": "T", "publisher": "P", "kind": "report" });
        client.put("/v1/sources/audited?reason=because", &row).await.done(201);
        let newest = before + 1;

        let all = asked(&client, "?limit=100").await;
        assert_eq!((all["total"].as_i64(), numbers(&all).len() as i64), (Some(newest), newest));
        assert!(numbers(&all).is_sorted_by(|one, next| one > next), "{}: not the newest first", base.label);
        let last = &all["data"][0];
        assert_eq!(
            (&last["subject"], &last["reason"], &last["row_count"]),
            (&json!("tester"), &json!("because"), &json!(1))
        );
        assert!(last["issuer"].is_string() && last["token_id"].is_string() && last["time"].is_string(), "{last}");

        assert_eq!(numbers(&asked(&client, "?subject=tester").await), [newest]);
        assert_eq!(numbers(&asked(&client, "?subject=nobody,tester&issuer=local").await), Vec::<i64>::new());
        assert_eq!(numbers(&asked(&client, "?collection=sources").await), [newest, 1]);
        assert_eq!(numbers(&asked(&client, "?collection=goals,plans").await), [3, 2]);
        assert_eq!(numbers(&asked(&client, "?from=2&to=4").await), [4, 3, 2]);
        let time = |at: usize| all["data"][at]["time"].as_str().unwrap().to_owned();
        assert_eq!(numbers(&asked(&client, &format!("?from={}", time(0))).await), [newest]);
        assert_eq!(numbers(&asked(&client, &format!("?to={}&limit=1", time(1))).await), [before]);

        // Walked through, every revision comes once.
        let (mut walked, mut page) = (vec![], asked(&client, "?limit=6").await);
        loop {
            walked.extend(numbers(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            page = asked(&client, &format!("?limit=6&cursor={next}")).await;
        }
        assert_eq!(walked, numbers(&all));
    }
}

#[actix_web::test]
async fn nobody_else_is_told_and_what_cannot_be_is_refused_by_name() {
    for base in databases("audit_refused") {
        let client = Client::new(&base.db).await;
        client.send(request("GET", "/v1/revisions")).await.refused(401, "authentication-required");
        for scope in ["sources:write", "submissions:moderate", "grants:write observations:write"] {
            client.send(scoped("GET", "/v1/revisions", scope)).await.refused(403, "insufficient-scope");
        }
        let refused = |query: &str| client.send(scoped("GET", &format!("/v1/revisions?{query}"), "admin"));
        let problem = refused("collection=gaols&from=x&limit=0").await.refused(400, "invalid-parameter");
        assert!(names(&problem, "from", "invalid") && names(&problem, "limit", "invalid"), "{problem}");
        let problem = refused("collection=gaols").await.refused(400, "invalid-parameter");
        assert_eq!(problem["errors"][0]["did_you_mean"], "goals");
        refused("cursor=x").await.refused(400, "invalid-cursor");
        refused("who=me").await.refused(400, "unknown-parameter");
    }
}
