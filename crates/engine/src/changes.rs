//! Who wants to know that something changed: open pages. Only the subject is told, never content.

use domain::SellerId;
use tokio::sync::broadcast;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Draft orders.
    Drafts,
    /// Orders.
    Orders,
    /// Conversations and messages.
    Inbox,
    /// Products and stock.
    Products,
    /// Catalogues and sync runs.
    Catalogs,
}

/// Something of a seller's changed on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Whose.
    pub seller: SellerId,
    /// What.
    pub subject: Subject,
}

/// The switchboard. A listener that lags misses changes and should look at everything again.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<Changed>);

const BACKLOG: usize = 1024;

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Changes {
    /// Tells everyone who listens.
    pub fn tell(&self, seller: SellerId, subject: Subject) {
        // An error means that nobody listens.
        let _ = self.0.send(Changed { seller, subject });
    }

    /// What changes from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Changed> {
        self.0.subscribe()
    }
}
