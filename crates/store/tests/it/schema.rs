//! Both migration sets make the same tables with the same columns.

use std::collections::BTreeSet;

use sqlx::{Connection, PgConnection, Row, SqliteConnection};

use crate::fixture::open;

/// `table.column nullable?`, without the migrator's own table.
type Columns = BTreeSet<(String, String, bool)>;

async fn sqlite_columns(url: &str) -> Columns {
    let mut c = SqliteConnection::connect(url).await.unwrap();
    sqlx::query(
        "SELECT m.name AS t, p.name AS c, p.\"notnull\" AS n FROM sqlite_master m \
         JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'",
    )
    .fetch_all(&mut c)
    .await
    .unwrap()
    .iter()
    .map(|row| (row.get("t"), row.get("c"), row.get::<i64, _>("n") == 0))
    .filter(|(table, _, _): &(String, String, bool)| table != "_sqlx_migrations")
    .collect()
}

async fn postgres_columns(url: &str) -> Columns {
    let mut c = PgConnection::connect(url).await.unwrap();
    sqlx::query(
        "SELECT table_name::text AS t, column_name::text AS c, is_nullable = 'YES' AS n \
         FROM information_schema.columns WHERE table_schema = 'public'",
    )
    .fetch_all(&mut c)
    .await
    .unwrap()
    .iter()
    .map(|row| (row.get("t"), row.get("c"), row.get("n")))
    .filter(|(table, _, _): &(String, String, bool)| table != "_sqlx_migrations")
    .collect()
}

async fn indexes(url: &str, sql: &'static str) -> BTreeSet<String> {
    if url.starts_with("sqlite") {
        let mut c = SqliteConnection::connect(url).await.unwrap();
        sqlx::query_scalar(sql)
            .fetch_all(&mut c)
            .await
            .unwrap()
            .into_iter()
            .collect()
    } else {
        let mut c = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(sql)
            .fetch_all(&mut c)
            .await
            .unwrap()
            .into_iter()
            .collect()
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_indexes() {
    let (one, other) = (testkit::sqlite(), testkit::postgres().await);
    let (_a, _b) = (open(&one).await, open(&other).await);
    let columns = sqlite_columns(one.url()).await;
    assert!(columns.len() > 300, "{} columns", columns.len());
    assert_eq!(columns, postgres_columns(other.url()).await);
    let sqlite = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    let postgres = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'public' \
                    AND indexname NOT LIKE '%_key' AND indexname NOT LIKE '%_pkey'";
    assert_eq!(
        indexes(one.url(), sqlite).await,
        indexes(other.url(), postgres).await
    );
}

testkit::on_both! {
    async fn opening_twice_migrates_once(db: &TestDatabase) {
        open(db).await.ready().await.unwrap();
        open(db).await.ready().await.unwrap();
    }
}

/// SQLite answers `(a, b) IN (VALUES ...)` by reading the whole table: join the values instead.
#[test]
fn pairs_are_joined_and_not_looked_for_in_values() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut directories = vec![sources];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains(") IN (\""), "{}", path.display());
            }
        }
    }
}
