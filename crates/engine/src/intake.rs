//! A webhook body on its way in: verified, taken apart, and on disk before it is acknowledged.
//! Nothing is read here; that is the pipeline's work.

use std::sync::Arc;

use domain::{EventId, Timestamp};
use meta::signature::{AppSecrets, Refused};
use meta::webhook::{Item, Object};
use meta::{Fate, Kind, split};
use store::{EventState, IntakeWriter, NewEvent, StoreError};
use tokio::sync::Notify;
use tracing::{error, warn};

use crate::clock::Clock;
use crate::health::{Health, Heard};

/// The counter of signatures that did not hold.
pub const BAD_SIGNATURES: &str = "bad_signatures";
/// The counter of rightly signed bodies whose secret may not sign their object.
pub const WRONG_SECRETS: &str = "wrong_secrets";
/// The counter of bodies that could not be stored and were answered 503.
pub const NOT_STORED: &str = "not_stored";
/// The counter of bodies taken in.
pub const TAKEN: &str = "bodies_taken";

/// The counter of events in `standby` for an account that has this id at Meta.
pub(crate) fn standby_counter(id: &str) -> String {
    format!("standby:{id}")
}

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On disk: answer exactly 200.
    Accepted {
        /// How many events it held, those delivered before included.
        events: usize,
    },
    /// No secret made the signature, or the secret may not sign such an object: answer 403.
    BadSignature,
    /// The queue is full or the database is away: answer 503, Meta comes again.
    Unavailable,
}

/// Takes webhook bodies in. Clones share the writer.
#[derive(Clone)]
pub struct Intake {
    secrets: Arc<AppSecrets>,
    writer: IntakeWriter,
    health: Arc<Health>,
    heard: Arc<Heard>,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Intake({:?})", self.secrets)
    }
}

impl Intake {
    pub(crate) fn new(
        secrets: Arc<AppSecrets>,
        writer: IntakeWriter,
        health: Arc<Health>,
        heard: Arc<Heard>,
        clock: Arc<dyn Clock>,
        wake: Arc<Notify>,
    ) -> Self {
        Self {
            secrets,
            writer,
            health,
            heard,
            clock,
            wake,
        }
    }

    /// Takes the raw `body` with its `X-Hub-Signature-256` header in.
    pub async fn take(&self, signature: Option<&str>, body: &[u8]) -> Outcome {
        let now = self.clock.now();
        let verified = match self.secrets.verify(signature, body) {
            Ok(verified) => verified,
            Err(refused) => return self.refuse(refused, now),
        };
        let split = split(body);
        if !verified.may_sign(&split.objects) {
            let names: Vec<_> = verified.by.iter().map(|(name, _)| *name).collect();
            let object = split.object().map_or("", Object::as_str);
            let detail = format!(
                "a body about `{object:.32}` was signed with {}",
                names.join(", ")
            );
            if let Some(n) = self.health.count(WRONG_SECRETS, &detail, now) {
                warn!(
                    intake.refused = n,
                    "webhook refused: {detail}, which may not sign it"
                );
            }
            return Outcome::BadSignature;
        }
        let standby: Vec<bool> = split
            .items
            .iter()
            .map(|item| in_standby(item.kind))
            .collect();
        let items = split.items.into_iter();
        let events: Vec<_> = items.map(|item| new_event(item, now)).collect();
        let heard = events.iter().zip(standby).flat_map(|(event, standby)| {
            let ids = event.account_ids.iter();
            ids.map(move |id| (id.as_str(), standby))
        });
        self.heard.note(heard, now);
        let outcome = self.store(events, now).await;
        if matches!(outcome, Outcome::Accepted { .. }) {
            self.health.count(TAKEN, "", now);
        }
        outcome
    }

    /// Stores events, of a webhook or of the sweep.
    pub(crate) async fn store(&self, events: Vec<NewEvent>, now: Timestamp) -> Outcome {
        let count = events.len();
        match self.writer.append(events).await {
            Ok(()) => {
                metrics::counter!("eziseller_events_accepted_total").increment(count as u64);
                self.wake.notify_one();
                Outcome::Accepted { events: count }
            }
            Err(e) => {
                let saturated = matches!(e, StoreError::Saturated);
                let detail = if saturated {
                    "the queue of inbound events is full"
                } else {
                    "the database did not take them"
                };
                if let Some(n) = self.health.count(NOT_STORED, detail, now) {
                    error!(intake.unavailable = n, "webhook bodies answered 503: {e}");
                }
                Outcome::Unavailable
            }
        }
    }

    fn refuse(&self, refused: Refused, now: Timestamp) -> Outcome {
        let detail = refused.to_string();
        if let Some(n) = self.health.count(BAD_SIGNATURES, &detail, now) {
            warn!(
                intake.refused = n,
                "webhook refused: {detail}; Meta switches a subscription off after an hour of refusals"
            );
        }
        metrics::counter!("eziseller_bad_signatures_total").increment(1);
        Outcome::BadSignature
    }
}

/// Whether another app owns the conversation.
const fn in_standby(kind: Kind) -> bool {
    matches!(kind, Kind::StandbyMessage | Kind::StandbyOther)
}

/// An item of a body as an event to be stored.
pub(crate) fn new_event(item: Item, now: Timestamp) -> NewEvent {
    let kept = item.fate() == Fate::Kept;
    let reason = kept.then(|| {
        item.reason
            .clone()
            .unwrap_or_else(|| item.kind.note().to_owned())
    });
    NewEvent {
        id: EventId::fresh(),
        received_at: now,
        occurred_at: item.occurred_at_ms.map(Timestamp),
        dated: item.dated,
        lane: lane(&item),
        object: storable(item.object.as_str(), 64),
        kind: item.kind.as_str().to_owned(),
        account_ids: item
            .account_ids
            .iter()
            .map(|id| storable(id, ID_CHARS))
            .collect(),
        party_id: item.party_id.map(|id| storable(&id, ID_CHARS)),
        dedup_key: storable(&item.dedup_key, usize::MAX),
        payload: storable(&item.raw, usize::MAX),
        state: if kept {
            EventState::Kept
        } else {
            EventState::Pending
        },
        reason: reason.map(|reason| storable(&reason, 1_000)),
    }
}

/// Meta's ids have some 20 characters; whatever a body holds must fit an index of either database.
const ID_CHARS: usize = 255;

/// PostgreSQL's text knows no NUL, which JSON may hold; one such item must not cost a whole commit.
pub(crate) fn storable(text: &str, chars: usize) -> String {
    let kept = if text.len() <= chars {
        text
    } else {
        let end = text.char_indices().nth(chars);
        end.map_or(text, |(at, _)| &text[..at])
    };
    kept.replace('\0', "\u{fffd}")
}

/// The lane: events of one conversation, which are worked on in order. The account is part of it: one
/// person may write to several sellers, and no event may ride on another seller's lane.
fn lane(item: &Item) -> String {
    let account = item.account_ids.first().map_or("-", String::as_str);
    let party = item.party_id.as_deref().unwrap_or("-");
    storable(&format!("{}/{account}/{party}", item.object), ID_CHARS)
}
