//! Group commit: whatever is queued while one commit runs is committed together by the next, and
//! each caller is answered after its own commit. No timer: the queue itself makes the batches.

use tokio::sync::{mpsc, oneshot};

use super::NewEvent;
use crate::{Appended, Store, StoreError};

/// Rows of one commit.
const BATCH_ROWS: usize = 512;

struct Job {
    events: Vec<NewEvent>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// A handle to the writing task; clones share it. The task ends when the last handle is dropped.
#[derive(Clone)]
pub struct IntakeWriter {
    queue: mpsc::Sender<Job>,
}

impl IntakeWriter {
    /// Starts the task. `queue` is how many requests may wait before new ones are refused.
    #[must_use]
    pub fn start(store: Store, queue: usize) -> Self {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        tokio::spawn(write_batches(store, receiver));
        Self { queue: sender }
    }

    /// Stores the events; returns once they are on disk. [`StoreError::Saturated`] at once when
    /// the queue is full.
    pub async fn append(&self, events: Vec<NewEvent>) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        self.queue
            .try_send(Job { events, done })
            .map_err(|_| StoreError::Saturated)?;
        // The task only goes away without answering while the process ends.
        answer.await.unwrap_or(Err(StoreError::Saturated))
    }

    /// How many requests may be queued before new ones are refused.
    pub fn free(&self) -> usize {
        self.queue.capacity()
    }
}

async fn write_batches(store: Store, mut queue: mpsc::Receiver<Job>) {
    while let Some(first) = queue.recv().await {
        let mut events = first.events;
        let mut callers = vec![first.done];
        while events.len() < BATCH_ROWS {
            let Ok(job) = queue.try_recv() else { break };
            events.extend(job.events);
            callers.push(job.done);
        }
        let outcome: Result<Appended, StoreError> = store.intake().append(&events).await;
        answer(callers, outcome);
    }
}

/// One failure answers every caller of the batch: nothing of it was committed.
fn answer(
    callers: Vec<oneshot::Sender<Result<(), StoreError>>>,
    outcome: Result<Appended, StoreError>,
) {
    match outcome {
        Ok(_) => {
            for caller in callers {
                let _ = caller.send(Ok(()));
            }
        }
        Err(error) => {
            tracing::warn!(%error, requests = callers.len(), "inbound events could not be stored");
            for caller in callers {
                let again = sqlx::Error::Io(std::io::Error::other(error.to_string()));
                let _ = caller.send(Err(StoreError::Unavailable(again)));
            }
        }
    }
}
