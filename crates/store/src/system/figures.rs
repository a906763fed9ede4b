//! Figures: `stats`, readiness, the backlog, counters.

use domain::Timestamp;
use domain::draft::Stage;
use serde_json::{Map, Value, json};

use super::{HealthCounter, System};
use crate::db::{Db, all, first, run, value};
use crate::{EventState, OutboxState, Store, StoreError};

impl Store {
    /// Whether the database answers and its schema is in place.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let mut link = self.db.read().await?;
        first!(
            link,
            (i64,),
            "SELECT COUNT(*) FROM (SELECT id FROM sellers LIMIT 1) AS s"
        )?;
        Ok(())
    }

    /// The figures of `eziseller stats`, as its JSON.
    pub async fn stats(&self) -> Result<Value, StoreError> {
        let mut link = self.db.read().await?;
        let count = "SELECT COUNT(*) FROM inbound_events";
        let events: i64 = value!(link, i64, count)?;
        // The few that are not done are counted through their small indexes.
        let mut unfinished = all!(
            link,
            (String, i64),
            "SELECT state, COUNT(*) FROM inbound_events \
             WHERE state IN ('unrouted', 'failed', 'kept') GROUP BY state"
        )?;
        let pending: i64 = value!(
            link,
            i64,
            "SELECT COUNT(*) FROM inbound_events WHERE state = 'pending'"
        )?;
        unfinished.push(("pending".to_owned(), pending));
        let done = events - unfinished.iter().map(|(_, n)| n).sum::<i64>();
        unfinished.push(("done".to_owned(), done.max(0)));
        let drafts = all!(
            link,
            (String, i64),
            "SELECT stage, COUNT(*) FROM draft_orders GROUP BY stage"
        )?;
        let outbox = all!(
            link,
            (String, i64),
            "SELECT state, COUNT(*) FROM outbox GROUP BY state"
        )?;
        let messages: i64 = value!(link, i64, "SELECT COUNT(*) FROM messages")?;
        let customers: i64 = value!(link, i64, "SELECT COUNT(*) FROM customers")?;
        let conversations: i64 = value!(link, i64, "SELECT COUNT(*) FROM conversations")?;
        let orders: i64 = value!(link, i64, "SELECT COUNT(*) FROM orders")?;
        Ok(json!({
            "inbound_events": counts(EventState::ALL.iter().map(|s| s.as_str()), &unfinished),
            "messages": messages,
            "customers": customers,
            "conversations": conversations,
            "draft_orders": counts(Stage::ALL.iter().map(|s| s.as_str()), &drafts),
            "orders": orders,
            "outbox": counts(OutboxState::ALL.iter().map(|s| s.as_str()), &outbox),
        }))
    }

    /// Copies the SQLite database, as of now and while it is in use, to a new file.
    pub async fn backup(&self, path: &std::path::Path) -> Result<(), StoreError> {
        let Db::Sqlite {
            read, path: own, ..
        } = &*self.db
        else {
            return Err(StoreError::File(
                "backup copies an SQLite database; use pg_dump for PostgreSQL".to_owned(),
            ));
        };
        if path.exists() {
            return Err(StoreError::File(format!(
                "{} exists already; name a new file",
                path.display()
            )));
        }
        let target = path
            .to_str()
            .ok_or_else(|| StoreError::File("the backup's path must be valid UTF-8".to_owned()))?;
        let mut connection = read.acquire().await?;
        // VACUUM INTO writes another file, so the reading connection may run it.
        sqlx::query("PRAGMA query_only = off")
            .execute(&mut *connection)
            .await?;
        let copied = sqlx::query("VACUUM INTO $1")
            .bind(target)
            .execute(&mut *connection)
            .await;
        sqlx::query("PRAGMA query_only = on")
            .execute(&mut *connection)
            .await?;
        copied.map(|_| ()).map_err(|error| {
            StoreError::File(format!(
                "{} could not be copied to {}: {error}; check that the directory exists, may be \
                 written and has room",
                own.display(),
                path.display()
            ))
        })
    }
}

/// Every word with its count, zero where there is none.
fn counts<'a>(words: impl Iterator<Item = &'a str>, found: &[(String, i64)]) -> Value {
    let count = |word: &str| found.iter().find(|(w, _)| w == word).map_or(0, |(_, n)| *n);
    Value::Object(
        words
            .map(|word| (word.to_owned(), count(word).into()))
            .collect::<Map<_, _>>(),
    )
}

/// How much work waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Pending inbound events.
    pub events: i64,
    /// When the oldest of them arrived.
    pub oldest_event: Option<Timestamp>,
    /// Pending outbox messages.
    pub outbox: i64,
}

impl System<'_> {
    /// How much work waits; cheap enough for every scrape of the metrics.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let mut link = self.store.db.read().await?;
        let events: i64 = value!(
            link,
            i64,
            "SELECT COUNT(*) FROM inbound_events WHERE state = 'pending'"
        )?;
        let oldest = first!(
            link,
            (Option<i64>,),
            "SELECT MIN(due_at) FROM inbound_events WHERE state = 'pending'"
        )?;
        let outbox: i64 = value!(
            link,
            i64,
            "SELECT COUNT(*) FROM outbox WHERE state = 'pending'"
        )?;
        Ok(Backlog {
            events,
            oldest_event: oldest.and_then(|(at,)| at).map(Timestamp),
            outbox,
        })
    }

    /// Counts something (a refused signature, a deprecated route) in its hour.
    pub async fn count(
        &self,
        name: &str,
        by: u32,
        detail: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO health_counters (name, hour, count, last_at, detail) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name, hour) DO UPDATE SET \
             count = health_counters.count + excluded.count, last_at = excluded.last_at, \
             detail = COALESCE(excluded.detail, health_counters.detail)",
            name,
            now.0 / Timestamp::HOUR,
            i64::from(by),
            now.0,
            detail
        )?;
        Ok(())
    }

    /// Forgets what was counted before a time.
    pub async fn purge_counters(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "DELETE FROM health_counters WHERE hour < $1",
            before.0 / Timestamp::HOUR
        )
    }

    /// What was counted under a name since a time, oldest hour first.
    pub async fn counters(
        &self,
        name: &str,
        since: Timestamp,
    ) -> Result<Vec<HealthCounter>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            HealthCounter,
            "SELECT * FROM health_counters WHERE name = $1 AND hour >= $2 ORDER BY hour",
            name,
            since.0 / Timestamp::HOUR
        )
    }
}
