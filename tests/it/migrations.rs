//! The schema: both ways, on both databases, and as the program describes it.
use crate::support::{databases, directly, empty};
use diesel::connection::SimpleConnection;
use diesel_migrations::MigrationHarness;
use opptrapping::db::statement::Type;
use opptrapping::db::{CURRENT, Db, Statement, migrate};
use opptrapping::error::Error;
use std::collections::BTreeMap;

/// A column: its type, and whether it may be null.
type Columns = BTreeMap<String, (String, bool)>;

fn columns(conn: &mut Db, table: &str) -> Columns {
    let found: Vec<(String, String, bool)> = match conn {
        Db::Sqlite(_) => {
            let sql = Statement::new("SELECT name, type, \"notnull\" = 0 FROM pragma_table_info(").bind(table).sql(")");
            sql.rows(conn).unwrap()
        }
        Db::Postgres(_) => {
            let sql = "SELECT column_name::text, upper(data_type)::text, is_nullable = 'YES' FROM information_schema.columns WHERE table_name = ";
            Statement::new(sql).bind(table).rows(conn).unwrap()
        }
    };
    found.into_iter().map(|(name, kind, nullable)| (name, (kind, nullable))).collect()
}

/// Every table and index, as text that is the same where the schema is.
fn schema(conn: &mut Db) -> Vec<String> {
    let sql = match conn {
        Db::Sqlite(_) => {
            "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY 1"
        }
        Db::Postgres(_) => {
            "SELECT (table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable)::text FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%' ORDER BY 1"
        }
    };
    Statement::new(sql).rows::<(String,)>(conn).unwrap().into_iter().map(|(line,)| line).collect()
}

#[test]
fn down_undoes_up_and_up_again_gives_the_same() {
    for base in databases("migrations") {
        directly(&base, |conn| {
            let first = schema(conn);
            assert!(first.len() > 40, "{}", base.label);
            conn.revert_all_migrations(migrate::MIGRATIONS).unwrap();
            assert_eq!(schema(conn), Vec::<String>::new(), "{}: something was left", base.label);
            migrate::run(conn).unwrap();
            assert_eq!(schema(conn), first, "{}", base.label);
            assert!(migrate::status(conn).unwrap().iter().all(|(_, applied)| *applied));
        });
    }
}

#[test]
fn the_tables_are_those_the_program_describes() {
    for base in empty("schema") {
        for table in base.db.tables() {
            let mut wanted = Columns::new();
            let plain = |kind: &str, nullable: bool| (kind.to_owned(), nullable);
            for column in table.columns.iter().filter(|c| !c.localized) {
                let kind = match column.holds {
                    Type::Text => "TEXT",
                    Type::Integer => "BIGINT",
                    Type::Number => "DOUBLE PRECISION",
                    Type::Boolean => "BOOLEAN",
                };
                wanted.insert(column.name.clone(), plain(kind, column.nullable));
            }
            for hidden in ["revision", "ended"] {
                wanted.insert(hidden.into(), plain("BIGINT", false));
            }
            for field in table.collated {
                wanted.insert(format!("{field}_key"), plain("TEXT", false));
            }
            wanted.insert("search_text".into(), plain("TEXT", false));
            let found = base.db.read(|conn| Ok(columns(conn, &table.name))).unwrap();
            assert_eq!(found, wanted, "{} {}", base.label, table.name);
        }
    }
}

#[test]
fn the_columns_of_the_service_are_the_same_on_both() {
    let bases = empty("service_tables");
    for table in [
        "dataset",
        "revisions",
        "changes",
        "collections",
        "submissions",
        "erased_submissions",
        "withheld",
        "withheld_writes",
        "unsuppressed_reads",
    ] {
        let all: Vec<Columns> =
            bases.iter().map(|base| base.db.read(|conn| Ok(columns(conn, table))).unwrap()).collect();
        assert!(!all[0].is_empty(), "{table}");
        assert!(all.iter().all(|one| *one == all[0]), "{table}: {all:#?}");
    }
}

#[test]
fn a_thing_has_one_current_version() {
    for base in databases("current") {
        directly(&base, |conn| {
            for table in base.db.tables() {
                let names: Vec<String> = columns(conn, &table.name).into_keys().filter(|n| n != "revision").collect();
                let names = names.join(", ");
                let id = Statement::new(format!("SELECT id FROM {} ORDER BY id", table.name)).row::<(String,)>(conn);
                let (id,) = id.unwrap().unwrap_or_else(|| panic!("{} is empty", table.name));
                let copy = |ended: &str| {
                    let chosen = names.replace("ended", &format!("{ended} AS ended"));
                    format!(
                        "INSERT INTO {0} (revision, {names}) SELECT revision + 1000, {chosen} FROM {0} WHERE id = '{id}'",
                        table.name
                    )
                };
                let second = conn.batch_execute(&copy("ended")).map_err(Error::from);
                assert!(second.is_err(), "{} {}: two versions are current", base.label, table.name);
                conn.batch_execute(&copy("2000")).unwrap();
                let current =
                    Statement::new(format!("SELECT COUNT(*) FROM {} WHERE id = ", table.name)).bind(id.as_str());
                assert_eq!(current.sql(" AND ended = ").bind(CURRENT).row::<(i64,)>(conn).unwrap(), Some((1,)));
            }
        });
    }
}

#[test]
fn a_schema_from_the_future_is_refused() {
    for base in empty("future") {
        directly(&base, |conn| {
            conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')").unwrap();
        });
        let refused = opptrapping::open(&base.url).err().expect("a newer schema was taken");
        assert!(refused.cause().unwrap_or_default().contains("29991231000000"), "{refused}");
    }
}

#[test]
fn instances_that_start_together_migrate_once() {
    for base in empty("together") {
        for _ in 0..8 {
            directly(&base, |conn| {
                conn.revert_all_migrations(migrate::MIGRATIONS).unwrap();
            });
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let url = base.url.clone();
                    std::thread::spawn(move || opptrapping::open(&url).map(|db| db.head().revision))
                })
                .collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap().map_err(|e| e.to_string()), Ok(0), "{}", base.label);
            }
        }
    }
}
