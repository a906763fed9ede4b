//! One claim: which lanes, their events, and what is stored of their conversations.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::{EventId, Timestamp};
use uuid::Uuid;

use super::context::with_context;
use super::{Batch, Lane, PendingEvent};
use crate::column::row;
use crate::db::{Db, Dialect, Link, all, on};
use crate::{Store, StoreError};

/// How many of the oldest due events are looked at for each that may be claimed: other nodes are
/// busy with some of their lanes.
const WINDOW: usize = 4;

/// Lanes that this process is busy with, given back on drop.
pub(super) struct Reserved {
    store: Store,
    lanes: Vec<String>,
}

impl Reserved {
    fn none(store: &Store) -> Self {
        Self {
            store: store.clone(),
            lanes: Vec::new(),
        }
    }

    /// Takes those of `wanted` that nobody in this process has.
    fn take(store: &Store, wanted: Vec<String>) -> Self {
        let mut reserved = Self::none(store);
        if let Db::Sqlite { lanes, .. } = &*store.db {
            let mut busy = busy(lanes);
            reserved.lanes = wanted
                .into_iter()
                .filter(|lane| busy.insert(lane.clone()))
                .collect();
        }
        reserved
    }
}

fn busy(lanes: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    lanes.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reserved {
    /// Gives back all of them.
    pub(super) fn release(&mut self) {
        self.keep(&[]);
    }

    /// Gives back all but these.
    fn keep(&mut self, wanted: &[Lane]) {
        let wanted: HashSet<&str> = wanted.iter().map(|lane| lane.lane.as_str()).collect();
        let (kept, rest) = std::mem::take(&mut self.lanes)
            .into_iter()
            .partition(|lane| wanted.contains(lane.as_str()));
        drop(Self {
            store: self.store.clone(),
            lanes: rest,
        });
        self.lanes = kept;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Db::Sqlite { lanes, .. } = &*self.store.db {
            let mut busy = busy(lanes);
            for lane in &self.lanes {
                busy.remove(lane);
            }
        }
    }
}

pub(super) async fn claim(
    store: &Store,
    max_events: usize,
    now: Timestamp,
) -> Result<Option<Batch>, StoreError> {
    let max_events = max_events.max(1);
    let window = match &*store.db {
        Db::Postgres { .. } => max_events * WINDOW,
        // Who else takes of them is known.
        Db::Sqlite { lanes, .. } => max_events + 2 * busy(lanes).len(),
    };
    let mut reader = store.db.read().await?;
    let mut due = oldest_due(&mut reader, window, now).await?;
    if due.is_empty() {
        return Ok(None);
    }
    let (mut held, mut reserved, mut lanes) =
        hold(store, reader, lanes_of(&due), max_events).await?;
    if lanes.is_empty() && due.len() == window {
        // Others hold every lane of the window; there may be more behind a long one.
        drop((held, reserved));
        let mut reader = store.db.read().await?;
        let candidates = every_due_lane(&mut reader, window, now).await?;
        (held, reserved, lanes) = hold(store, reader, candidates, max_events).await?;
        due = due_of(&mut held, &lanes, max_events, now).await?;
    }
    if lanes.is_empty() {
        return Ok(None);
    }
    let ids = with_earlier(&mut held, due, &lanes, max_events).await?;
    let events = pending_events(&mut held, &ids).await?;
    let (events, waiting) = due_prefixes(events, now);
    let lanes = with_context(&mut held, events).await?;
    reserved.keep(&lanes);
    // Before the batch: on SQLite the reading connection goes back now.
    let link = match held {
        Link::PostgresTx(_) => Some(held),
        _ => None,
    };
    put_off(store, &waiting).await?;
    if lanes.is_empty() {
        return Ok(None);
    }
    Ok(Some(Batch {
        lanes,
        store: store.clone(),
        link,
        reserved,
    }))
}

/// Takes those of the candidates that nobody else has, and the connection to read them with.
async fn hold(
    store: &Store,
    mut reader: Link,
    mut candidates: Vec<String>,
    max: usize,
) -> Result<(Link, Reserved, Vec<String>), StoreError> {
    if store.is_postgres() {
        add_lanes(&mut reader, &candidates).await?;
        drop(reader);
        let mut link = store.db.begin().await?;
        let lanes = lock_lanes(&mut link, &candidates, max).await?;
        return Ok((link, Reserved::none(store), lanes));
    }
    candidates.truncate(max * 2);
    let reserved = Reserved::take(store, candidates);
    let lanes = reserved.lanes.clone();
    Ok((reader, reserved, lanes))
}

row! {
    /// A pending event, by what a claim chooses it.
    struct Candidate {
        id: EventId,
        lane: String,
    }
}

async fn oldest_due(
    link: &mut Link,
    events: usize,
    now: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    all!(
        link,
        Candidate,
        "SELECT id, lane FROM inbound_events WHERE state = 'pending' AND due_at <= $1 \
         ORDER BY due_at, id LIMIT $2",
        now.0,
        events as i64
    )
}

/// The lanes of events, in their order.
fn lanes_of(events: &[Candidate]) -> Vec<String> {
    let mut seen = HashSet::new();
    let lanes = events.iter().map(|event| &event.lane);
    lanes.filter(|lane| seen.insert(*lane)).cloned().collect()
}

/// The lanes that have due events, oldest first; reads the whole backlog.
async fn every_due_lane(
    link: &mut Link,
    lanes: usize,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let rows = all!(
        link,
        (String,),
        "SELECT lane FROM inbound_events WHERE state = 'pending' AND due_at <= $1 \
         GROUP BY lane ORDER BY MIN(due_at) LIMIT $2",
        now.0,
        lanes as i64
    )?;
    Ok(rows.into_iter().map(|(lane,)| lane).collect())
}

/// The due events of these lanes, oldest first; reads the whole backlog.
async fn due_of(
    link: &mut Link,
    lanes: &[String],
    events: usize,
    now: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    Ok(on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT id, lane FROM inbound_events WHERE state = 'pending' AND due_at <= ",
        );
        query.push_bind(now.0).push(" AND lane");
        Dialect::push_texts(&mut query, lanes);
        query.push(" ORDER BY due_at, id LIMIT ");
        query.push_bind(events as i64);
        query.build_query_as().fetch_all(c).await
    })?)
}

/// Those of the candidates that are in these lanes, and what was put off there: it goes before, and
/// holds up, what came after it.
async fn with_earlier(
    link: &mut Link,
    candidates: Vec<Candidate>,
    lanes: &[String],
    max: usize,
) -> Result<Vec<Uuid>, StoreError> {
    // The words of the index's own condition, else it is not used.
    let put_off: Vec<Candidate> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT id, lane FROM inbound_events WHERE state = 'pending' AND due_at > received_at \
             AND lane",
        );
        Dialect::push_texts(&mut query, lanes);
        query.build_query_as().fetch_all(c).await
    })?;
    let held: HashSet<&str> = lanes.iter().map(String::as_str).collect();
    let mut ids: Vec<Uuid> = candidates
        .iter()
        .chain(&put_off)
        .filter(|event| held.contains(event.lane.as_str()))
        .map(|event| event.id.0)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(max);
    Ok(ids)
}

/// Makes sure that each lane has a row to lock. In a transaction of its own: two workers that make
/// the same row would wait for each other's whole batch.
async fn add_lanes(link: &mut Link, lanes: &[String]) -> Result<(), StoreError> {
    let known: Vec<(String,)> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new("SELECT lane FROM lanes WHERE lane");
        Dialect::push_texts(&mut query, lanes);
        query.build_query_as().fetch_all(c).await
    })?;
    let known: HashSet<&str> = known.iter().map(|(lane,)| lane.as_str()).collect();
    let mut new: Vec<&String> = lanes
        .iter()
        .filter(|l| !known.contains(l.as_str()))
        .collect();
    new.sort_unstable();
    crate::db::insert_rows!(
        link,
        "INSERT INTO lanes (lane) ",
        new,
        |b, lane| {
            b.push_bind((*lane).clone());
        },
        " ON CONFLICT (lane) DO NOTHING"
    );
    Ok(())
}

async fn lock_lanes(
    link: &mut Link,
    candidates: &[String],
    max: usize,
) -> Result<Vec<String>, StoreError> {
    let locked: Vec<(String,)> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new("SELECT lane FROM lanes WHERE lane");
        Dialect::push_texts(&mut query, candidates);
        query.push(" LIMIT ").push_bind(max as i64);
        query.push(" FOR UPDATE SKIP LOCKED");
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(locked.into_iter().map(|(lane,)| lane).collect())
}

/// Those of the events that are still pending, in order of arrival.
async fn pending_events(link: &mut Link, ids: &[Uuid]) -> Result<Vec<PendingEvent>, StoreError> {
    Ok(on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT id, received_at, occurred_at, object, kind, account_ids, party_id, lane, \
             payload, attempts, due_at FROM inbound_events WHERE state = 'pending' AND id",
        );
        Dialect::push_uuids(&mut query, ids);
        query.push(" ORDER BY id");
        query.build_query_as().fetch_all(c).await
    })?)
}

/// Events behind one that is not due.
struct Waiting {
    until: Timestamp,
    behind: Vec<Uuid>,
}

/// Of each lane its events up to the first that is not due; and those of lanes whose first is not.
fn due_prefixes(
    events: Vec<PendingEvent>,
    now: Timestamp,
) -> (Vec<Vec<PendingEvent>>, Vec<Waiting>) {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lanes: Vec<Vec<PendingEvent>> = Vec::new();
    for event in events {
        let place = *places.entry(event.lane.clone()).or_insert_with(|| {
            lanes.push(Vec::new());
            lanes.len() - 1
        });
        lanes[place].push(event);
    }
    let mut waiting = Vec::new();
    for lane in &mut lanes {
        let due = lane.iter().take_while(|event| event.due_at <= now).count();
        if due == 0
            && let Some(head) = lane.first()
        {
            let behind = lane.iter().filter(|event| event.due_at < head.due_at);
            let behind: Vec<Uuid> = behind.map(|event| event.id.0).collect();
            if !behind.is_empty() {
                waiting.push(Waiting {
                    until: head.due_at,
                    behind,
                });
            }
        }
        lane.truncate(due);
    }
    lanes.retain(|lane| !lane.is_empty());
    (lanes, waiting)
}

/// Later events of a lane whose first waits for a retry wait as well: else each claim would look
/// at them again.
async fn put_off(store: &Store, waiting: &[Waiting]) -> Result<(), StoreError> {
    for lane in waiting {
        let mut link = store.db.write().await?;
        on!(&mut link, |c, B| {
            let mut query = sqlx::QueryBuilder::<B>::new("UPDATE inbound_events SET due_at = ");
            query
                .push_bind(lane.until.0)
                .push(" WHERE state = 'pending' AND id");
            Dialect::push_uuids(&mut query, &lane.behind);
            query.build().execute(c).await.map(drop)
        })?;
    }
    Ok(())
}
