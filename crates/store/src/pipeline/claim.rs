//! One claim: which lanes, their events, and what is stored of their conversations.

use std::collections::{HashMap, HashSet};

use domain::Timestamp;

use super::context::with_context;
use super::{Batch, Lane, PendingEvent};
use crate::db::{Db, Dialect, Link, all, on, run};
use crate::{Store, StoreError};

/// How many of the oldest due events are looked at for each that may be claimed: other workers
/// are busy with some of their lanes.
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
            let mut busy = lanes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            reserved.lanes = wanted
                .into_iter()
                .filter(|lane| busy.insert(lane.clone()))
                .collect();
        }
        reserved
    }
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
            let mut busy = lanes
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
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
    let window = max_events * WINDOW;
    let mut reader = store.db.read().await?;
    let (candidates, more) = oldest_due_lanes(&mut reader, window, now).await?;
    if candidates.is_empty() {
        return Ok(None);
    }
    let (mut held, mut reserved, mut lanes) = hold(store, reader, candidates, max_events).await?;
    if lanes.is_empty() && more {
        // Others hold every lane of the window; there may be more behind a long one.
        drop((held, reserved));
        let mut reader = store.db.read().await?;
        let candidates = every_due_lane(&mut reader, window, now).await?;
        (held, reserved, lanes) = hold(store, reader, candidates, max_events).await?;
    }
    if lanes.is_empty() {
        return Ok(None);
    }
    let events = pending_events(&mut held, &lanes, max_events).await?;
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

/// The lanes of the oldest due events, oldest first, and whether there are more events.
async fn oldest_due_lanes(
    link: &mut Link,
    events: usize,
    now: Timestamp,
) -> Result<(Vec<String>, bool), StoreError> {
    let rows = all!(
        link,
        (String,),
        "SELECT lane FROM inbound_events WHERE state = 'pending' AND due_at <= $1 \
         ORDER BY due_at, id LIMIT $2",
        now.0,
        events as i64
    )?;
    let more = rows.len() == events;
    let mut seen = HashSet::new();
    let lanes = rows.into_iter().map(|(lane,)| lane);
    let lanes = lanes.filter(|lane| seen.insert(lane.clone())).collect();
    Ok((lanes, more))
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

async fn pending_events(
    link: &mut Link,
    lanes: &[String],
    max: usize,
) -> Result<Vec<PendingEvent>, StoreError> {
    Ok(on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT id, received_at, occurred_at, object, kind, account_ids, party_id, lane, \
             payload, attempts, due_at FROM inbound_events WHERE state = 'pending' AND lane",
        );
        Dialect::push_texts(&mut query, lanes);
        query.push(" ORDER BY id LIMIT ").push_bind(max as i64);
        query.build_query_as().fetch_all(c).await
    })?)
}

/// Of each lane its events up to the first that is not due; and the lanes whose first is not, with
/// the time they wait for.
fn due_prefixes(
    events: Vec<PendingEvent>,
    now: Timestamp,
) -> (Vec<Vec<PendingEvent>>, Vec<(String, Timestamp)>) {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lanes: Vec<(Vec<PendingEvent>, Option<Timestamp>)> = Vec::new();
    for event in events {
        let place = *places.entry(event.lane.clone()).or_insert_with(|| {
            lanes.push((Vec::new(), None));
            lanes.len() - 1
        });
        let (due, stopped) = &mut lanes[place];
        if stopped.is_none() && event.due_at <= now {
            due.push(event);
        } else if stopped.is_none() {
            *stopped = Some(event.due_at);
        }
    }
    let waiting = places
        .into_iter()
        .filter_map(|(lane, place)| {
            let (due, stopped) = &lanes[place];
            stopped.filter(|_| due.is_empty()).map(|at| (lane, at))
        })
        .collect();
    let due = lanes
        .into_iter()
        .map(|(due, _)| due)
        .filter(|due| !due.is_empty())
        .collect();
    (due, waiting)
}

/// Later events of a lane whose first waits for a retry wait as well: else each claim would look
/// at them again.
async fn put_off(store: &Store, waiting: &[(String, Timestamp)]) -> Result<(), StoreError> {
    for (lane, at) in waiting {
        let mut link = store.db.write().await?;
        run!(
            link,
            "UPDATE inbound_events SET due_at = $2 \
             WHERE state = 'pending' AND lane = $1 AND due_at < $2",
            lane.as_str(),
            at.0
        )?;
    }
    Ok(())
}
