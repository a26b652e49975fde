//! Who may write: the file of issuers, organisations and scopes, what is revoked, and reading all of it anew.
use crate::client::{Client, now, request};
use crate::signer::{
    CONSUMER, MASKINPORTEN_RULES, NOW, Pair, file, fresh_id, key_set, maskinporten, maskinporten_claims, sources,
};
use crate::support::{Folder, databases, root, sqlite};
use actix_web::rt::time::sleep;
use jsonwebtoken::Algorithm;
use opptrapping::http::token::{Issuers, Secret, Sources};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

const ORGANISATIONS: &str = "[issuer.organisations]\n\"974760673\" = [\"grants:write\"]\n\"991825827\" = [\"admin\"]\n";

fn grant() -> Value {
    crate::rows::grant("g-1")
}

#[actix_web::test]
async fn an_organisation_writes_what_it_may_and_no_more() {
    for base in databases("organisations") {
        let (pair, folder) = (Pair::new(Algorithm::RS256), Folder::new("organisations"));
        let client = Client::with(&base.db, maskinporten(&folder, &[&pair], ORGANISATIONS)).await;
        let put = async |path: &str, body: &Value, change: &dyn Fn(&mut Value)| {
            let mut claims = maskinporten_claims(now());
            change(&mut claims);
            let bearer = format!("Bearer {}", pair.token(&claims));
            client.send(request("PUT", path).insert_header(("authorization", bearer)).set_json(body)).await
        };
        let of =
            |number: &'static str| move |claims: &mut Value| claims["consumer"]["ID"] = json!(format!("0192:{number}"));
        let all =
            |claims: &mut Value| claims["scope"] = json!("nav:opptrapping/grants.write nav:opptrapping/sources.write");

        put("/v1/grants/g-1", &grant(), &|_| ()).await.done(201);
        let source = crate::rows::source("a", "A");
        let lacking = put("/v1/sources/a", &source, &|_| ()).await;
        assert_eq!(lacking.refused(403, "insufficient-scope")["detail"], "the scope sources:write is needed");
        let limited = put("/v1/sources/a", &source, &all).await;
        let detail = limited.refused(403, "insufficient-scope")["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("organisation") && !detail.contains(CONSUMER), "{detail}");
        assert!(limited.header("www-authenticate").unwrap().contains("insufficient_scope"));

        // Another organisation, also where the client is one that is let in, or is named as one.
        let stranger = |claims: &mut Value| {
            all(claims);
            claims["client_id"] = json!("0192:974760673");
            of("974761076")(claims);
        };
        put("/v1/sources/a", &source, &stranger).await.refused(403, "insufficient-scope");
        put("/v1/grants/g-2", &crate::rows::grant("g-2"), &stranger).await.refused(403, "insufficient-scope");
        let no_consumer = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("consumer"));
        put("/v1/sources/a", &source, &no_consumer).await.refused(401, "invalid-token");
        put("/v1/sources/a", &source, &|claims| {
            all(claims);
            of("991825827")(claims);
        })
        .await
        .done(201);

        let author = base.db.read(|conn| {
            let sql = "SELECT issuer, subject, organisation FROM revisions ORDER BY revision DESC LIMIT 1";
            Ok(opptrapping::db::Statement::new(sql).row::<(String, String, Option<String>)>(conn)?)
        });
        let author = author.unwrap().unwrap();
        assert_eq!((author.1.as_str(), author.2.as_deref()), ("0192:991825827", Some("991825827")), "{}", base.label);
    }
}

#[test]
fn principals_and_scopes_are_those_of_the_rules() {
    let (pair, folder) = (Pair::new(Algorithm::EdDSA), Folder::new("principals"));
    file(&folder, "jwks.json", &key_set(&[&pair]).to_string());
    let rules = "[[issuer]]\niss = \"https://a.example\"\naudience = \"https://figures.example\"\njwks_file = \"jwks.json\"\n\
                 principal = \"client_id\"\ntyp = [\"at+jwt\"]\nskew_seconds = 0\nlifetime_seconds = 90\n\
                 [issuer.scopes]\n\"figures\" = [\"observations:write\", \"indicators:write\"]\n";
    let issuers = Issuers::open(sources(&folder, rules, &[])).unwrap();
    let claims = |change: &dyn Fn(&mut Value)| {
        let mut claims = json!({
            "iss": "https://a.example", "aud": ["https://figures.example"], "client_id": "robot", "sub": "kari",
            "scope": "figures other plans:write", "iat": NOW, "exp": NOW + 90, "jti": fresh_id(),
        });
        change(&mut claims);
        claims
    };
    let verified = issuers.verify(&pair.token(&claims(&|_| ())), NOW).unwrap();
    assert_eq!((verified.author.subject.as_str(), verified.author.organisation.as_deref()), ("robot", None));
    assert!(verified.may("observations:write") && verified.may("indicators:write"));
    assert!(
        !verified.may("plans:write") && !verified.may("figures") && !verified.may("admin"),
        "what is not mapped is nothing"
    );
    let refused = |change: &dyn Fn(&mut Value), now: i64| issuers.verify(&pair.token(&claims(change)), now).is_err();
    assert!(refused(&|c| c["exp"] = json!(NOW + 91), NOW), "the lifetime of the rules");
    assert!(!refused(&|_| (), NOW + 89) && refused(&|_| (), NOW + 90) && refused(&|_| (), NOW - 1), "no skew");
    assert!(refused(&|c| drop(c.as_object_mut().unwrap().remove("client_id")), NOW), "sub is not asked");
    for typ in [None, Some("JWT")] {
        let mut header = pair.header();
        match typ {
            Some(typ) => header["typ"] = json!(typ),
            None => drop(header.as_object_mut().unwrap().remove("typ")),
        }
        assert!(issuers.verify(&pair.sign(&header, &claims(&|_| ())), NOW).is_err(), "{typ:?}");
    }
}

#[test]
fn every_mistake_in_the_file_is_told_at_once() {
    let folder = Folder::new("mistakes");
    let pair = Pair::new(Algorithm::RS256);
    let beside = [("key.pem", pair.public.as_str()), ("empty.json", "{\"keys\":[]}")];
    let rules = r#"
        colour = "blue"
        [[issuer]]
        audiense = "unspecified"
        jwks_url = "http://keys.example/jwk"
        jwks_file = "nowhere.json"
        lifetime_seconds = 0
        [[issuer]]
        iss = "https://a.example"
        audience = "https://a.example"
        jwks_url = "https://user:secret@a.example/jwk"
        algorithm = "HS256"
        principal = "name"
        skew_seconds = "30"
        kid = "x"
        refresh_seconds = 0
        [issuer.scopes]
        "figures" = ["observation:write"]
        "other" = []
        [issuer.organisations]
        "974760674" = ["grants:write"]
        [[issuer]]
        iss = "https://b.example"
        audience = "x"
        public_key = "key.pem"
        algorithm = "ES256"
        refresh_seconds = 5
        [[issuer]]
        iss = "https://c.example"
        audience = "x"
        jwks_file = "empty.json"
        typ = ["dpop+jwt"]
        [[issuer]]
        iss = "https://d.example"
        audience = "x"
        public_key = "key.pem"
        [[issuer]]
        iss = "https://d.example"
        audience = "x"
        public_key = "key.pem"
        [[issuer]]
        iss = "opptrapping"
        audience = "x"
        public_key = "key.pem"
    "#;
    let secret: Secret = "short".parse().unwrap();
    let given = Sources {
        public_key: Some(file(&folder, "own.pem", &pair.public)),
        secret: Some(secret),
        revoked: Some(file(&folder, "revoked", "jti:a\nnonsense\n")),
        ..sources(&folder, rules, &beside)
    };
    let told = Issuers::open(given).map(drop).unwrap_err();
    assert!(told.iter().all(|line| line.starts_with("OPPTRAPPING_") && !line.contains('\n')), "{told:#?}");
    for part in [
        "there is no `colour`",
        "issuer 1: iss is missing",
        "issuer 1: audience is missing",
        "there is no `audiense`; did you mean `audience`?",
        "issuer 1: lifetime_seconds must be a whole number from 1 to 86400",
        "issuer 1: its keys must come one way",
        "jwks_file: ",
        "`http://keys.example/jwk` must begin with https://",
        "issuer https://a.example: audience is the issuer itself",
        "an address with a password in it",
        "algorithm is `HS256`, and must be one of RS256, PS256, ES256, EdDSA",
        "principal is `name`, and must be one of sub, client_id, consumer",
        "skew_seconds must be",
        "kid is for public_key alone",
        "refresh_seconds must be",
        "scopes.\"figures\": there is no scope `observation:write`; did you mean `observations:write`?",
        "scopes.\"other\" must be a list",
        "organisations.\"974760674\" is no organisation number",
        "set principal = \"consumer\"",
        "issuer https://b.example: public_key: the key is not for that algorithm",
        "issuer https://b.example: refresh_seconds is for jwks_url alone",
        "issuer https://c.example: jwks_file: it has no key that can be used",
        "typ `dpop+jwt` is of no access token",
        "OPPTRAPPING_JWT_SECRET: has 5 bytes",
        "stands together with OPPTRAPPING_ISSUERS",
        "stands together with OPPTRAPPING_PUBLIC_KEY",
        "OPPTRAPPING_REVOKED: ",
        "line 2: must be jti:…, sub:… or org:…",
    ] {
        assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:#?}");
    }
    assert!(
        !told.iter().any(|line| line.contains("short") || line.contains("secret@")),
        "a secret was told: {told:#?}"
    );
    for (rules, part) in [
        ("", "there is no [[issuer]]"),
        ("issuer = 1", "there is no [[issuer]]"),
        ("[[issuer]]\niss = \"a\"\niss = \"b\"\n", "line 3"),
        ("[[issuer]\n", "line 1"),
        (&rules[rules.find("[[issuer]]\n        iss = \"https://d").unwrap()..], "stands twice"),
    ] {
        let told = Issuers::open(sources(&folder, rules, &beside)).map(drop).unwrap_err();
        assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:#?}");
    }
}

#[test]
fn the_example_is_a_file_of_issuers() {
    let folder = Folder::new("example");
    let text = fs::read_to_string(root().join("examples/issuers.toml")).unwrap();
    let pair = Pair::new(Algorithm::ES256);
    let issuers = Issuers::open(sources(&folder, &text, &[("partner.pem", &pair.public)])).unwrap();
    let names: Vec<String> = issuers.states(NOW).into_iter().map(|state| state.iss).collect();
    assert!(names.contains(&"https://maskinporten.no/".to_owned()), "{names:?}");
}

/// Waits at most the five seconds that revocation may take.
async fn within_five_seconds(is: impl Fn() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        if is() {
            return true;
        }
        sleep(Duration::from_millis(50)).await;
    }
    is()
}

#[actix_web::test]
async fn what_is_revoked_is_refused_within_five_seconds() {
    let (pair, folder) = (Pair::new(Algorithm::EdDSA), Folder::new("revoked"));
    let list = file(&folder, "revoked", "# nobody yet\n");
    let jwks = key_set(&[&pair]).to_string();
    let rules = format!("{MASKINPORTEN_RULES}jwks_file = \"jwks.json\"\n");
    let given = Sources { revoked: Some(list.clone()), ..sources(&folder, &rules, &[("jwks.json", &jwks)]) };
    let base = sqlite("revoked");
    let issuers = Issuers::open(given).unwrap();
    let client = Client::with(&base.db, issuers.clone()).await;
    let (token, other) = (pair.token(&maskinporten_claims(now())), pair.token(&maskinporten_claims(now())));
    let id = issuers.verify(&token, now()).unwrap().author.token_id.clone().unwrap();
    let (takes, takes_other) = (|| issuers.verify(&token, now()).is_ok(), || issuers.verify(&other, now()).is_ok());
    assert!(takes() && takes_other());

    for (line, both) in
        [(format!("jti:{id}"), false), (format!("sub:0192:{CONSUMER}"), true), (format!("org:{CONSUMER}"), true)]
    {
        fs::write(&list, format!("{line} # left us\nnonsense\n")).unwrap();
        assert!(within_five_seconds(|| !takes()).await, "{line}: a line that cannot be read spoils no other");
        assert_eq!(takes_other(), !both, "{line}");
        let read = request("GET", "/v1/goals?limit=1").insert_header(("authorization", format!("Bearer {token}")));
        client.send(read).await.refused(401, "invalid-token");
        fs::remove_file(&list).unwrap();
        sleep(Duration::from_millis(2_500)).await;
        assert!(!takes(), "{line}: a list that is away gives nothing back");
        fs::write(&list, "").unwrap();
        assert!(within_five_seconds(takes).await, "{line}: it is no longer revoked");
    }
    // Another file in its place, of the same length.
    fs::write(&list, format!("jti:{}\n", "a".repeat(id.len()))).unwrap();
    issuers.reload().unwrap();
    let beside = file(&folder, "beside", &format!("jti:{id}\n"));
    fs::rename(beside, &list).unwrap();
    assert!(within_five_seconds(|| !takes()).await && takes_other());
}

#[actix_web::test]
async fn keys_and_rules_are_read_anew() {
    let (old, new) = (Pair::new(Algorithm::RS256), Pair::new(Algorithm::ES256));
    let folder = Folder::new("reload");
    let issuers = maskinporten(&folder, &[&old], "");
    let takes = |pair: &Pair| issuers.verify(&pair.token(&maskinporten_claims(now())), now());
    assert!(takes(&old).is_ok() && takes(&new).is_err());
    // A key file is looked at by itself.
    fs::write(folder.0.join("jwks.json"), key_set(&[&new]).to_string()).unwrap();
    assert!(within_five_seconds(|| takes(&new).is_ok()).await && takes(&old).is_err());

    let toml = folder.0.join("issuers.toml");
    let rules = fs::read_to_string(&toml).unwrap();
    fs::write(&toml, format!("{rules}colour = 1\n")).unwrap();
    assert!(
        issuers.reload().unwrap_err()[0].contains("colour") && takes(&new).is_ok(),
        "what is wrong changes nothing"
    );
    fs::write(&toml, rules.replace("scope_prefix = \"nav:opptrapping/\"", "scope_prefix = \"other:\"")).unwrap();
    assert!(takes(&new).unwrap().may("grants:write"));
    issuers.reload().unwrap();
    assert!(!takes(&new).unwrap().may("grants:write"));
}

#[test]
fn a_secret_is_for_development() {
    let folder = Folder::new("secret");
    let text = "q8Zr1Wm4Kx7Lp2Vn5Bt9Jd3Hg6Fs0CyE";
    let secret: Secret = text.parse().unwrap();
    let given = Sources { secret_file: Some(file(&folder, "secret", &format!("{text}\n"))), ..Sources::default() };
    let issuers = Issuers::open(given.clone()).unwrap();
    let make =
        |secret: &Secret| opptrapping::http::token::make_with_secret(secret, "dev", "grants:write", NOW, 60).unwrap();
    assert!(issuers.verify(&make(&secret), NOW).unwrap().may("grants:write"));
    let other: Secret = "Q8Zr1Wm4Kx7Lp2Vn5Bt9Jd3Hg6Fs0CyE".parse().unwrap();
    assert!(issuers.verify(&make(&other), NOW).is_err());
    for alg in ["HS384", "HS512", "none", "RS256"] {
        let good = make(&secret);
        let parts: Vec<&str> = good.split('.').collect();
        use base64::Engine;
        let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!({ "alg": alg }).to_string());
        assert!(issuers.verify(&format!("{header}.{}.{}", parts[1], parts[2]), NOW).is_err(), "{alg}");
    }
    let both = Sources { secret: Some(secret), ..given };
    assert!(Issuers::open(both).map(drop).unwrap_err()[0].contains("stands together"));
}
