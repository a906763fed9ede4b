//! Inbound events on their way to disk. Nothing is read or decided here; the unique key drops what
//! was delivered before.

pub(crate) mod writer;

use domain::{EventId, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::column::{json_text, some_text, text, words};
use crate::db::{Db, Link, insert_rows};
use crate::{Store, StoreError};

words! {
    /// What became of an inbound event.
    pub enum EventState {
        /// To be read, now or at its next attempt.
        Pending = "pending",
        /// Its effects are committed.
        Done = "done",
        /// No connected account has any of its ids.
        Unrouted = "unrouted",
        /// Given up after its attempts.
        Failed = "failed",
        /// Nothing is to be done with it; kept with the reason.
        Kept = "kept",
    }
}

/// An inbound event to be stored.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id; later events of a lane have greater ones.
    pub id: EventId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// When it happened, by Meta's word. It is part of the unique key.
    pub occurred_at: Option<Timestamp>,
    /// Whether the event itself says so, the same in every delivery. Else it is the time of the
    /// body around it, of which the key takes the hour.
    pub dated: bool,
    /// Meta's `object` (`instagram`, `page`, ...), or `internal`.
    pub object: String,
    /// What kind of event (`message`, `postback`, ...).
    pub kind: String,
    /// Every id in it that may name the seller's account.
    pub account_ids: Vec<String>,
    /// The person's id, where there is one.
    pub party_id: Option<String>,
    /// Events of one lane are processed in order. One conversation, or the event alone.
    pub lane: String,
    /// What makes it the same event as another (Meta's message id, ...). Compared together with
    /// `object` and the first of `account_ids`.
    pub dedup_key: String,
    /// The event as Meta sent it, as JSON text where it is that.
    pub payload: String,
    /// `Pending`, or `Kept` for what nobody shall read.
    pub state: EventState,
    /// Why it is kept.
    pub reason: Option<String>,
}

impl NewEvent {
    /// The unique key: the second it happened (so that the index grows at one end and ten million
    /// old keys are never touched again), then a digest. A message that the sweep finds with another
    /// second than the webhook had is still known by its message id.
    fn dedup(&self) -> [u8; 16] {
        let precision = if self.dated {
            Timestamp::SECOND
        } else {
            Timestamp::HOUR
        };
        let at = self.occurred_at.map_or(0, |at| at.0 - at.0 % precision);
        let second = (at / Timestamp::SECOND) as u32;
        let mut hash = Sha256::new();
        for part in [
            self.object.as_str(),
            self.account_ids.first().map_or("", String::as_str),
            self.dedup_key.as_str(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut key = [0_u8; 16];
        key[..4].copy_from_slice(&second.to_be_bytes());
        key[4..].copy_from_slice(&digest[..12]);
        key
    }
}

/// How many events were new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    /// Stored now.
    pub inserted: u64,
    /// Stored before.
    pub duplicates: u64,
}

/// Takes events in.
pub struct Intake<'a> {
    pub(crate) store: &'a Store,
}

impl Intake<'_> {
    /// Stores the events in one transaction; those stored before change nothing. On return they
    /// are on disk.
    pub async fn append(&self, events: &[NewEvent]) -> Result<Appended, StoreError> {
        if events.is_empty() {
            return Ok(Appended::default());
        }
        let inserted = match &*self.store.db {
            Db::Postgres { pool } => append_and_notify(pool, events).await?,
            Db::Sqlite { .. } => {
                let mut link = self.store.db.begin().await?;
                let inserted = insert_events(&mut link, events).await?;
                link.commit().await?;
                inserted
            }
        };
        Ok(Appended {
            inserted,
            duplicates: events.len() as u64 - inserted,
        })
    }
}

/// One statement, its own transaction: each way to the server and back would be paid by every group.
async fn append_and_notify(pool: &PgPool, events: &[NewEvent]) -> Result<u64, StoreError> {
    let mut rows: Vec<([u8; 16], &NewEvent)> = events.iter().map(|e| (e.dedup(), e)).collect();
    // In one order in every node: two that store the same events wait for each other, never in a
    // circle.
    rows.sort_unstable_by_key(|(dedup, _)| *dedup);
    fn column<T>(rows: &[([u8; 16], &NewEvent)], of: impl Fn(&NewEvent) -> T) -> Vec<T> {
        rows.iter().map(|(_, event)| of(event)).collect()
    }
    let stored: i64 = sqlx::query_scalar(
        "WITH stored AS (INSERT INTO inbound_events (id, received_at, occurred_at, object, kind, \
         account_ids, party_id, lane, dedup, payload, state, reason, attempts, due_at) \
         SELECT id, received_at, occurred_at, object, kind, account_ids, party_id, lane, dedup, \
         payload, state, reason, 0, received_at FROM unnest($1::uuid[], $2::bigint[], \
         $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], \
         $10::text[], $11::text[], $12::text[]) AS new (id, received_at, occurred_at, object, \
         kind, account_ids, party_id, lane, dedup, payload, state, reason) \
         ON CONFLICT (dedup) DO NOTHING RETURNING 1) \
         SELECT (SELECT COUNT(*) FROM stored), pg_notify($13, '')",
    )
    .bind(column(&rows, |e| e.id.0))
    .bind(column(&rows, |e| e.received_at.0))
    .bind(column(&rows, |e| e.occurred_at.map(|at| at.0)))
    .bind(column(&rows, |e| text(&e.object)))
    .bind(column(&rows, |e| text(&e.kind)))
    .bind(column(&rows, |e| json_text(&e.account_ids)))
    .bind(column(&rows, |e| some_text(e.party_id.as_ref())))
    .bind(column(&rows, |e| lane_key(&e.lane)))
    .bind(
        rows.iter()
            .map(|(dedup, _)| dedup.as_slice())
            .collect::<Vec<_>>(),
    )
    .bind(column(&rows, |e| text(&e.payload)))
    .bind(column(&rows, |e| e.state.as_str()))
    .bind(column(&rows, |e| some_text(e.reason.as_ref())))
    .bind(crate::wake::EVENTS)
    .fetch_one(pool)
    .await?;
    Ok(stored as u64)
}

/// The lane as it is stored: an index entry has its limits (PostgreSQL: 2,704 bytes), what a body
/// may claim to be an id has none.
fn lane_key(lane: &str) -> String {
    if lane.len() <= 512 {
        return text(lane);
    }
    let digest = Sha256::digest(lane.as_bytes());
    digest.iter().fold("long:".to_owned(), |mut key, byte| {
        use std::fmt::Write as _;
        let _ = write!(key, "{byte:02x}");
        key
    })
}

async fn insert_events(link: &mut Link, events: &[NewEvent]) -> Result<u64, StoreError> {
    Ok(insert_rows!(
        link,
        "INSERT INTO inbound_events (id, received_at, occurred_at, object, kind, account_ids, \
         party_id, lane, dedup, payload, state, reason, attempts, due_at) ",
        events,
        |b, e| {
            b.push_bind(e.id.0)
                .push_bind(e.received_at.0)
                .push_bind(e.occurred_at.map(|t| t.0))
                .push_bind(text(&e.object))
                .push_bind(text(&e.kind))
                .push_bind(json_text(&e.account_ids))
                .push_bind(some_text(e.party_id.as_ref()))
                .push_bind(lane_key(&e.lane))
                .push_bind(e.dedup().to_vec())
                .push_bind(text(&e.payload))
                .push_bind(e.state.as_str())
                .push_bind(some_text(e.reason.as_ref()))
                .push_bind(0_i64)
                .push_bind(e.received_at.0);
        },
        " ON CONFLICT (dedup) DO NOTHING"
    ))
}
