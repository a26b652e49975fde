//! A mirror: what it takes over, where it goes on, and when it stops.
use crate::client::Client;
use crate::digests::told;
use crate::feed_chaos::{serve, source};
use crate::service::{run, succeeds};
use crate::support::{Base, databases, directly, empty};
use diesel::connection::SimpleConnection;
use opptrapping::api;
use opptrapping::db::{Author, Expect};
use opptrapping::http::copy::Copies;
use opptrapping::http::copy::files::Zip;

/// Everything that is published of a database, all versions and the log included.
pub fn contents(base: &Base) -> Vec<u8> {
    base.db.refresh().unwrap();
    let mut bytes = vec![];
    let copies = Copies::of(&api::RESOURCES, "NLOD-2.0", api::document);
    copies.write(&base.db, &base.db.head().newest(), Box::new(Zip::new(&mut bytes))).unwrap();
    bytes
}

/// A service over a database, which other processes write to as well.
struct Origin<'b> {
    base: &'b Base,
    url: String,
}

impl<'b> Origin<'b> {
    fn of(base: &'b Base) -> Self {
        Self { base, url: format!("http://{}", serve(base)) }
    }

    /// Mirrors it, when it has heard of what was written.
    fn mirror(&self, into: &Base) -> (bool, String) {
        let newest = self.base.db.head().revision;
        let heard = || {
            let remote = opptrapping::import::remote::Remote::new(&self.url, None).unwrap();
            remote.json("/v1/about").unwrap()["revision"] == newest
        };
        while !heard() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        mirror(&self.url, into)
    }
}

fn mirror(url: &str, into: &Base) -> (bool, String) {
    let output = run(&["mirror", url, "--once", "--database-url", &into.url]);
    into.db.refresh().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

fn write(base: &Base, id: &str, rows: usize, reason: Option<&str>) {
    let done = base.db.write(&Author::local("test"), reason, |write| {
        for n in 0..rows {
            write.put(source(&format!("{id}-{n}"), format!("æ {n}")), &Expect::Anything)?;
        }
        Ok(())
    });
    done.unwrap();
}

#[actix_web::test]
async fn a_mirror_has_every_revision_of_its_source_as_it_was() {
    for base in databases("mirror_source") {
        let origin = Origin::of(&base);
        for copy in empty("mirror_copy") {
            let (well, said) = origin.mirror(&copy);
            assert!(
                well && said.contains("a full copy") && said.contains("digests of all collections agree"),
                "{said}"
            );
            // A revision of more changes than a page has, one that deletes, and one that says why.
            write(&base, &format!("{}-large", copy.label), 5_200, None);
            let gone = format!("{}-large-7", copy.label);
            let delete = |write: &mut opptrapping::db::Write| {
                write.delete::<opptrapping::api::sources::Source>(&gone, &Expect::Anything)
            };
            base.db.write(&Author::local("test"), None, delete).unwrap();
            write(&base, &format!("{}-why", copy.label), 3, Some("because"));
            let (well, said) = origin.mirror(&copy);
            assert!(well && said.contains("3 revisions came over"), "{said}");
            assert!(contents(&copy) == contents(&base), "{} to {}", base.label, copy.label);
            let (here, there) = (Client::new(&copy.db).await, Client::new(&base.db).await);
            assert_eq!(told(&here).await, told(&there).await);
            assert_eq!(here.tag("/v1/sources?limit=7").await, there.tag("/v1/sources?limit=7").await);
            let (well, said) = origin.mirror(&copy);
            assert!(well && !said.contains("came over"), "{said}");
            succeeds(&["check", "--database-url", &copy.url]);
        }
    }
}

#[actix_web::test]
async fn a_mirror_begins_with_nothing_where_its_source_has_nothing() {
    for base in empty("mirror_nothing") {
        let origin = Origin::of(&base);
        for copy in empty("mirror_nothing_copy") {
            let (well, said) = origin.mirror(&copy);
            assert!(well, "{said}");
            assert_eq!(copy.db.head().revision, base.db.head().revision);
            write(&base, copy.label, 2, None);
            let (well, said) = origin.mirror(&copy);
            assert!(well, "{said}");
            assert!(contents(&copy) == contents(&base), "{} to {}", base.label, copy.label);
        }
    }
}

#[actix_web::test]
async fn a_mirror_stops_where_it_is_no_copy_of_its_source() {
    for base in databases("mirror_stops") {
        let origin = Origin::of(&base);
        let fresh = || empty("mirror_stops_copy").into_iter().find(|one| one.label == base.label).unwrap();
        // The digests are not those of the source.
        let copy = fresh();
        assert!(origin.mirror(&copy).0);
        directly(&copy, |conn| {
            conn.batch_execute("UPDATE sources SET note = 'damaged' WHERE id = 'fafo-2021-17'").unwrap()
        });
        directly(&copy, |conn| {
            conn.batch_execute("UPDATE collections SET digest = NULL WHERE collection = 'sources'").unwrap()
        });
        let (well, said) = origin.mirror(&copy);
        assert!(!well && said.contains("the digests differ in sources"), "{said}");
        // It has been written to by somebody else, and is ahead of the source, which looks like a backup restored.
        let copy = fresh();
        assert!(origin.mirror(&copy).0);
        write(&copy, "own", 1, None);
        write(&copy, "own", 2, None);
        let (well, said) = origin.mirror(&copy);
        assert!(!well && said.contains("restored from a backup"), "{said}");
        // The source goes on past it, and they have different pasts.
        write(&base, "theirs", 1, None);
        write(&base, "theirs", 2, None);
        let (well, said) = origin.mirror(&copy);
        assert!(!well && said.contains("no copy of"), "{said}");
        let (well, said) = mirror("http://127.0.0.1:9/", &copy);
        assert!(!well && said.contains("the source is away"), "{said}");
        let (well, said) = mirror("ftp://example.org", &copy);
        assert!(!well && said.contains("not the address of a service"), "{said}");
    }
}
