//! Sync runs, their log, and the batches they sent.

use domain::{CatalogId, SellerId, SyncRunId, Timestamp};
use uuid::Uuid;

use crate::column::row;
use crate::db::{all, first, run, value};
use crate::{SellerStore, StoreError, System};

row! {
    /// One push of a catalogue.
    pub struct SyncRun {
        /// Its id.
        pub id: SyncRunId,
        /// Whose.
        pub seller_id: SellerId,
        /// Of what.
        pub catalog_id: CatalogId,
        /// `full` or `incremental`.
        pub kind: String,
        /// `hand`, `schedule`, `change`, `resume`.
        pub cause: String,
        /// `running`, `success`, `partial`, `failed`.
        pub status: String,
        /// Why it is not a success.
        pub reason: Option<String>,
        /// Items to be sent.
        pub total: i64,
        /// Items sent.
        pub sent: i64,
        /// Items taken.
        pub accepted: i64,
        /// Items refused.
        pub rejected: i64,
        /// Items deleted.
        pub deleted: i64,
        /// Items not sent because they would be refused.
        pub held_back: i64,
        /// Calls made.
        pub calls: i64,
        /// When it may go on, where a limit stopped it.
        pub resume_at: Option<Timestamp>,
        /// When it began.
        pub started_at: Timestamp,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
    }
}

row! {
    /// A line of a run's log.
    pub struct SyncLogEntry {
        /// Its id.
        pub id: Uuid,
        /// When.
        pub at: Timestamp,
        /// `info`, `warning`, `error`.
        pub level: String,
        /// Which item.
        pub retailer_id: Option<String>,
        /// In words.
        pub message: String,
    }
}

row! {
    /// A batch that was or is to be sent.
    pub struct SyncBatch {
        /// Its id.
        pub id: Uuid,
        /// Of which run.
        pub run_id: SyncRunId,
        /// Meta's handle; `None`: not known to have been taken.
        pub handle: Option<String>,
        /// `sending`, `sent`, `finished`, `lost`.
        pub state: String,
        /// The items in it with what was sent, JSON.
        pub items: String,
        /// Why it was lost.
        pub reason: Option<String>,
        /// When it was sent.
        pub sent_at: Timestamp,
        /// When its handle was last asked.
        pub checked_at: Option<Timestamp>,
        /// When its fate was known.
        pub ended_at: Option<Timestamp>,
    }
}

impl SellerStore<'_> {
    /// Begins a run; [`StoreError::Taken`] while another one of the catalogue runs.
    pub async fn begin_sync_run(
        &self,
        id: SyncRunId,
        catalog: CatalogId,
        kind: &str,
        cause: &str,
        now: Timestamp,
    ) -> Result<SyncRun, StoreError> {
        let mut link = self.store.db.write().await?;
        first!(
            link,
            SyncRun,
            "INSERT INTO sync_runs (id, seller_id, catalog_id, kind, cause, status, total, sent, \
             accepted, rejected, deleted, held_back, calls, started_at) \
             SELECT $1, seller_id, id, $4, $5, 'running', 0, 0, 0, 0, 0, 0, 0, $6 FROM catalogs \
             WHERE seller_id = $2 AND id = $3 RETURNING *",
            id.0,
            self.id.0,
            catalog.0,
            kind,
            cause,
            now.0
        )?
        .ok_or(StoreError::Missing("catalog"))
    }

    /// Stores a run's figures and status.
    pub async fn put_sync_run(&self, r: &SyncRun) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE sync_runs SET status = $3, reason = $4, total = $5, sent = $6, accepted = $7, \
             rejected = $8, deleted = $9, held_back = $10, calls = $11, resume_at = $12, \
             ended_at = $13 WHERE seller_id = $1 AND id = $2",
            self.id.0,
            r.id.0,
            &r.status,
            &r.reason,
            r.total,
            r.sent,
            r.accepted,
            r.rejected,
            r.deleted,
            r.held_back,
            r.calls,
            r.resume_at.map(|t| t.0),
            r.ended_at.map(|t| t.0)
        )?;
        Ok(())
    }

    /// One run.
    pub async fn sync_run(&self, id: SyncRunId) -> Result<Option<SyncRun>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            SyncRun,
            "SELECT * FROM sync_runs WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )
    }

    /// Runs, the newest first; of one catalogue or all.
    pub async fn sync_runs(
        &self,
        catalog: Option<CatalogId>,
        limit: u32,
    ) -> Result<Vec<SyncRun>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            SyncRun,
            "SELECT * FROM sync_runs WHERE seller_id = $1 AND ($2 IS NULL OR catalog_id = $2) \
             ORDER BY id DESC LIMIT $3",
            self.id.0,
            catalog.map(|c| c.0),
            i64::from(limit)
        )
    }

    /// Adds a line to a run's log.
    pub async fn log_sync(
        &self,
        run: SyncRunId,
        level: &str,
        retailer_id: Option<&str>,
        message: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO sync_run_log (id, seller_id, run_id, at, level, retailer_id, message) \
             SELECT $1, seller_id, id, $4, $5, $6, $7 FROM sync_runs \
             WHERE seller_id = $2 AND id = $3",
            Uuid::now_v7(),
            self.id.0,
            run.0,
            now.0,
            level,
            retailer_id,
            message
        )?;
        Ok(())
    }

    /// A run's log, oldest first, after `after`.
    pub async fn sync_log(
        &self,
        run: SyncRunId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<SyncLogEntry>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            SyncLogEntry,
            "SELECT * FROM sync_run_log WHERE seller_id = $1 AND run_id = $2 AND id > $3 \
             ORDER BY id LIMIT $4",
            self.id.0,
            run.0,
            after.unwrap_or(Uuid::nil()),
            i64::from(limit)
        )
    }

    /// Stores a batch, whole; before it is sent, so that a crash leaves a trace of it.
    pub async fn put_sync_batch(
        &self,
        catalog: CatalogId,
        b: &SyncBatch,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO sync_batches (id, seller_id, catalog_id, run_id, handle, state, items, \
             reason, sent_at, checked_at, ended_at) \
             SELECT $1, seller_id, catalog_id, id, $5, $6, $7, $8, $9, $10, $11 FROM sync_runs \
             WHERE seller_id = $2 AND catalog_id = $3 AND id = $4 \
             ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, state = excluded.state, \
             items = excluded.items, reason = excluded.reason, checked_at = excluded.checked_at, \
             ended_at = excluded.ended_at WHERE sync_batches.seller_id = excluded.seller_id",
            b.id,
            self.id.0,
            catalog.0,
            b.run_id.0,
            &b.handle,
            &b.state,
            &b.items,
            &b.reason,
            b.sent_at.0,
            b.checked_at.map(|t| t.0),
            b.ended_at.map(|t| t.0)
        )?;
        Ok(())
    }

    /// When a batch of the catalogue was last given up without its fate being known, among the runs
    /// that began after `since`.
    pub async fn last_lost_batch(
        &self,
        catalog: CatalogId,
        since: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut link = self.store.db.read().await?;
        let at = value!(
            link,
            Option<i64>,
            "SELECT MAX(b.ended_at) FROM sync_runs r JOIN sync_batches b ON b.run_id = r.id \
             WHERE r.seller_id = $1 AND r.catalog_id = $2 AND r.started_at > $3 \
             AND b.seller_id = r.seller_id AND b.state = 'lost'",
            self.id.0,
            catalog.0,
            since.0
        )?;
        Ok(at.map(Timestamp))
    }

    /// The catalogue's batches whose fate is not known yet, oldest first.
    pub async fn open_sync_batches(
        &self,
        catalog: CatalogId,
    ) -> Result<Vec<SyncBatch>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            SyncBatch,
            "SELECT * FROM sync_batches WHERE seller_id = $1 AND catalog_id = $2 \
             AND ended_at IS NULL ORDER BY id",
            self.id.0,
            catalog.0
        )
    }
}

impl System<'_> {
    /// Runs that are marked running, of all sellers: after a crash they are ended as `partial`.
    pub async fn running_sync_runs(&self) -> Result<Vec<SyncRun>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            SyncRun,
            "SELECT * FROM sync_runs WHERE status = 'running' ORDER BY id"
        )
    }
}
