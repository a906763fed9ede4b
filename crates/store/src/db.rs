//! The two databases behind one body of SQL: opening them, and the macros that run a statement on
//! whichever it is. `$1` is a parameter on both.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    PgConnection, PgPool, Postgres, QueryBuilder, Sqlite, SqliteConnection, SqlitePool, Transaction,
};
use uuid::Uuid;

use crate::StoreError;
use crate::checkpoint::Checkpoints;

/// Rows of one multi-row statement: both databases limit the parameters of a statement (SQLite
/// 32,766, PostgreSQL 65,535).
pub(crate) const ROWS_MAX: usize = 512;

/// The open database.
pub(crate) enum Db {
    /// One writer, because SQLite has one; readers beside it see the last commit.
    Sqlite {
        write: SqlitePool,
        read: SqlitePool,
        path: PathBuf,
        /// Lanes that a worker of this process is busy with (on PostgreSQL row locks say so).
        lanes: Mutex<HashSet<String>>,
        checkpoints: Checkpoints,
    },
    Postgres {
        pool: PgPool,
    },
}

/// A connection, in a transaction or not.
pub(crate) enum Link {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

/// Which database a statement is for.
pub(crate) enum Side<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Link {
    pub(crate) fn side(&mut self) -> Side<'_> {
        match self {
            Self::Sqlite(c) => Side::Sqlite(c),
            Self::SqliteTx(c) => Side::Sqlite(c),
            Self::Postgres(c) => Side::Postgres(c),
            Self::PostgresTx(c) => Side::Postgres(c),
        }
    }

    /// Commits; does nothing outside a transaction. A link that is dropped instead rolls back.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteTx(tx) => tx.commit().await?,
            Self::PostgresTx(tx) => tx.commit().await?,
            Self::Sqlite(_) | Self::Postgres(_) => {}
        }
        Ok(())
    }

    /// Rolls back; does nothing outside a transaction. An error leaves it to the pool.
    pub(crate) async fn roll_back(self) {
        let _ = match self {
            Self::SqliteTx(tx) => tx.rollback().await,
            Self::PostgresTx(tx) => tx.rollback().await,
            Self::Sqlite(_) | Self::Postgres(_) => Ok(()),
        };
    }

    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::PostgresTx(_))
    }
}

impl Db {
    /// A connection for reading what is committed.
    pub(crate) async fn read(&self) -> Result<Link, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Link::Sqlite(read.acquire().await?),
            Self::Postgres { pool } => Link::Postgres(pool.acquire().await?),
        })
    }

    /// A connection for a single writing statement.
    pub(crate) async fn write(&self) -> Result<Link, StoreError> {
        Ok(match self {
            Self::Sqlite {
                write, checkpoints, ..
            } => {
                checkpoints.note();
                Link::Sqlite(write.acquire().await?)
            }
            Self::Postgres { pool } => Link::Postgres(pool.acquire().await?),
        })
    }

    /// A writing transaction. On SQLite it takes the write lock at once: a transaction that read
    /// first could not be upgraded once somebody else has written.
    pub(crate) async fn begin(&self) -> Result<Link, StoreError> {
        Ok(match self {
            Self::Sqlite {
                write, checkpoints, ..
            } => {
                checkpoints.note();
                Link::SqliteTx(write.begin_with("BEGIN IMMEDIATE").await?)
            }
            Self::Postgres { pool } => Link::PostgresTx(pool.begin().await?),
        })
    }

    pub(crate) async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            open_sqlite(Path::new(path)).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await
        } else {
            Err(StoreError::Address(
                "the database address must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; \
                 set DATABASE_URL or --database-url"
                    .to_owned(),
            ))
        }
    }
}

async fn open_sqlite(path: &Path) -> Result<Db, StoreError> {
    if path.as_os_str().is_empty() {
        return Err(StoreError::Address(
            "the database address names no file; write sqlite:PATH, such as sqlite:eziseller.db"
                .to_owned(),
        ));
    }
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty());
    if let Some(directory) = directory.filter(|d| !d.is_dir()) {
        return Err(StoreError::Address(format!(
            "the directory {} of the database file does not exist; create it first",
            directory.display()
        )));
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(512)
        // The writer copies back what `Checkpoints` has not, and begins the log (64 MB) anew.
        .pragma("wal_autocheckpoint", "16000")
        .pragma("cache_size", "-65536")
        .pragma("temp_store", "memory");
    let cannot_open = |error: sqlx::Error| {
        StoreError::Address(format!(
            "the database file {} cannot be opened: {error}; check that it is an SQLite database \
             and that it and its directory may be written",
            path.display()
        ))
    };
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(options.clone())
        .await
        .map_err(cannot_open)?;
    let migrations = sqlx::migrate!("migrations/sqlite");
    if migrations.run(&write).await.is_err() {
        // SQLite's migrator holds no lock: another process may just have made the same step.
        migrations.run(&write).await?;
    }
    let checkpoints = Checkpoints::start(&options).await.map_err(cannot_open)?;
    let read = SqlitePoolOptions::new()
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(10))
        .test_before_acquire(false)
        .connect_with(options.pragma("query_only", "on"))
        .await
        .map_err(cannot_open)?;
    Ok(Db::Sqlite {
        write,
        read,
        path: path.to_owned(),
        lanes: Mutex::default(),
        checkpoints,
    })
}

async fn open_postgres(url: &str) -> Result<Db, StoreError> {
    // The address may hold a password: errors name the host and database only.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| {
            StoreError::Address(
                "the database address cannot be read; write \
                 postgres://USER:PASSWORD@HOST:PORT/NAME"
                    .to_owned(),
            )
        })?
        .application_name("eziseller")
        .statement_cache_capacity(256)
        .options([
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ]);
    let place = format!(
        "{}:{}/{}",
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_default()
    );
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(5))
        // A connection that has just been used is taken to live: asking would cost each statement a
        // way to the server and back.
        .test_before_acquire(false)
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for > Duration::from_secs(1) {
                    sqlx::Connection::ping(connection).await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
        .map_err(|error| {
            let said = format!(
                "the PostgreSQL database at {place} cannot be reached: {error}; check that it \
                 runs, that it exists and that user and password are right"
            );
            if StoreError::from(error).is_transient() {
                StoreError::Away(said)
            } else {
                StoreError::Address(said)
            }
        })?;
    // The migrator holds an advisory lock, so nodes that start together do not collide.
    sqlx::migrate!("migrations/postgres").run(&pool).await?;
    Ok(Db::Postgres { pool })
}

/// What differs between the databases inside a composed statement.
pub(crate) trait Dialect: sqlx::Database + Sized {
    /// Rows of one statement.
    const ROWS: usize;
    /// What stands around the rows of an `INSERT`.
    const AROUND_ROWS: (&'static str, &'static str);
    /// Completes `rows` rows that were just pushed as `VALUES`. Whether the statement is worth
    /// keeping.
    fn complete_rows(query: &mut QueryBuilder<Self>, rows: usize) -> bool;
    /// Appends ` IN (...)`, or its like, for a list of ids.
    fn push_uuids(query: &mut QueryBuilder<Self>, ids: &[Uuid]);
    /// Appends ` IN (...)`, or its like, for a list of texts.
    fn push_texts(query: &mut QueryBuilder<Self>, texts: &[String]);
}

impl Dialect for Sqlite {
    const ROWS: usize = 256;
    const AROUND_ROWS: (&'static str, &'static str) =
        ("SELECT * FROM (", ") WHERE column1 IS NOT NULL");

    // Preparing costs more than a few rows, and so does each statement's way to the thread that runs
    // it: there is one statement for every power of two. Rows that are too many are bound to nothing,
    // so that their key is NULL, and are left out.
    fn complete_rows(query: &mut QueryBuilder<Self>, rows: usize) -> bool {
        let more = {
            let sql = query.sql();
            let sql = sql.as_str();
            let of_one = sql
                .find("VALUES (")
                .and_then(|at| Some(&sql[at + 7..=at + sql[at..].find(')')?]))
                .unwrap_or_default();
            format!(", {of_one}").repeat(rows.next_power_of_two() - rows)
        };
        query.push(more);
        true
    }

    // One parameter for the whole list: the statement is the same for any number.
    fn push_uuids(query: &mut QueryBuilder<Self>, ids: &[Uuid]) {
        let mut list = String::with_capacity(2 + ids.len() * 35);
        let mut between = "[\"";
        for id in ids {
            list.push_str(between);
            list.push_str(id.as_simple().encode_lower(&mut Uuid::encode_buffer()));
            between = "\",\"";
        }
        list.push_str(if ids.is_empty() { "[]" } else { "\"]" });
        query.push(" IN (SELECT unhex(value) FROM json_each(");
        query.push_bind(list).push("))");
    }
    fn push_texts(query: &mut QueryBuilder<Self>, texts: &[String]) {
        query.push(" IN (SELECT value FROM json_each(");
        query.push_bind(crate::column::json_text(texts)).push("))");
    }
}

impl Dialect for Postgres {
    const ROWS: usize = ROWS_MAX;
    const AROUND_ROWS: (&'static str, &'static str) = ("", "");

    fn complete_rows(_: &mut QueryBuilder<Self>, rows: usize) -> bool {
        rows == 1
    }

    fn push_uuids(query: &mut QueryBuilder<Self>, ids: &[Uuid]) {
        query.push(" = ANY(").push_bind(ids.to_vec()).push(")");
    }
    fn push_texts(query: &mut QueryBuilder<Self>, texts: &[String]) {
        query.push(" = ANY(").push_bind(texts.to_vec()).push(")");
    }
}

/// Runs the same body for whichever database the link leads to; `$B` is its type there.
macro_rules! on {
    ($link:expr, |$c:ident, $B:ident| $body:expr) => {
        match $link.side() {
            $crate::db::Side::Sqlite($c) => {
                #[allow(dead_code)]
                type $B = sqlx::Sqlite;
                $body
            }
            $crate::db::Side::Postgres($c) => {
                #[allow(dead_code)]
                type $B = sqlx::Postgres;
                $body
            }
        }
    };
}

/// All rows of a statement as `$row`.
macro_rules! all {
    ($link:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($link, |c, B| {
            sqlx::query_as::<B, $row>($sql)$(.bind($bind))*.fetch_all(c).await
        }).map_err($crate::StoreError::from)
    };
}

/// The first row of a statement, if there is one.
macro_rules! first {
    ($link:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($link, |c, B| {
            sqlx::query_as::<B, $row>($sql)$(.bind($bind))*.fetch_optional(c).await
        }).map_err($crate::StoreError::from)
    };
}

/// The single value of a statement that always has one.
macro_rules! value {
    ($link:expr, $ty:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($link, |c, B| {
            sqlx::query_scalar::<B, $ty>($sql)$(.bind($bind))*.fetch_one(c).await
        }).map_err($crate::StoreError::from)
    };
}

/// Runs a statement; how many rows it changed.
macro_rules! run {
    ($link:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::db::on!($link, |c, B| {
            sqlx::query::<B>($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected())
        }).map_err($crate::StoreError::from)
    };
}

/// Rows of a table by pairs of two of its columns, in as many statements as the limits demand:
/// `by_pairs!(link, Row, "t", "a", "b", keys, |b, key| { b.push_bind(..).push_bind(..); })`.
macro_rules! by_pairs {
    ($link:expr, $row:ty, $table:literal, $one:literal, $two:literal, $keys:expr, |$b:ident, $key:pat_param| $body:block) => {
        $crate::db::on!($link, |c, B| {
            let mut rows: Vec<$row> = Vec::new();
            for chunk in $keys.chunks(<B as $crate::db::Dialect>::ROWS) {
                let mut query = sqlx::QueryBuilder::<B>::new("SELECT t.* FROM (");
                query.push_values(chunk, |mut $b, $key| $body);
                let keep = <B as $crate::db::Dialect>::complete_rows(&mut query, chunk.len());
                query.push(concat!(
                    ") AS v CROSS JOIN ",
                    $table,
                    " t WHERE t.",
                    $one,
                    " = v.column1 AND t.",
                    $two,
                    " = v.column2"
                ));
                let query = query.build_query_as().persistent(keep);
                rows.extend(query.fetch_all(&mut *c).await?);
            }
            rows
        })
    };
}

/// `INSERT INTO ... VALUES` for many rows at once, in as many statements as the limits demand:
/// `insert_rows!(link, "INSERT INTO t (a, b) ", rows, |b, row| { b.push_bind(..); }, " ON CONFLICT ..")`.
/// The first column is never NULL. How many rows were written.
macro_rules! insert_rows {
    ($link:expr, $head:expr, $rows:expr, |$b:ident, $row:ident| $body:block, $tail:expr) => {
        $crate::db::on!($link, |c, B| {
            let mut written = 0_u64;
            let (before, after) = <B as $crate::db::Dialect>::AROUND_ROWS;
            for chunk in $rows.chunks(<B as $crate::db::Dialect>::ROWS) {
                let mut query = sqlx::QueryBuilder::<B>::new($head);
                query.push(before);
                query.push_values(chunk, |mut $b, $row| $body);
                let keep = <B as $crate::db::Dialect>::complete_rows(&mut query, chunk.len());
                query.push(after).push($tail);
                let query = query.build().persistent(keep);
                written += query.execute(&mut *c).await?.rows_affected();
            }
            written
        })
    };
}

pub(crate) use {all, by_pairs, first, insert_rows, on, run, value};
