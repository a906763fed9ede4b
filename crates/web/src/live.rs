//! Live updates: what changed, for which seller, told to the pages that are open. Only the subject
//! is told; the page asks for itself again, so that nothing on this wire needs another check.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use domain::SellerId;
use tokio::sync::broadcast;

use crate::limits;

/// What changed. Pages name the topics that they follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Draft orders.
    Drafts,
    /// Orders.
    Orders,
    /// Conversations and messages.
    Inbox,
    /// Products.
    Products,
    /// Catalogues and sync runs.
    Catalogs,
    /// Several at once, or more than the connection could keep up with.
    All,
}

impl Topic {
    /// The word in `data-live` and in the stream.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drafts => "drafts",
            Self::Orders => "orders",
            Self::Inbox => "inbox",
            Self::Products => "products",
            Self::Catalogs => "catalogs",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The switchboard. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Live {
    sellers: Arc<Mutex<HashMap<SellerId, broadcast::Sender<Topic>>>>,
}

/// A seller has as many live connections as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many open pages; close some")]
pub struct TooManyPages;

impl Live {
    /// Tells every open page of `seller`.
    pub fn publish(&self, seller: SellerId, topic: Topic) {
        let mut sellers = self.sellers.lock().unwrap_or_else(PoisonError::into_inner);
        if sellers
            .get(&seller)
            .is_some_and(|sender| sender.send(topic).is_err())
        {
            // Nobody listens any more.
            sellers.remove(&seller);
        }
    }

    /// What happens to `seller` from now on.
    pub fn subscribe(&self, seller: SellerId) -> Result<broadcast::Receiver<Topic>, TooManyPages> {
        let mut sellers = self.sellers.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sellers
            .entry(seller)
            .or_insert_with(|| broadcast::channel(limits::LIVE_BACKLOG_MAX).0);
        if sender.receiver_count() >= limits::LIVE_PER_SELLER_MAX {
            return Err(TooManyPages);
        }
        Ok(sender.subscribe())
    }

    /// The sellers with an open page.
    pub fn watched(&self) -> Vec<SellerId> {
        let mut sellers = self.sellers.lock().unwrap_or_else(PoisonError::into_inner);
        sellers.retain(|_, sender| sender.receiver_count() > 0);
        sellers.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Live, Topic};
    use domain::SellerId;

    #[tokio::test]
    async fn a_seller_hears_only_of_itself() {
        let live = Live::default();
        let (a, b) = (SellerId::fresh(), SellerId::fresh());
        let mut at_a = live.subscribe(a).unwrap();
        live.publish(b, Topic::Orders);
        live.publish(a, Topic::Drafts);
        assert_eq!(at_a.recv().await, Ok(Topic::Drafts));
        assert!(at_a.is_empty());
        drop(at_a);
        assert!(live.watched().is_empty());
    }
}
