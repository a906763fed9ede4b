//! Sellers, and [`SellerStore`], the only way to a seller's data. Its methods are in the files of
//! the nouns they concern.

use domain::{Currency, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::row;
use crate::db::{all, first, run, value};
use crate::{Store, StoreError};

row! {
    /// A tenant.
    pub struct Seller {
        /// Its id.
        pub id: SellerId,
        /// As shown.
        pub name: String,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// Of every price.
        pub currency: Currency,
        /// ISO 639-1, of what the seller reads and of customers whose language is unknown.
        pub language: String,
        /// IANA name.
        pub time_zone: String,
        /// The path of its shop front.
        pub slug: String,
        /// Its own domain for the shop front.
        pub domain: Option<String>,
        /// The policy, JSON.
        pub policy: String,
        /// Grows with every change of its products.
        pub catalog_version: i64,
        /// The last order's number.
        pub last_order_number: i64,
        /// When it was added.
        pub created_at: Timestamp,
        /// When it was changed.
        pub updated_at: Timestamp,
    }
}

/// A seller to be added.
#[derive(Debug, Clone)]
pub struct NewSeller {
    /// Its id.
    pub id: SellerId,
    /// As shown.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Of every price.
    pub currency: Currency,
    /// ISO 639-1.
    pub language: String,
    /// IANA name.
    pub time_zone: String,
    /// The path of its shop front, unique on the server.
    pub slug: String,
    /// The policy, JSON.
    pub policy: String,
}

/// What a seller may change of itself; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct SellerWrite {
    /// As shown.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// IANA name.
    pub time_zone: Option<String>,
    /// The policy, JSON.
    pub policy: Option<String>,
    /// Its own domain; `Some(None)` takes it away.
    pub domain: Option<Option<String>>,
}

row! {
    /// Something the seller is told.
    pub struct Notification {
        /// Its id.
        pub id: Uuid,
        /// What kind (`needs_reconnect`, `hand_over`, ...).
        pub kind: String,
        /// In words.
        pub text: String,
        /// What it is about (`conversation`, `draft_order`, ...).
        pub subject_kind: Option<String>,
        /// That one's id.
        pub subject_id: Option<String>,
        /// When.
        pub created_at: Timestamp,
        /// When it was read.
        pub read_at: Option<Timestamp>,
    }
}

/// One seller's data.
#[derive(Clone, Copy)]
pub struct SellerStore<'a> {
    pub(crate) store: &'a Store,
    pub(crate) id: SellerId,
}

impl SellerStore<'_> {
    /// Whose data this is.
    pub const fn id(&self) -> SellerId {
        self.id
    }

    /// The seller itself.
    pub async fn get(&self) -> Result<Seller, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Seller,
            "SELECT * FROM sellers WHERE id = $1",
            self.id.0
        )?
        .ok_or(StoreError::Missing("seller"))
    }

    /// Changes what is given.
    pub async fn update(&self, write: &SellerWrite, now: Timestamp) -> Result<Seller, StoreError> {
        let mut link = self.store.db.begin().await?;
        let seller = first!(
            link,
            Seller,
            "SELECT * FROM sellers WHERE id = $1",
            self.id.0
        )?
        .ok_or(StoreError::Missing("seller"))?;
        let domain = write.domain.clone().unwrap_or(seller.domain);
        run!(
            link,
            "UPDATE sellers SET name = $2, country = $3, language = $4, time_zone = $5, \
             policy = $6, domain = $7, updated_at = $8 WHERE id = $1",
            self.id.0,
            write.name.as_ref().unwrap_or(&seller.name),
            write.country.as_ref().unwrap_or(&seller.country),
            write.language.as_ref().unwrap_or(&seller.language),
            write.time_zone.as_ref().unwrap_or(&seller.time_zone),
            write.policy.as_ref().unwrap_or(&seller.policy),
            &domain,
            now.0
        )?;
        link.commit().await?;
        self.get().await
    }

    /// The newest notifications, unread ones first.
    pub async fn notifications(&self, limit: u32) -> Result<Vec<Notification>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Notification,
            "SELECT * FROM notifications WHERE seller_id = $1 \
             ORDER BY CASE WHEN read_at IS NULL THEN 0 ELSE 1 END, id DESC LIMIT $2",
            self.id.0,
            i64::from(limit)
        )
    }

    /// Tells the seller something.
    pub async fn notify(
        &self,
        n: &crate::NewNotification,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO notifications (id, seller_id, kind, text, subject_kind, subject_id, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            Uuid::now_v7(),
            self.id.0,
            &n.kind,
            &n.text,
            &n.subject_kind,
            &n.subject_id,
            now.0
        )?;
        Ok(())
    }

    /// As [`Self::notify`], unless the seller has the same, about the same subject, unread already.
    pub async fn notify_once(
        &self,
        n: &crate::NewNotification,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.read().await?;
        let told = value!(
            link,
            i64,
            "SELECT COUNT(*) FROM notifications WHERE seller_id = $1 AND kind = $2 AND text = $3 \
             AND COALESCE(subject_id, '') = $4 AND read_at IS NULL",
            self.id.0,
            &n.kind,
            &n.text,
            n.subject_id.as_deref().unwrap_or_default()
        )?;
        drop(link);
        match told {
            0 => self.notify(n, now).await,
            _ => Ok(()),
        }
    }

    /// Marks a notification, or all of them, as read.
    pub async fn read_notifications(
        &self,
        id: Option<Uuid>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE notifications SET read_at = $3 \
             WHERE seller_id = $1 AND read_at IS NULL AND ($2 IS NULL OR id = $2)",
            self.id.0,
            id,
            now.0
        )?;
        Ok(())
    }

    /// The seller's own sentences: `(language, key, text)`.
    pub async fn words(&self) -> Result<Vec<(String, String, String)>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            (String, String, String),
            "SELECT language, key, text FROM message_words WHERE seller_id = $1 \
             ORDER BY language, key",
            self.id.0
        )
    }

    /// Sets a sentence, or with `None` goes back to the default one.
    pub async fn set_words(
        &self,
        language: &str,
        key: &str,
        text: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        match text {
            Some(text) => run!(
                link,
                "INSERT INTO message_words (seller_id, language, key, text, updated_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seller_id, language, key) \
                 DO UPDATE SET text = excluded.text, updated_at = excluded.updated_at",
                self.id.0,
                language,
                key,
                text,
                now.0
            )?,
            None => run!(
                link,
                "DELETE FROM message_words WHERE seller_id = $1 AND language = $2 AND key = $3",
                self.id.0,
                language,
                key
            )?,
        };
        Ok(())
    }

    /// Notes who did what, for the seller to see.
    pub async fn audit(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        detail: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "INSERT INTO audit (id, seller_id, at, actor, action, subject, detail) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            Uuid::now_v7(),
            self.id.0,
            now.0,
            actor,
            action,
            subject,
            detail
        )?;
        Ok(())
    }

    /// Who did what, newest first: `(at, actor, action, subject, detail)`.
    pub async fn audit_log(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            AuditEntry,
            "SELECT at, actor, action, subject, detail FROM audit WHERE seller_id = $1 \
             ORDER BY id DESC LIMIT $2",
            self.id.0,
            i64::from(limit)
        )
    }
}

row! {
    /// Who did what.
    pub struct AuditEntry {
        /// When.
        pub at: Timestamp,
        /// Who.
        pub actor: String,
        /// What.
        pub action: String,
        /// To what.
        pub subject: String,
        /// More.
        pub detail: Option<String>,
    }
}
