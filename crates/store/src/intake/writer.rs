//! Group commit: whatever is queued while one commit runs is committed together by the next, and
//! each caller is answered after its own commit. No timer: the queue itself makes the batches.

use tokio::sync::{mpsc, oneshot};

use super::NewEvent;
use crate::{Store, StoreError};

/// Rows of one commit.
const BATCH_ROWS: usize = 512;

struct Job {
    events: Vec<NewEvent>,
    /// Where its events end in the batch.
    rows: usize,
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
            .try_send(Job {
                events,
                rows: 0,
                done,
            })
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
        let mut rows = first.events.len();
        let mut jobs = vec![first];
        while rows < BATCH_ROWS {
            let Ok(job) = queue.try_recv() else { break };
            rows += job.events.len();
            jobs.push(job);
        }
        commit(&store, jobs).await;
    }
}

/// Commits the jobs together. What the database refuses for its content must not cost those that
/// happen to be committed with it: then each is tried alone.
async fn commit(store: &Store, mut jobs: Vec<Job>) {
    let mut events = Vec::new();
    for job in &mut jobs {
        events.append(&mut job.events);
        job.rows = events.len();
    }
    let outcome = store.intake().append(&events).await;
    let alone = jobs.len() > 1 && outcome.as_ref().is_err_and(|e| !e.is_transient());
    let mut from = 0;
    for job in jobs {
        let own = &events[from..job.rows];
        from = job.rows;
        let answer = match &outcome {
            Ok(_) => Ok(()),
            Err(_) if alone => store.intake().append(own).await.map(|_| ()),
            Err(error) => Err(unavailable(error)),
        };
        if let Err(error) = &answer {
            tracing::warn!(%error, events = own.len(), "inbound events could not be stored");
        }
        // A caller that went away does not wait for its answer.
        let _ = job.done.send(answer);
    }
}

/// The same failure for each of several callers.
fn unavailable(error: &StoreError) -> StoreError {
    StoreError::Unavailable(sqlx::Error::Io(std::io::Error::other(error.to_string())))
}
