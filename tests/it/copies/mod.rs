//! Full copies: what is in one, and that an instance made of one answers as the first did.
mod refused;

use crate::cite::{cited, go_on, public};
use crate::client::{Answer, Client, request};
use crate::digests::told;
use crate::service::succeeds;
use crate::support::{Base, Folder, databases, empty};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use zip::ZipArchive;

/// The files of an archive by their names, in its order.
pub fn unpacked(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let count = archive.len();
    let read = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = vec![];
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(read).collect()
}

/// An empty database of the other kind, where there is one.
pub fn other(base: &Base, name: &str) -> Base {
    let mut all = empty(name);
    let at = all.iter().position(|one| one.label != base.label).unwrap_or(0);
    all.swap_remove(at)
}

/// A copy of a database, as it is served, in a file.
pub async fn copied(base: &Base, folder: &Folder) -> PathBuf {
    let bytes = Client::new(&base.db).await.get("/v1/export").await.done(200).body;
    let file = folder.0.join(format!("{}.zip", base.label));
    fs::write(&file, bytes).unwrap();
    file
}

fn import(file: &std::path::Path, into: &Base) {
    succeeds(&["import", "--all", file.to_str().unwrap(), "--database-url", &into.url]);
    into.db.refresh().unwrap();
}

/// What is recorded of an answer that never changes.
fn recorded(answer: &Answer) -> (Vec<Option<String>>, Vec<u8>) {
    let headers = ["etag", "last-modified", "content-type", "cache-control", "link", "content-language"];
    let headers = headers.map(|name| answer.header(name).map(str::to_owned));
    (headers.into(), answer.body.to_vec())
}

#[actix_web::test]
async fn an_answer_is_the_same_after_a_thousand_revisions_in_an_instance_made_of_a_copy() {
    let folder = Folder::new("copies_cited");
    for base in databases("copies_cited") {
        let client = Client::new(&base.db).await;
        let mut answers = vec![];
        for operation in public() {
            let answer = client.get(&operation.example_url("")).await.done(200);
            let address = cited(&answer).unwrap();
            let answer = client.get(&address).await.done(200);
            if answer.header("cache-control").unwrap().contains("immutable") {
                answers.push((address, recorded(&answer)));
            }
        }
        assert!(answers.len() > 60, "{}", answers.len());
        go_on(&base, 1_000);
        let digests = told(&client).await;
        let file = copied(&base, &folder).await;
        let copy = other(&base, "copies_cited_other");
        import(&file, &copy);
        // Opened anew, as after a restart.
        let again = opptrapping::open(&copy.url).unwrap();
        assert_eq!(again.head().revision, base.db.head().revision);
        let client = Client::new(&again).await;
        assert_eq!(told(&client).await, digests);
        for (address, before) in &answers {
            let after = recorded(&client.get(address).await.done(200));
            assert!(after == *before, "{} to {}: {address} is not what it was", base.label, copy.label);
        }
        let twice = client.get("/v1/export").await.done(200).body;
        assert!(twice == fs::read(&file).unwrap(), "{} to {}: a copy of the copy differs", base.label, copy.label);
        succeeds(&["check", "--database-url", &copy.url]);
    }
}

#[actix_web::test]
async fn a_copy_explains_itself_and_has_nothing_that_is_not_public() {
    for base in databases("copies_content") {
        let client = Client::new(&base.db).await;
        let row = serde_json::json!({ "title": "T", "publisher": "P", "kind": "report" });
        client.put("/v1/sources/copied", &row).await.done(201);
        let answer = client.get("/v1/export").await.done(200);
        let files = unpacked(&answer.body);
        let file = |name: &str| &files.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1;
        let (last, sums) = files.last().unwrap();
        assert_eq!(last, "SHA256SUMS");
        let sums = String::from_utf8(sums.clone()).unwrap();
        for (name, bytes) in &files[..files.len() - 1] {
            let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(sums.contains(&format!("{sum}  {name}\n")), "{name}");
            let text = String::from_utf8(bytes.clone()).unwrap();
            // Who wrote a revision, and what was sent to consultations.
            let secrets =
                ["tester", "reference data\"", "Kari Nordmann", "kari@example.org", "ettervern i distriktene"];
            let public = ["openapi.json"].contains(&name.as_str());
            assert!(public || secrets.iter().all(|secret| !text.contains(secret)), "{name}");
        }
        let package: serde_json::Value = serde_json::from_slice(file("datapackage.json")).unwrap();
        let csvw: serde_json::Value = serde_json::from_slice(file("csv-metadata.json")).unwrap();
        let digests = told(&client).await;
        for resource in package["resources"].as_array().unwrap() {
            let path = resource["path"].as_str().unwrap();
            let mut reader = csv::Reader::from_reader(&file(path)[..]);
            let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let fields = resource["schema"]["fields"].as_array().unwrap();
            let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
            assert_eq!(header, names, "{path}");
            let table = csvw["tables"].as_array().unwrap().iter().find(|table| table["url"] == path).unwrap();
            let described = table["tableSchema"]["columns"].as_array().unwrap().iter();
            assert!(described.map(|column| column["name"].as_str().unwrap()).eq(names.iter().copied()), "{path}");
            assert!(fields.iter().all(|field| !field["description"].as_str().unwrap().is_empty()), "{path}");
            assert_eq!(resource["bytes"], file(path).len(), "{path}");
            let key: Vec<&str> =
                resource["schema"]["primaryKey"].as_array().unwrap().iter().map(|k| k.as_str().unwrap()).collect();
            let mut seen = std::collections::BTreeSet::new();
            for record in reader.records() {
                let record = record.unwrap();
                let of_key = |name: &&str| record[names.iter().position(|n| n == name).unwrap()].to_owned();
                assert!(seen.insert(key.iter().map(of_key).collect::<Vec<_>>()), "{path}: a key stands twice");
            }
            if let Some(digest) = digests.get(resource["name"].as_str().unwrap()) {
                assert_eq!(resource["digest"], *digest, "{path}");
            }
        }
        assert!(file("revisions.csv").starts_with(b"revision,time,reason,row_count\n1,"));
        assert_eq!(files.len(), digests.len() + 7);
    }
}

#[actix_web::test]
async fn a_copy_has_a_length_and_parts_and_is_that_of_a_folder() {
    let folder = Folder::new("copies_parts");
    for base in databases("copies_parts") {
        let client = Client::new(&base.db).await;
        let whole = client.get("/v1/export").await.done(200);
        let length = whole.body.len();
        let disposition = format!("attachment; filename=\"opptrapping-r{}.zip\"", base.db.head().revision);
        assert_eq!(whole.header("content-disposition"), Some(disposition.as_str()));
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        let part = client.send(request("GET", "/v1/export").insert_header(("range", "bytes=10-19"))).await.done(206);
        assert_eq!(part.header("content-range"), Some(format!("bytes 10-19/{length}").as_str()));
        assert_eq!(part.body, whole.body.slice(10..20));
        let beyond = request("GET", "/v1/export").insert_header(("range", format!("bytes={length}-")));
        client.send(beyond).await.refused(416, "range-not-satisfiable");
        client.send(request("GET", "/v1/export").insert_header(("if-none-match", whole.tag()))).await.done(304);
        client.get("/v1/export?format=csv").await.refused(400, "unknown-parameter");

        // Of an older revision it is what it was, though the dataset has gone on.
        let address = cited(&whole).unwrap();
        go_on(&base, 2);
        assert!(client.get(&address).await.done(200).body == whole.body, "{}", base.label);
        assert_ne!(client.get("/v1/export").await.tag(), whole.tag());

        let path = folder.0.join(format!("{}-folder", base.label));
        succeeds(&["export", "--all", path.to_str().unwrap(), "--database-url", &base.url]);
        for (name, bytes) in unpacked(&client.get("/v1/export").await.body) {
            assert!(fs::read(path.join(&name)).unwrap() == bytes, "{}: {name}", base.label);
        }
        let again = crate::service::run(&["export", "--all", path.to_str().unwrap(), "--database-url", &base.url]);
        assert!(!again.status.success(), "a folder with something in it was written to");
    }
}
