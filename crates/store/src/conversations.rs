//! Conversations and their messages.

use domain::{
    AccountId, Channel, ConversationId, CustomerId, EventId, MessageId, OutboxId, Timestamp,
};
use sha2::{Digest, Sha256};

use crate::column::{row, words};
use crate::db::{all, first, run};
use crate::packed::Packed;
use crate::{SellerStore, StoreError};

words! {
    /// Whether a message came from or went to the customer.
    pub enum Direction {
        /// From the customer.
        In = "in",
        /// To the customer.
        Out = "out",
    }

    /// Where a message stands.
    pub enum MessageState {
        /// Inbound, as it was written.
        Received = "received",
        /// Inbound, its words changed since.
        Edited = "edited",
        /// Unsent; its content is gone.
        Deleted = "deleted",
        /// Outbound, accepted by Meta.
        Sent = "sent",
        /// Outbound, on the customer's device.
        Delivered = "delivered",
        /// Outbound, seen.
        Read = "read",
        /// Outbound, refused after it had been accepted.
        Failed = "failed",
    }
}

row! {
    /// One customer with one channel account.
    pub struct Conversation {
        /// Its id.
        pub id: ConversationId,
        /// The account.
        pub account_id: AccountId,
        /// The customer.
        pub customer_id: CustomerId,
        /// Where.
        pub channel: Channel,
        /// The lane of its events.
        pub lane: String,
        /// The domain's state, JSON.
        pub state: Packed,
        /// Grows with every write.
        pub version: i64,
        /// ISO 639-1.
        pub language: Option<String>,
        /// The end of the 24-hour window.
        pub window_until: Option<Timestamp>,
        /// Until when a person speaks.
        pub hand_over_until: Option<Timestamp>,
        /// When a timer event is due.
        pub wake_at: Option<Timestamp>,
        /// Messages that the seller has not seen.
        pub unread: i64,
        /// The newest message's time.
        pub last_message_at: Timestamp,
        /// The newest message's words.
        pub last_text: Option<String>,
        /// When it began.
        pub created_at: Timestamp,
        /// When it was changed.
        pub updated_at: Timestamp,
    }
}

row! {
    /// A message of a conversation.
    pub struct Message {
        /// Its id.
        pub id: MessageId,
        /// Its conversation.
        pub conversation_id: ConversationId,
        /// Meta's id.
        pub mid: String,
        /// The event that brought it.
        pub event_id: Option<EventId>,
        /// The outbox message that it was.
        pub outbox_id: Option<OutboxId>,
        /// From or to the customer.
        pub direction: Direction,
        /// `customer`, `automation` or `person`.
        pub sender: String,
        /// `text`, `image`, ...
        pub kind: String,
        /// The words.
        pub text: Option<String>,
        /// Attachments, referral and the like, JSON.
        pub content: Option<String>,
        /// What was read from it, JSON.
        pub reading: Option<String>,
        /// ISO 639-1.
        pub language: Option<String>,
        /// Where it stands.
        pub state: MessageState,
        /// Why nothing was read from it, or why it was refused.
        pub reason: Option<String>,
        /// When it was written.
        pub at: Timestamp,
        /// When it was stored.
        pub created_at: Timestamp,
    }
}

/// The key of a message within its conversation.
pub(crate) fn mid_key(mid: &str) -> Vec<u8> {
    Sha256::digest(mid.as_bytes())[..16].to_vec()
}

impl SellerStore<'_> {
    /// Conversations, the newest first; `before` is the last one's `last_message_at`.
    pub async fn conversations(
        &self,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Conversation,
            "SELECT * FROM conversations WHERE seller_id = $1 AND last_message_at < $2 \
             ORDER BY last_message_at DESC LIMIT $3",
            self.id.0,
            before.map_or(i64::MAX, |t| t.0),
            i64::from(limit)
        )
    }

    /// One conversation.
    pub async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Conversation,
            "SELECT * FROM conversations WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )
    }

    /// A customer's conversations.
    pub async fn conversations_of(
        &self,
        customer: CustomerId,
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Conversation,
            "SELECT * FROM conversations WHERE seller_id = $1 AND customer_id = $2",
            self.id.0,
            customer.0
        )
    }

    /// The newest messages of a conversation, oldest first; `before`: only older ones than this.
    pub async fn messages(
        &self,
        conversation: ConversationId,
        before: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut link = self.store.db.read().await?;
        let mut rows = all!(
            link,
            Message,
            "SELECT * FROM messages WHERE seller_id = $1 AND conversation_id = $2 AND at < $3 \
             ORDER BY at DESC, id DESC LIMIT $4",
            self.id.0,
            conversation.0,
            before.map_or(i64::MAX, |t| t.0),
            i64::from(limit)
        )?;
        rows.reverse();
        Ok(rows)
    }

    /// One message by Meta's id.
    pub async fn message(
        &self,
        conversation: ConversationId,
        mid: &str,
    ) -> Result<Option<Message>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Message,
            "SELECT * FROM messages WHERE seller_id = $1 AND conversation_id = $2 AND mid_key = $3",
            self.id.0,
            conversation.0,
            mid_key(mid)
        )
    }

    /// Every message of the seller after `after`, in the order of their ids (for exports).
    pub async fn all_messages(
        &self,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Message,
            "SELECT * FROM messages WHERE seller_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            self.id.0,
            after.map_or(uuid::Uuid::nil(), |id| id.0),
            i64::from(limit)
        )
    }

    /// The seller has seen the conversation.
    pub async fn mark_seen(&self, id: ConversationId) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE conversations SET unread = 0 WHERE seller_id = $1 AND id = $2 AND unread > 0",
            self.id.0,
            id.0
        )?;
        Ok(())
    }
}
