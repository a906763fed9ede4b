//! What concerns the whole server and no single seller: operators' lists, limits, counters.

mod figures;
mod operate;

use domain::{AccountId, ConversationId, EventId, SellerId, Timestamp};
use uuid::Uuid;

pub use figures::Backlog;
pub use operate::OauthState;

use crate::column::row;
use crate::db::{all, first, on, run};
use crate::{ChannelAccount, EventState, NewSeller, Seller, SellerStore, Store, StoreError};

/// The server's own data.
pub struct System<'a> {
    pub(crate) store: &'a Store,
}

row! {
    /// An inbound event that was kept, and why.
    pub struct KeptEvent {
        /// Its id.
        pub id: EventId,
        /// When it arrived.
        pub received_at: Timestamp,
        /// Meta's `object`.
        pub object: String,
        /// What kind of event.
        pub kind: String,
        /// The ids that may name its account.
        pub account_ids: Vec<String>,
        /// The person's id.
        pub party_id: Option<String>,
        /// Its lane.
        pub lane: String,
        /// Where it stands.
        pub state: EventState,
        /// Why.
        pub reason: Option<String>,
        /// How often it was tried.
        pub attempts: i64,
        /// When it is tried next, where it is pending.
        pub due_at: Timestamp,
        /// Whose it is, where known.
        pub seller_id: Option<SellerId>,
        /// As it was stored.
        pub payload: String,
    }
}

row! {
    /// A conversation whose timer is due.
    pub struct DueWake {
        /// Whose.
        pub seller_id: SellerId,
        /// The account.
        pub account_id: AccountId,
        /// The conversation.
        pub conversation_id: ConversationId,
        /// The lane of its events.
        pub lane: String,
        /// Meta's id of the customer.
        pub external_id: Option<String>,
        /// An id of the account that routes.
        pub routing_id: Option<String>,
        /// When it was due.
        pub wake_at: Timestamp,
    }
}

row! {
    /// Something that is counted by the hour.
    pub struct HealthCounter {
        /// What.
        pub name: String,
        /// The hour, in hours since 1970.
        pub hour: i64,
        /// How often.
        pub count: i64,
        /// When last.
        pub last_at: Timestamp,
        /// The last one's detail.
        pub detail: Option<String>,
    }
}

row! {
    /// A person's request to be forgotten.
    pub struct DataDeletionRequest {
        /// Its id.
        pub id: Uuid,
        /// The code that its status page is found by.
        pub code: String,
        /// Meta's id of the person.
        pub external_id: String,
        /// `requested` or `completed`.
        pub state: String,
        /// What was erased, JSON.
        pub detail: Option<String>,
        /// When.
        pub requested_at: Timestamp,
        /// When it was done.
        pub completed_at: Option<Timestamp>,
    }
}

impl System<'_> {
    /// Adds a seller; [`StoreError::Taken`] when the slug is another's.
    pub async fn add_seller(&self, new: &NewSeller, now: Timestamp) -> Result<Seller, StoreError> {
        let mut link = self.store.db.write().await?;
        first!(
            link,
            Seller,
            "INSERT INTO sellers (id, name, country, currency, language, time_zone, slug, policy, \
             catalog_version, last_order_number, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $9) RETURNING *",
            new.id.0,
            &new.name,
            &new.country,
            new.currency.code(),
            &new.language,
            &new.time_zone,
            &new.slug,
            &new.policy,
            now.0
        )?
        .ok_or(StoreError::Missing("seller"))
    }

    /// Every seller, oldest first.
    pub async fn sellers(&self) -> Result<Vec<Seller>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(link, Seller, "SELECT * FROM sellers ORDER BY id")
    }

    /// The seller whose shop front has this path.
    pub async fn seller_by_slug(&self, slug: &str) -> Result<Option<Seller>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(link, Seller, "SELECT * FROM sellers WHERE slug = $1", slug)
    }

    /// The seller whose shop front has this domain.
    pub async fn seller_by_domain(&self, domain: &str) -> Result<Option<Seller>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Seller,
            "SELECT * FROM sellers WHERE domain = $1",
            domain.to_lowercase()
        )
    }

    /// Removes a seller with everything it owns.
    pub async fn remove_seller(&self, id: SellerId) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        run!(
            link,
            "DELETE FROM inbound_events WHERE seller_id = $1",
            id.0
        )?;
        run!(link, "DELETE FROM sellers WHERE id = $1", id.0)?;
        link.commit().await
    }

    /// The account that has this id at Meta, of whatever kind.
    pub async fn account_by_external_id(
        &self,
        external_id: &str,
    ) -> Result<Option<ChannelAccount>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            ChannelAccount,
            "SELECT * FROM channel_accounts WHERE id = \
             (SELECT account_id FROM channel_account_ids WHERE external_id = $1 LIMIT 1)",
            external_id
        )
    }

    /// Every account of every seller: for token refresh, subscription checks and the doctor.
    pub async fn accounts(&self) -> Result<Vec<ChannelAccount>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            ChannelAccount,
            "SELECT * FROM channel_accounts ORDER BY id"
        )
    }

    /// Replaces an account's ciphertexts (key rotation), unless they changed meanwhile.
    pub async fn replace_tokens(
        &self,
        old: &ChannelAccount,
        new: &crate::Tokens,
    ) -> Result<bool, StoreError> {
        let mut link = self.store.db.write().await?;
        let replaced = run!(
            link,
            "UPDATE channel_accounts SET access_token = COALESCE($3, access_token), \
             user_token = COALESCE($4, user_token), verify_token = COALESCE($5, verify_token) \
             WHERE id = $1 AND updated_at = $2",
            old.id.0,
            old.updated_at.0,
            &new.access_token,
            &new.user_token,
            &new.verify_token
        )?;
        Ok(replaced > 0)
    }

    /// Webhooks brought something for the accounts with these ids at Meta, each at its time (kept to
    /// the minute).
    pub async fn accounts_heard(&self, ids: &[(String, Timestamp)]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut link = self.store.db.begin().await?;
        for (id, at) in ids {
            run!(
                link,
                "UPDATE channel_accounts SET last_event_at = $2 WHERE id IN \
                 (SELECT account_id FROM channel_account_ids WHERE external_id = $1) \
                 AND (last_event_at IS NULL OR last_event_at < $3)",
                id,
                at.0,
                at.plus(-Timestamp::MINUTE).0
            )?;
        }
        link.commit().await
    }

    /// Kept events in a state, the newest first, before `before`.
    pub async fn events(
        &self,
        state: EventState,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<KeptEvent>, StoreError> {
        events(self.store, None, state, before, limit).await
    }

    /// Conversations whose timer is due. A timer event clears it when it is processed.
    pub async fn due_wakes(&self, now: Timestamp, limit: u32) -> Result<Vec<DueWake>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            DueWake,
            "SELECT c.seller_id, c.account_id, c.id AS conversation_id, c.lane, u.external_id, \
             (SELECT MIN(i.external_id) FROM channel_account_ids i \
             WHERE i.account_id = c.account_id) AS routing_id, c.wake_at \
             FROM conversations c JOIN customers u ON u.id = c.customer_id \
             WHERE c.wake_at IS NOT NULL AND c.wake_at <= $1 ORDER BY c.wake_at LIMIT $2",
            now.0,
            i64::from(limit)
        )
    }
}

async fn events(
    store: &Store,
    seller: Option<SellerId>,
    state: EventState,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<KeptEvent>, StoreError> {
    let mut link = store.db.read().await?;
    Ok(on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new("SELECT * FROM inbound_events WHERE ");
        // The words of the partial indexes, so that SQLite uses them.
        query.push(match state {
            EventState::Pending => "state = 'pending'",
            EventState::Done => "state = 'done'",
            _ => "state IN ('unrouted', 'failed', 'kept')",
        });
        query.push(" AND state = ").push_bind(state.as_str());
        query.push(" AND id < ");
        query.push_bind(before.map_or(Uuid::max(), |id| id.0));
        if let Some(seller) = seller {
            query.push(" AND seller_id = ").push_bind(seller.0);
        }
        query
            .push(" ORDER BY id DESC LIMIT ")
            .push_bind(i64::from(limit));
        query.build_query_as().fetch_all(c).await
    })?)
}

impl SellerStore<'_> {
    /// The seller's events in a state, the newest first.
    pub async fn events(
        &self,
        state: EventState,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<KeptEvent>, StoreError> {
        events(self.store, Some(self.id), state, before, limit).await
    }
}
