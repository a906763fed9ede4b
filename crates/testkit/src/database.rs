//! One empty database for one test, removed with it.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::cluster::shared_url;

/// An empty database; dropped with this value.
pub struct TestDatabase {
    url: String,
    place: Place,
}

enum Place {
    Sqlite(#[allow(dead_code)] TempDir),
    Postgres { server: String, name: String },
}

impl TestDatabase {
    /// Its address, as the product takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether it is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Postgres { .. })
    }
}

/// A fresh SQLite database: a file, because `:memory:` has no write-ahead log.
///
/// # Panics
/// When there is no room for a temporary directory.
pub fn sqlite() -> TestDatabase {
    let directory = tempfile::Builder::new()
        .prefix("eziseller-test-")
        .tempdir()
        .expect("a temporary directory for an SQLite database");
    let path = directory.path().join("test.db");
    TestDatabase {
        url: format!("sqlite:{}", path.display()),
        place: Place::Sqlite(directory),
    }
}

/// A fresh PostgreSQL database.
///
/// # Panics
/// When there is no PostgreSQL to be had; the message says what to install.
pub async fn postgres() -> TestDatabase {
    let server = tokio::task::spawn_blocking(shared_url)
        .await
        .expect("the cluster's starter does not panic otherwise");
    let server = server.unwrap_or_else(|problem| panic!("{problem}"));
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    execute(&server, format!("CREATE DATABASE {name}"))
        .await
        .unwrap_or_else(|error| panic!("the test database cannot be created: {error}"));
    TestDatabase {
        url: with_database(&server, &name),
        place: Place::Postgres { server, name },
    }
}

async fn execute(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}

/// The address of another database on the same server.
pub(crate) fn with_database(server: &str, name: &str) -> String {
    let (address, options) = match server.split_once('?') {
        Some((address, options)) => (address, format!("?{options}")),
        None => (server, String::new()),
    };
    let start = address.find("://").map_or(0, |at| at + 3);
    let end = address[start..]
        .find('/')
        .map_or(address.len(), |at| start + at);
    format!("{}/{name}{options}", &address[..end])
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Postgres { server, name } = &self.place else {
            return;
        };
        let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let server = server.clone();
        // A runtime of its own: `drop` cannot wait on the test's. What is left behind (a killed
        // test) goes with the cluster.
        let dropping = std::thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                let _ = runtime.block_on(execute(&server, statement));
            }
        });
        let _ = dropping.join();
    }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_is_replaced_in_every_shape_of_address() {
        for (server, expected) in [
            ("postgres://u:p@h:5432/postgres", "postgres://u:p@h:5432/t"),
            ("postgres://u@h", "postgres://u@h/t"),
            (
                "postgres:///postgres?host=/tmp/x",
                "postgres:///t?host=/tmp/x",
            ),
        ] {
            assert_eq!(with_database(server, "t"), expected);
        }
    }

    #[tokio::test]
    async fn both_databases_are_there() {
        let postgres = super::postgres().await;
        super::execute(postgres.url(), "CREATE TABLE t (a BIGINT)".to_owned())
            .await
            .unwrap();
        assert!(super::sqlite().url().starts_with("sqlite:/"));
    }
}
