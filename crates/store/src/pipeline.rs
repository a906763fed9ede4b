//! Claiming inbound events, whole lanes in their order, and committing what came of them.
//!
//! On PostgreSQL a batch is one open transaction that holds row locks on its lanes: any number of
//! nodes share the work, and what a dead node held is free the moment its connection drops. On
//! SQLite lanes are reserved within the process, read outside of the write lock, and written in
//! one short transaction; another process's work in between shows in the events' states.

mod claim;
mod context;

use std::sync::Arc;

use domain::{ConversationId, EventId, SellerId, Timestamp};

use crate::column::row;
use crate::conversations::mid_key;
use crate::db::{Link, all, by_pairs, first, on, run};
use crate::{
    Applied, ChannelAccount, CommitError, Conversation, Customer, EventState, LaneEffects, Message,
    OutboxMessage, Seller, Store, StoreError,
};

row! {
    /// An inbound event to be read.
    pub struct PendingEvent {
        /// Its id.
        pub id: EventId,
        /// When it arrived.
        pub received_at: Timestamp,
        /// When it happened, by Meta's word.
        pub occurred_at: Option<Timestamp>,
        /// Meta's `object`, or `internal`.
        pub object: String,
        /// What kind of event.
        pub kind: String,
        /// Every id that may name the account.
        pub account_ids: Vec<String>,
        /// The person's id.
        pub party_id: Option<String>,
        /// Its lane.
        pub lane: String,
        /// As it was stored.
        pub payload: String,
        /// How often it failed.
        pub attempts: i64,
        /// When it is due.
        pub due_at: Timestamp,
    }
}

/// The account that a lane's events are for.
pub type RoutedAccount = Arc<ChannelAccount>;

/// Events of one lane with what is stored of their conversation.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Its name.
    pub lane: String,
    /// Its due events, in order of arrival; never empty.
    pub events: Vec<PendingEvent>,
    /// The account; `None`: nobody connected any of the ids.
    pub account: Option<RoutedAccount>,
    /// Whose account it is, with policy and catalogue version.
    pub seller: Option<Arc<Seller>>,
    /// The person, where known already. Without details: the conversation's state has them.
    pub customer: Option<Customer>,
    /// The conversation, where there is one already.
    pub conversation: Option<Conversation>,
}

/// Claimed lanes. Dropping it without a commit frees them unchanged.
pub struct Batch {
    /// What was claimed.
    pub lanes: Vec<Lane>,
    store: Store,
    /// PostgreSQL: the open transaction with the lanes' locks.
    link: Option<Link>,
    /// SQLite: the lanes reserved within this process.
    reserved: claim::Reserved,
}

/// Claims batches.
pub struct Pipeline<'a> {
    pub(crate) store: &'a Store,
}

/// Which events are to be run again.
#[derive(Debug, Clone, Default)]
pub struct Requeue {
    /// In these states (`Pending` and `Done` are never run again).
    pub states: Vec<EventState>,
    /// Only this one.
    pub id: Option<EventId>,
    /// Only this seller's.
    pub seller_id: Option<SellerId>,
    /// Only those that name one of these account ids.
    pub account_ids: Vec<String>,
}

impl Batch {
    /// How many events were claimed.
    pub fn events(&self) -> usize {
        self.lanes.iter().map(|lane| lane.events.len()).sum()
    }

    /// The stored messages among these: what was processed before, and what an edit or a deletion
    /// is about.
    pub async fn messages(
        &mut self,
        keys: &[(ConversationId, &str)],
    ) -> Result<Vec<Message>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut own = self.own_link().await?;
        let link = self
            .link
            .as_mut()
            .or(own.as_mut())
            .ok_or(StoreError::Conflict)?;
        Ok(by_pairs!(
            link,
            Message,
            "messages",
            "conversation_id",
            "mid_key",
            keys,
            |b, (conversation, mid)| {
                b.push_bind(conversation.0).push_bind(mid_key(mid));
            }
        ))
    }

    /// The conversation's messages that were handed to Meta and not echoed yet, oldest first: what
    /// an echo may be of.
    pub async fn unechoed(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut own = self.own_link().await?;
        let link = self
            .link
            .as_mut()
            .or(own.as_mut())
            .ok_or(StoreError::Conflict)?;
        all!(
            link,
            OutboxMessage,
            "SELECT * FROM outbox WHERE conversation_id = $1 AND echoed_at IS NULL \
             AND state IN ('sending', 'unknown', 'sent') ORDER BY id",
            conversation.0
        )
    }

    async fn own_link(&self) -> Result<Option<Link>, StoreError> {
        Ok(match self.link {
            Some(_) => None,
            None => Some(self.store.db.read().await?),
        })
    }

    /// Writes everything in one transaction. After [`CommitError::StockShort`] nothing is written
    /// and the batch may be decided and committed again; after any other error, drop it and claim
    /// again.
    pub async fn commit(
        &mut self,
        effects: &[LaneEffects],
        now: Timestamp,
    ) -> Result<Applied, CommitError> {
        let orders = effects.iter().any(|lane| lane.order.is_some());
        let ready = crate::apply::Ready::of(effects);
        let mut link = match self.link.take() {
            Some(link) => link,
            // Its locks went with an earlier failure: whatever was read may be stale.
            None if self.store.is_postgres() => return Err(CommitError::Conflict),
            None => self.store.db.begin().await?,
        };
        let again = link.is_postgres() && orders;
        if again {
            run!(link, "SAVEPOINT decided")?;
        }
        match crate::apply::write(&mut link, &ready, now).await {
            Ok(applied) => {
                link.commit().await?;
                self.reserved.release();
                Ok(applied)
            }
            Err(CommitError::StockShort(shortages)) if again => {
                run!(link, "ROLLBACK TO SAVEPOINT decided")?;
                self.link = Some(link);
                Err(CommitError::StockShort(shortages))
            }
            Err(error) => Err(error),
        }
    }
}

impl Pipeline<'_> {
    /// Claims up to `max_events` due events, the oldest first; `None`: nothing is due.
    pub async fn claim(
        &self,
        max_events: usize,
        now: Timestamp,
    ) -> Result<Option<Batch>, StoreError> {
        claim::claim(self.store, max_events, now).await
    }

    /// When the next pending event is due; `None`: there is none.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut link = self.store.db.read().await?;
        let next = first!(
            link,
            (Option<i64>,),
            "SELECT MIN(due_at) FROM inbound_events WHERE state = 'pending'"
        )?;
        Ok(next.and_then(|(at,)| at).map(Timestamp))
    }

    /// Runs kept, failed or unrouted events again; how many.
    pub async fn requeue(&self, which: &Requeue, now: Timestamp) -> Result<u64, StoreError> {
        let mut link = self.store.db.begin().await?;
        let count = requeue(&mut link, which, now).await?;
        crate::wake::notify(&mut link, crate::wake::EVENTS).await?;
        link.commit().await?;
        Ok(count)
    }
}

pub(crate) async fn requeue(
    link: &mut Link,
    which: &Requeue,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let states: Vec<String> = which
        .states
        .iter()
        .filter(|s| !matches!(s, EventState::Pending | EventState::Done))
        .map(ToString::to_string)
        .collect();
    if states.is_empty() {
        return Ok(0);
    }
    Ok(on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "UPDATE inbound_events SET state = 'pending', attempts = 0, reason = NULL, due_at = ",
        );
        query.push_bind(now.0);
        query.push(" WHERE state IN ('unrouted', 'failed', 'kept') AND state");
        crate::db::Dialect::push_texts(&mut query, &states);
        if let Some(id) = which.id {
            query.push(" AND id = ").push_bind(id.0);
        }
        if let Some(seller) = which.seller_id {
            query.push(" AND seller_id = ").push_bind(seller.0);
        }
        if !which.account_ids.is_empty() {
            query.push(" AND (");
            for (i, id) in which.account_ids.iter().enumerate() {
                query.push(if i > 0 { " OR " } else { "" });
                // `account_ids` is a JSON array of strings.
                let quoted = crate::column::json_text(id).replace('!', "!!");
                let quoted = quoted.replace('%', "!%").replace('_', "!_");
                query
                    .push("account_ids LIKE ")
                    .push_bind(format!("%{quoted}%"));
                query.push(" ESCAPE '!'");
            }
            query.push(")");
        }
        query.build().execute(c).await.map(|d| d.rows_affected())
    })?)
}
