//! Wake-ups: PostgreSQL tells every node at once that there is work (`LISTEN`/`NOTIFY`). Where that
//! is not to be had, a caller is woken after its polling interval, as it always is at the latest.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::db::{Db, Link, run};
use crate::{Store, StoreError};

/// New inbound events.
pub(crate) const EVENTS: &str = "eziseller_events";
/// New outbox messages.
pub(crate) const OUTBOX: &str = "eziseller_outbox";

/// Tells listening nodes at the commit of this transaction. Equal notices of a transaction are one.
pub(crate) async fn notify(link: &mut Link, channel: &str) -> Result<(), StoreError> {
    if link.is_postgres() {
        run!(link, "SELECT pg_notify($1, '')", channel)?;
    }
    Ok(())
}

/// Waits for work.
pub struct Wakeups {
    store: Store,
    channel: &'static str,
    listener: Option<PgListener>,
}

impl Wakeups {
    /// Returns when there may be work: told by PostgreSQL, or after `at_most`. Never fails: a lost
    /// connection means polling until it is back.
    pub async fn next(&mut self, at_most: Duration) {
        if self.listener.is_none() {
            self.listen().await;
        }
        let Some(listener) = &mut self.listener else {
            tokio::time::sleep(at_most).await;
            return;
        };
        if let Ok(Err(error)) = tokio::time::timeout(at_most, listener.recv()).await {
            tracing::debug!(%error, "the wake-up connection was lost; polling until it is back");
            self.listener = None;
        }
    }

    async fn listen(&mut self) {
        let Db::Postgres { pool } = &*self.store.db else {
            return;
        };
        if let Ok(mut listener) = PgListener::connect_with(pool).await
            && listener.listen(self.channel).await.is_ok()
        {
            self.listener = Some(listener);
        }
    }
}

impl Store {
    /// Wake-ups for new inbound events.
    pub fn event_wakeups(&self) -> Wakeups {
        self.wakeups(EVENTS)
    }

    /// Wake-ups for new outbox messages.
    pub fn outbox_wakeups(&self) -> Wakeups {
        self.wakeups(OUTBOX)
    }

    fn wakeups(&self, channel: &'static str) -> Wakeups {
        Wakeups {
            store: self.clone(),
            channel,
            listener: None,
        }
    }
}
