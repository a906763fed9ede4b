//! What can go wrong in the store, sorted by what the caller should do about it.

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's address cannot be used.
    #[error("{0}")]
    Address(String),
    /// The database at this address does not answer yet.
    #[error("{0}")]
    Away(String),
    /// The database cannot be reached, or is too busy to answer in time. Nothing was written, or
    /// it is unknown whether it was; try again.
    #[error(
        "the database cannot be reached: {0}; check that it runs and that its address is right"
    )]
    Unavailable(#[source] sqlx::Error),
    /// Somebody else changed the same rows meanwhile. Nothing was written: read again and decide again.
    #[error("somebody else changed this at the same time; read it again and retry")]
    Conflict,
    /// A value that must be unique is taken. Nothing was written.
    #[error("{what} is already taken")]
    Taken {
        /// The constraint or columns it collides on.
        what: String,
    },
    /// There is no such row, or it is another seller's.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// The intake's queue is full; answer 503 and let the sender try again.
    #[error("the store is busy: its queue of inbound events is full; try again shortly")]
    Saturated,
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Anything else from the database.
    #[error("the database refused a statement: {0}")]
    Database(#[source] sqlx::Error),
    /// A row that does not hold what it should.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// A file operation (backup) failed.
    #[error("{0}")]
    File(String),
}

impl StoreError {
    /// Whether the same call may well succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Away(_) | Self::Unavailable(_) | Self::Conflict | Self::Saturated
        )
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Io(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::Tls(_)
            | E::Protocol(_) => Self::Unavailable(error),
            E::ColumnDecode { .. } | E::Decode(_) => Self::Corrupt(error.to_string()),
            E::Database(db) => {
                if db.is_unique_violation() {
                    let what = db
                        .constraint()
                        .map_or_else(|| db.message().to_owned(), str::to_owned);
                    return Self::Taken {
                        what: what.replace("UNIQUE constraint failed: ", ""),
                    };
                }
                match db.code().as_deref() {
                    // PostgreSQL: serialisation failure, deadlock, lock time-out.
                    Some("40001" | "40P01" | "55P03") => Self::Conflict,
                    // PostgreSQL: shutting down or starting, too many connections, connection
                    // exceptions, statement time-out, read-only after a fail-over.
                    Some(
                        "57P01" | "57P02" | "57P03" | "53300" | "57014" | "08000" | "08003"
                        | "08006" | "25006",
                    ) => Self::Unavailable(error),
                    // SQLite: busy, locked, busy snapshot, I/O error, full, cannot open.
                    Some("5" | "6" | "517" | "261" | "10" | "13" | "14") => {
                        Self::Unavailable(error)
                    }
                    _ => Self::Database(error),
                }
            }
            _ => Self::Database(error),
        }
    }
}
