//! What the service is made of and shipped in: the lock file, the image, the files for containers, and the pages of
//! documentation that load nothing from elsewhere.
use crate::client::Client;
use crate::support::{files, root, sqlite};
use std::fs;
use toml::{Table, Value};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The instructions of a Dockerfile or the lines of a YAML file, without comments.
fn lines(path: &str) -> Vec<String> {
    let text = read(path);
    let plain = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end().to_owned());
    plain.filter(|line| !line.trim_start().starts_with('#') && !line.is_empty()).collect()
}

#[test]
fn every_dependency_is_a_release_that_is_known_by_its_sum() {
    let lock: Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if name == env!("CARGO_PKG_NAME") {
            continue;
        }
        let source = package.get("source").and_then(Value::as_str);
        assert_eq!(source, Some("registry+https://github.com/rust-lang/crates.io-index"), "{name}");
        assert_eq!(package["checksum"].as_str().map(str::len), Some(64), "{name}");
    }
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, wanted) in manifest.get(kind).and_then(Value::as_table).into_iter().flatten() {
            for elsewhere in ["git", "path", "registry"] {
                assert!(wanted.get(elsewhere).is_none(), "{name} is from {elsewhere}");
            }
        }
    }
}

#[test]
fn what_may_be_depended_on_has_no_exceptions() {
    let rules: Table = read("deny.toml").parse().unwrap();
    // An advisory that is ignored would have to say until when; there is none.
    let ignored = rules.get("advisories").and_then(|advisories| advisories.get("ignore"));
    assert!(ignored.and_then(Value::as_array).is_none_or(Vec::is_empty), "{ignored:?}");
    let of = |name: &str| rules["sources"][name].as_str().unwrap();
    assert_eq!((of("unknown-registry"), of("unknown-git")), ("deny", "deny"));
    assert_eq!(rules["sources"]["allow-git"].as_array().map(Vec::len), Some(0));
    let allowed = rules["licenses"]["allow"].as_array().unwrap();
    assert!(allowed.iter().all(|licence| !licence.as_str().unwrap().contains("GPL")), "{allowed:?}");
    assert!(read("test").contains("cargo deny --locked check bans licenses sources"));
}

#[test]
fn the_image_is_built_of_the_lock_file_says_what_is_in_it_and_runs_without_rights() {
    let all = lines("Dockerfile");
    let has = |word: &str| all.iter().any(|line| line.contains(word));
    for line in all.iter().filter(|line| line.contains("cargo install") || line.contains("auditable build")) {
        assert!(line.contains("--locked"), "{line}");
    }
    assert!(has("cargo auditable build --locked --release") && has("cargo cyclonedx"));
    assert!(has("/usr/share/doc/opptrapping/") && has("opptrapping.cdx.json"));
    let last = all.iter().rposition(|line| line.starts_with("FROM ")).unwrap();
    let user = all[last..].iter().find_map(|line| line.strip_prefix("USER ")).expect("a user");
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    let check = all.iter().find(|line| line.starts_with("HEALTHCHECK")).unwrap();
    assert!(check.ends_with(r#"CMD ["opptrapping", "healthcheck"]"#), "{check}");
    // Without a shell between: signals reach the service.
    assert!(has(r#"ENTRYPOINT ["opptrapping"]"#) && has(r#"CMD ["serve"]"#));
    let variables: Vec<&String> =
        all.iter().filter(|line| line.starts_with("ENV ") || line.starts_with("ARG ")).collect();
    let secret = |line: &String| ["PASSWORD", "SECRET", "TOKEN", "KEY"].iter().any(|word| line.contains(word));
    assert!(!variables.iter().any(|line| secret(line)), "{variables:?}");
}

#[test]
fn containers_have_no_more_rights_than_they_need_and_no_password_that_is_known() {
    let all = lines("docker-compose.yml");
    let (db, api) = all.split_at(all.iter().position(|line| line == "  api:").unwrap());
    let has = |part: &[String], line: &str| part.iter().any(|other| other.trim() == line);
    for line in [
        "read_only: true",
        "- ALL",
        "cap_drop:",
        "- no-new-privileges:true",
        "user: \"10001:10001\"",
        "test: [\"CMD\", \"opptrapping\", \"healthcheck\"]",
    ] {
        assert!(has(api, line), "{line}");
    }
    assert!(db.iter().any(|line| line.contains("client_connection_check_interval=1s")));
    assert!(has(db, "POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password"));
    assert!(!all.iter().any(|line| line.contains("POSTGRES_PASSWORD:") || line.contains("opptrapping:opptrapping@")));
    // The database has no port outside, and the service one on loopback.
    let ports: Vec<&str> = all.iter().map(|line| line.trim()).filter(|line| line.starts_with("- \"")).collect();
    assert_eq!(ports, ["- \"127.0.0.1:8080:8080\""]);
    let grace = api.iter().find_map(|line| line.trim().strip_prefix("stop_grace_period: ")).unwrap();
    assert!(grace.trim_end_matches('s').parse::<u64>().unwrap() > 3 + 6, "{grace}");
}

#[actix_web::test]
async fn the_pages_of_documentation_load_nothing_from_elsewhere() {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    let features = manifest["dependencies"]["utoipa-swagger-ui"]["features"].as_array().unwrap();
    assert!(features.contains(&Value::from("vendored")), "without it the files are fetched as the service is built");
    let base = sqlite("supply_docs");
    let client = Client::new(&base.db).await;
    let page = client.get("/docs/").await.done(200);
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.starts_with("default-src 'self'; "), "{policy}");
    let elsewhere =
        |text: &str| ["src=\"http", "href=\"http", "src=\"//", "href=\"//"].iter().any(|from| text.contains(from));
    assert!(!elsewhere(&page.text()), "{}", page.text());
    let mut loaded = 0;
    let text = page.text();
    for part in
        text.split(['"', '\'']).filter(|part| part.starts_with("./") || part.ends_with(".js") || part.ends_with(".css"))
    {
        let file = client.get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!((file.status, file.header("content-security-policy")), (200, Some(policy.as_str())), "{part}");
        loaded += 1;
    }
    assert!(loaded >= 3, "{text}");
    let initial = client.get("/docs/swagger-initializer.js").await.done(200).text();
    assert!(initial.contains("/openapi.json") && !initial.contains("validator.swagger.io"), "{initial}");
}

/// An old instance goes on reading while a newer one has migrated the database: what it reads must stay where it is.
#[test]
fn migrations_add_and_take_nothing_away() {
    let ups: Vec<_> = files(&root().join("migrations")).into_iter().filter(|path| path.ends_with("up.sql")).collect();
    assert!(ups.len() > 5);
    for up in ups {
        let sql = fs::read_to_string(&up).unwrap();
        let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let words = code.join(" ").to_uppercase();
        let words: Vec<&str> = words.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        for taken in
            [["DROP", "TABLE"], ["DROP", "COLUMN"], ["RENAME", "TO"], ["RENAME", "COLUMN"], ["ALTER", "COLUMN"]]
        {
            assert!(!words.windows(2).any(|two| two == taken), "{}: {taken:?}", up.display());
        }
    }
}
