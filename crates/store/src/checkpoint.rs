//! SQLite's log, copied back into the file beside the writer: done by the writer itself it would hold
//! up whoever waits for a commit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A page that many commits change in this time is copied once.
const PAUSE: Duration = Duration::from_millis(100);
/// Fewer frames than this wait in the log for more: each copying costs two syncs.
const FRAMES_MIN: i64 = 1_000;

/// The task that does it; it ends when this is dropped.
pub(crate) struct Checkpoints {
    written: Arc<Notify>,
    closing: Arc<Notify>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpoints {
    pub(crate) async fn start(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        let (written, closing) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let task = tokio::spawn(copy_back(connection, written.clone(), closing.clone()));
        Ok(Self {
            written,
            closing,
            task: Mutex::new(Some(task)),
        })
    }

    /// Something is about to be written.
    pub(crate) fn note(&self) {
        self.written.notify_one();
    }

    /// Ends the task and closes its connection.
    pub(crate) async fn close(&self) {
        self.closing.notify_one();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        let task = self.task.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = task {
            task.abort();
        }
    }
}

async fn copy_back(mut connection: SqliteConnection, written: Arc<Notify>, closing: Arc<Notify>) {
    loop {
        tokio::select! {
            () = written.notified() => {}
            () = closing.notified() => break,
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = closing.notified() => break,
        }
        if let Err(error) = checkpoint(&mut connection).await {
            // The writer does it at last, when the log is long.
            tracing::debug!(%error, "the log was not copied back");
        }
    }
    let _ = connection.close().await;
}

async fn checkpoint(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let (_, logged, copied): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)")
        .fetch_one(&mut *connection)
        .await?;
    if logged - copied >= FRAMES_MIN {
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(connection)
            .await?;
    }
    Ok(())
}
