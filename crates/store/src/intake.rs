//! Inbound events on their way to disk. Nothing is read or decided here; the unique key drops what
//! was delivered before.

pub(crate) mod writer;

use domain::{EventId, Timestamp};
use sha2::{Digest, Sha256};

use crate::column::{json_text, some_text, text, words};
use crate::db::{Link, insert_rows};
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
    /// When it happened, by Meta's word. The same in every redelivery, or `None`: it is part of the
    /// unique key.
    pub occurred_at: Option<Timestamp>,
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
    /// The unique key: the hour it happened (so that the index grows at one end and ten million old
    /// keys are never touched again), then a digest.
    fn dedup(&self) -> [u8; 16] {
        let hour = self.occurred_at.map_or(0, |at| at.0 / Timestamp::HOUR) as u32;
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
        key[..4].copy_from_slice(&hour.to_be_bytes());
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
        let mut link = self.store.db.begin().await?;
        let inserted = insert_events(&mut link, events).await?;
        if link.is_postgres() && events.iter().any(|e| e.state == EventState::Pending) {
            crate::wake::notify(&mut link, crate::wake::EVENTS).await?;
        }
        link.commit().await?;
        Ok(Appended {
            inserted,
            duplicates: events.len() as u64 - inserted,
        })
    }
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

pub(crate) async fn insert_events(link: &mut Link, events: &[NewEvent]) -> Result<u64, StoreError> {
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
