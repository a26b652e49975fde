//! `check` on databases that were damaged, each in one way: it must see the damage and name it.
use crate::feed_chaos::source;
use crate::service::run;
use crate::support::{Base, databases, directly};
use diesel::connection::SimpleConnection;
use opptrapping::db::{Author, Expect, verify};

/// How a database is damaged, and what must be said of it.
const DAMAGES: [(&str, &str); 22] = [
    (
        "UPDATE goals SET source = 'nothing' WHERE id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: source names nothing, which is not in sources",
    ),
    (
        "UPDATE measures SET goals = 'rus-2016-2020-g1 nothing' WHERE id = 'rus-2016-2020-m01'",
        "measures/rus-2016-2020-m01: goals names nothing, which is not in goals",
    ),
    ("UPDATE sources SET note = 'other' WHERE id = 'fafo-2021-17'", "sources: the digest is kept as"),
    (
        "UPDATE collections SET digest = 'no' WHERE collection = 'goals'",
        "goals: the digest is kept as no, and the rows come to",
    ),
    ("UPDATE collections SET revision = 1 WHERE collection = 'goals'", "goals: it was last written by 3"),
    ("UPDATE collections SET updated_at = 'then' WHERE collection = 'goals'", "and is kept as written by 3, then"),
    ("DELETE FROM collections WHERE collection = 'goals'", "and is kept as written never"),
    (
        "DELETE FROM goals WHERE id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: revision 3 has a change `create`, and no version begins there",
    ),
    (
        "DELETE FROM changes WHERE collection = 'goals' AND id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: a version begins at revision 3, and no change says so",
    ),
    (
        "UPDATE goals SET ended = 5 WHERE id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: a version ends at revision 5, and no change says so",
    ),
    (
        "UPDATE goals SET ended = 2 WHERE id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: the version of revision 3 ends at 2",
    ),
    (
        "UPDATE changes SET operation = 'update' WHERE collection = 'goals' AND id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: revision 3 has a change `update`, and no version ends there",
    ),
    (
        "UPDATE changes SET operation = 'delete' WHERE collection = 'goals' AND id = 'rus-2016-2020-g3'",
        "goals/rus-2016-2020-g3: revision 3 has a change `delete`, and a version begins there",
    ),
    (
        "UPDATE changes SET operation = 'create' WHERE revision = 22",
        "sources/damaged: revision 22 has a change `create`, and a version ends there",
    ),
    (
        "UPDATE sources SET ended = 23 WHERE id = 'damaged' AND revision = 21",
        "sources/damaged: the version of revision 21 overlaps that of 22",
    ),
    (
        "DROP INDEX sources_current; UPDATE sources SET ended = 9223372036854775807 WHERE id = 'damaged'",
        "sources/damaged: 2 versions are current",
    ),
    (
        "UPDATE revisions SET row_count = 99 WHERE revision = 3",
        "revision 3: it says that it has 99 changes, and there are 15, from 1 to 15",
    ),
    (
        "UPDATE changes SET position = 99 WHERE revision = 3 AND position = 4",
        "revision 3: it says that it has 15 changes, and there are 15, from 1 to 99",
    ),
    ("DELETE FROM revisions WHERE revision = 3", "revisions: the counter is at 22, and there are 21, from 1 to 22"),
    (
        "DELETE FROM revisions WHERE revision = 4",
        "revision 4: there are 21 changes of it, and nothing says when it was written",
    ),
    ("UPDATE dataset SET revision = 40", "revisions: the counter is at 40, and there are 22, from 1 to 22"),
    (
        "UPDATE changes SET collection = 'nothing' WHERE revision = 3 AND position = 4",
        "changes: 1 are of nothing, which is no collection",
    ),
];

/// What is found in a damaged database, which is then as it was.
fn found(base: &Base, damage: &str) -> Vec<String> {
    directly(base, |conn| {
        conn.batch_execute("BEGIN").unwrap();
        conn.batch_execute(damage).unwrap_or_else(|e| panic!("{damage}: {e}"));
        let found = verify::whole(conn, base.db.tables()).unwrap();
        conn.batch_execute("ROLLBACK").unwrap();
        found
    })
}

#[test]
fn every_damage_is_seen_and_named_and_a_sound_database_has_none() {
    for base in databases("damage") {
        assert_eq!(base.db.head().revision, 20, "the revisions that are damaged are others");
        for note in ["one", "two"] {
            let row = source("damaged", note.into());
            base.db.write(&Author::local("test"), None, |write| write.put(row, &Expect::Anything)).unwrap();
        }
        assert_eq!(found(&base, "SELECT 1"), Vec::<String>::new(), "{}", base.label);
        for (damage, words) in DAMAGES {
            let found = found(&base, damage);
            let named = found.iter().any(|finding| finding.contains(words));
            assert!(named, "{}: after {damage}, `{words}` is not in {found:#?}", base.label);
        }
    }
}

#[test]
fn the_command_tells_of_everything_at_once_and_fails() {
    for base in databases("damage_command") {
        let output = run(&["check", "--database-url", &base.url]);
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "revision 20: 0 found\n");
        let both = "UPDATE revisions SET row_count = 99 WHERE revision = 3; UPDATE sources SET note = 'x' WHERE id = 'fafo-2021-17'";
        directly(&base, |conn| conn.batch_execute(both).unwrap());
        let output = run(&["check", "--database-url", &base.url]);
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines.len(), 3, "{said}");
        assert!(lines[0].starts_with("sources: the digest") && lines[1].starts_with("revision 3: it says"), "{said}");
        assert_eq!(lines[2], "revision 20: 2 found");
    }
}
