//! The outbox: messages are stored in the transaction that decided them, marked as being sent
//! before the network is touched, and their fate is recorded after. What a crash leaves `sending`
//! becomes `unknown`: nobody sends it again before an echo or a look at the conversation told.

use domain::{AccountId, ConversationId, MessageId, OutboxId, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::{row, words};
use crate::conversations::mid_key;
use crate::db::{Dialect, Link, all, first, on, run, value};
use crate::{ChannelAccount, SellerStore, Store, StoreError};

words! {
    /// Where an outbox message stands.
    pub enum OutboxState {
        /// Waits for its turn.
        Pending = "pending",
        /// Handed to the network.
        Sending = "sending",
        /// Accepted by Meta.
        Sent = "sent",
        /// It is not known whether Meta accepted it.
        Unknown = "unknown",
        /// Given up.
        Failed = "failed",
        /// Not to be sent any more.
        Cancelled = "cancelled",
    }
}

row! {
    /// Something to be sent.
    pub struct OutboxMessage {
        /// Its id.
        pub id: OutboxId,
        /// Whose.
        pub seller_id: SellerId,
        /// The account that sends.
        pub account_id: AccountId,
        /// The conversation.
        pub conversation_id: Option<ConversationId>,
        /// Meta's id of who receives it.
        pub recipient: String,
        /// What it is for.
        pub kind: String,
        /// Its words.
        pub text: Option<String>,
        /// What the engine needs to send it, JSON.
        pub body: String,
        /// Whether a person typed it.
        pub by_person: bool,
        /// Must not be sent after this.
        pub window_until: Option<Timestamp>,
        /// Where it stands.
        pub state: OutboxState,
        /// Why it failed, waits or is unknown.
        pub reason: Option<String>,
        /// How often it was tried.
        pub attempts: i64,
        /// Not before this.
        pub due_at: Timestamp,
        /// When it was handed to the network.
        pub claimed_at: Option<Timestamp>,
        /// When Meta accepted it.
        pub sent_at: Option<Timestamp>,
        /// Meta's message id.
        pub mid: Option<String>,
        /// When Meta echoed it.
        pub echoed_at: Option<Timestamp>,
        /// When it was decided.
        pub created_at: Timestamp,
    }
}

/// A message to be sent now, with the account that sends it.
#[derive(Debug, Clone)]
pub struct OutboxClaim {
    /// It, marked `sending`.
    pub message: OutboxMessage,
    /// The account, its tokens still encrypted.
    pub account: ChannelAccount,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SendResult {
    /// Meta accepted it.
    Sent {
        /// Meta's message id.
        mid: String,
    },
    /// Meta did not take it; try again.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Nothing was tried: a limit says to wait. Not counted as an attempt.
    Wait {
        /// Until when.
        at: Timestamp,
        /// Which limit.
        reason: String,
    },
    /// It will not be sent.
    Failed {
        /// Why.
        reason: String,
    },
    /// It is not known whether Meta took it.
    Unknown {
        /// What happened.
        reason: String,
    },
}

/// Claims and records.
pub struct Outbox<'a> {
    pub(crate) store: &'a Store,
}

impl Outbox<'_> {
    /// Marks up to `limit` due messages `sending`, committed on return: of every conversation the
    /// earliest unfinished one, the longest due first.
    pub async fn claim(&self, limit: u32, now: Timestamp) -> Result<Vec<OutboxClaim>, StoreError> {
        let mut link = self.store.db.read().await?;
        let due = "SELECT o.id FROM outbox o WHERE o.state = 'pending' AND o.due_at <= $1 \
             AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id \
             AND e.id < o.id AND e.state IN ('pending', 'sending', 'unknown')) \
             ORDER BY o.due_at, o.id LIMIT $2";
        // A look without locks: most of the time there is nothing to do.
        if first!(link, (Uuid,), due, now.0, 1_i64)?.is_none() {
            return Ok(Vec::new());
        }
        drop(link);
        let mut link = self.store.db.begin().await?;
        let ids: Vec<(Uuid,)> = if link.is_postgres() {
            all!(
                link,
                (Uuid,),
                "SELECT o.id FROM outbox o WHERE o.state = 'pending' AND o.due_at <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id \
                 AND e.id < o.id AND e.state IN ('pending', 'sending', 'unknown')) \
                 ORDER BY o.due_at, o.id LIMIT $2 FOR UPDATE OF o SKIP LOCKED",
                now.0,
                i64::from(limit)
            )?
        } else {
            all!(link, (Uuid,), due, now.0, i64::from(limit))?
        };
        let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut messages: Vec<OutboxMessage> = on!(link, |c, B| {
            let mut query = sqlx::QueryBuilder::<B>::new(
                "UPDATE outbox SET state = 'sending', attempts = attempts + 1, claimed_at = ",
            );
            query
                .push_bind(now.0)
                .push(", updated_at = ")
                .push_bind(now.0);
            query.push(" WHERE state = 'pending' AND id");
            Dialect::push_uuids(&mut query, &ids);
            query.push(" RETURNING *");
            query.build_query_as().fetch_all(c).await
        })?;
        messages.sort_by_key(|m| ids.iter().position(|id| *id == m.id.0));
        let claims = with_accounts(&mut link, messages).await?;
        link.commit().await?;
        Ok(claims)
    }

    /// Records what came of sending. A sent one also appears among the conversation's messages.
    pub async fn finish(
        &self,
        id: OutboxId,
        result: &SendResult,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.finish_alike(&[id], result, now).await
    }

    /// As [`Self::finish`], for messages to which the same happened; in one transaction.
    pub async fn finish_alike(
        &self,
        ids: &[OutboxId],
        result: &SendResult,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        let (state, reason, due) = match result {
            SendResult::Sent { mid } => {
                for id in ids {
                    sent(&mut link, *id, mid, now).await?;
                }
                return link.commit().await;
            }
            SendResult::Retry { at, reason } | SendResult::Wait { at, reason } => {
                (OutboxState::Pending, reason, *at)
            }
            SendResult::Failed { reason } => (OutboxState::Failed, reason, now),
            SendResult::Unknown { reason } => (OutboxState::Unknown, reason, now),
        };
        let untried = i64::from(matches!(result, SendResult::Wait { .. }));
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        on!(link, |c, B| {
            let mut query = sqlx::QueryBuilder::<B>::new("UPDATE outbox SET state = ");
            query.push_bind(state.as_str());
            query.push(", reason = ").push_bind(reason);
            query.push(", due_at = ").push_bind(due.0);
            query.push(", updated_at = ").push_bind(now.0);
            query.push(", attempts = attempts - ").push_bind(untried);
            // Only what is under way or unknown can be settled; an echo that came first wins.
            query.push(" WHERE state IN ('sending', 'unknown') AND id");
            Dialect::push_uuids(&mut query, &ids);
            query.build().execute(c).await.map(drop)
        })?;
        link.commit().await
    }

    /// What was handed to the network before `before` and never heard of again is `unknown` from
    /// now on; how many. Pass a time older than any send can take.
    pub async fn recover(&self, before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE outbox SET state = 'unknown', updated_at = $2, \
             reason = 'the server stopped while sending; it is not known whether it was sent' \
             WHERE state IN ('sending', 'unknown') AND state = 'sending' AND claimed_at < $1",
            before.0,
            now.0
        )
    }

    /// Messages whose fate is not known, claimed before `before`, to be looked up in their
    /// conversations.
    pub async fn unknown(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxClaim>, StoreError> {
        let mut link = self.store.db.read().await?;
        let messages = all!(
            link,
            OutboxMessage,
            "SELECT * FROM outbox WHERE state IN ('sending', 'unknown') AND state = 'unknown' \
             AND claimed_at < $1 ORDER BY claimed_at LIMIT $2",
            before.0,
            i64::from(limit)
        )?;
        with_accounts(&mut link, messages).await
    }

    /// When the next pending message is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut link = self.store.db.read().await?;
        let next = first!(
            link,
            (Option<i64>,),
            "SELECT MIN(due_at) FROM outbox WHERE state = 'pending'"
        )?;
        Ok(next.and_then(|(at,)| at).map(Timestamp))
    }
}

/// The messages, each with the account that sends it.
async fn with_accounts(
    link: &mut Link,
    messages: Vec<OutboxMessage>,
) -> Result<Vec<OutboxClaim>, StoreError> {
    let mut ids: Vec<Uuid> = messages.iter().map(|m| m.account_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let accounts: Vec<ChannelAccount> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new("SELECT * FROM channel_accounts WHERE id");
        Dialect::push_uuids(&mut query, &ids);
        query.build_query_as().fetch_all(c).await
    })?;
    Ok(messages
        .into_iter()
        .filter_map(|message| {
            let account = accounts.iter().find(|a| a.id == message.account_id)?;
            Some(OutboxClaim {
                account: account.clone(),
                message,
            })
        })
        .collect())
}

async fn sent(link: &mut Link, id: OutboxId, mid: &str, now: Timestamp) -> Result<(), StoreError> {
    let message = first!(
        link,
        OutboxMessage,
        "UPDATE outbox SET state = 'sent', mid = $2, reason = NULL, \
         sent_at = COALESCE(sent_at, $3), updated_at = $3 \
         WHERE id = $1 AND state IN ('sending', 'unknown', 'sent') RETURNING *",
        id.0,
        mid,
        now.0
    )?;
    let Some((message, conversation)) = message.and_then(|m| m.conversation_id.map(|c| (m, c)))
    else {
        return Ok(());
    };
    let sender = if message.by_person {
        "person"
    } else {
        "automation"
    };
    run!(
        link,
        "INSERT INTO messages (id, seller_id, conversation_id, mid_key, mid, outbox_id, direction, \
         sender, kind, text, state, at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'out', $7, 'text', $8, 'sent', $9, $9, $9) \
         ON CONFLICT (conversation_id, mid_key) DO UPDATE SET outbox_id = excluded.outbox_id, \
         sender = excluded.sender",
        MessageId::fresh().0,
        message.seller_id.0,
        conversation.0,
        mid_key(mid),
        mid,
        id.0,
        sender,
        &message.text,
        now.0
    )?;
    Ok(())
}

impl SellerStore<'_> {
    /// One outbox message.
    pub async fn outbox_message(&self, id: OutboxId) -> Result<Option<OutboxMessage>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            OutboxMessage,
            "SELECT * FROM outbox WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )
    }

    /// A conversation's outbox messages in these states, oldest first; empty: in any.
    pub async fn outbox_of(
        &self,
        conversation: ConversationId,
        states: &[OutboxState],
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut link = self.store.db.read().await?;
        let rows = all!(
            link,
            OutboxMessage,
            "SELECT * FROM outbox WHERE seller_id = $1 AND conversation_id = $2 ORDER BY id",
            self.id.0,
            conversation.0
        )?;
        Ok(rows
            .into_iter()
            .filter(|m| states.is_empty() || states.contains(&m.state))
            .collect())
    }

    /// How many messages of an account Meta accepted between two times and never echoed.
    pub async fn unechoed(
        &self,
        account: AccountId,
        (since, until): (Timestamp, Timestamp),
    ) -> Result<i64, StoreError> {
        let mut link = self.store.db.read().await?;
        value!(
            link,
            i64,
            "SELECT COUNT(*) FROM outbox WHERE seller_id = $1 AND account_id = $2 \
             AND echoed_at IS NULL AND state IN ('sending', 'unknown', 'sent') \
             AND state = 'sent' AND sent_at >= $3 AND sent_at < $4",
            self.id.0,
            account.0,
            since.0,
            until.0
        )
    }

    /// An account's messages that wait for another try, newest first.
    pub async fn waiting_outbox(
        &self,
        account: AccountId,
        limit: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            OutboxMessage,
            "SELECT * FROM outbox WHERE seller_id = $1 AND account_id = $2 AND state = 'pending' \
             AND reason IS NOT NULL ORDER BY id DESC LIMIT $3",
            self.id.0,
            account.0,
            i64::from(limit)
        )
    }

    /// What was not or may not have been sent, newest first.
    pub async fn outbox_troubles(&self, limit: u32) -> Result<Vec<OutboxMessage>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            OutboxMessage,
            "SELECT * FROM outbox WHERE seller_id = $1 \
             AND state IN ('unknown', 'failed', 'cancelled') ORDER BY id DESC LIMIT $2",
            self.id.0,
            i64::from(limit)
        )
    }
}
