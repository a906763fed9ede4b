//! Forgetting: a person's data on request, and old data by the retention rules.

use domain::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::db::{all, run};
use crate::{StoreError, System};

/// What was erased of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Customers.
    pub customers: u64,
    /// Inbound events.
    pub events: u64,
    /// Orders whose personal details were blanked; the sums stay for the books.
    pub orders: u64,
}

/// What the retention rules removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Inbound events.
    pub events: u64,
    /// Messages whose words were dropped.
    pub messages: u64,
    /// Sent outbox messages.
    pub outbox: u64,
}

/// Rows of one purging transaction: short enough that nobody waits long for it.
const PURGE_ROWS: i64 = 1_000;

impl System<'_> {
    /// Erases the person with this id at Meta, whichever sellers it wrote to: customer,
    /// conversation, messages, draft orders, outbox, events and waiting list go; orders keep their
    /// lines and sums without name, address, phone and e-mail.
    pub async fn erase_person(
        &self,
        external_id: &str,
        now: Timestamp,
    ) -> Result<Erased, StoreError> {
        let mut erased = Erased::default();
        // Outside of the transaction: finding the events reads the whole table.
        let mut reader = self.store.db.read().await?;
        let events = all!(
            reader,
            (Uuid,),
            "SELECT id FROM inbound_events WHERE party_id = $1",
            external_id
        )?;
        drop(reader);
        let mut link = self.store.db.begin().await?;
        let customers = all!(
            link,
            (Uuid,),
            "SELECT id FROM customers WHERE external_id = $1",
            external_id
        )?;
        for (customer,) in customers {
            erased.orders += run!(
                link,
                "UPDATE orders SET customer_name = NULL, phone = NULL, email = NULL, \
                 address = NULL, note = NULL, updated_at = $2 WHERE customer_id = $1",
                customer,
                now.0
            )?;
            run!(
                link,
                "DELETE FROM draft_orders WHERE customer_id = $1",
                customer
            )?;
            let conversations = all!(
                link,
                (Uuid, String),
                "SELECT id, lane FROM conversations WHERE customer_id = $1",
                customer
            )?;
            for (id, lane) in conversations {
                run!(
                    link,
                    "DELETE FROM notifications WHERE subject_id = $1",
                    id.to_string()
                )?;
                run!(link, "DELETE FROM lanes WHERE lane = $1", lane)?;
            }
            // Conversations, messages, details, outbox and waiting list go with it.
            erased.customers += run!(link, "DELETE FROM customers WHERE id = $1", customer)?;
        }
        run!(link, "DELETE FROM outbox WHERE recipient = $1", external_id)?;
        for (event,) in events {
            erased.events += run!(link, "DELETE FROM inbound_events WHERE id = $1", event)?;
        }
        link.commit().await?;
        Ok(erased)
    }

    /// Forgets raw events and message texts that are older than `before`, some at a time; call it
    /// again until nothing was purged.
    pub async fn purge(&self, before: Timestamp, now: Timestamp) -> Result<Purged, StoreError> {
        let events = self.purge_events(before).await?;
        Ok(Purged {
            events,
            ..self.purge_texts(before, now).await?
        })
    }

    /// Forgets raw events that are older than `before` and not pending, some at a time.
    pub async fn purge_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut link = self.store.db.write().await?;
        // Ids begin with their time, so the oldest rows are found by the primary key.
        run!(
            link,
            "DELETE FROM inbound_events WHERE id IN (SELECT id FROM inbound_events \
             WHERE id < $1 AND state IN ('done', 'kept', 'unrouted', 'failed') \
             ORDER BY id LIMIT $2)",
            id_at(before),
            PURGE_ROWS
        )
    }

    /// Forgets the words of messages, and sent outbox messages, that are older than `before`, some
    /// at a time.
    pub async fn purge_texts(
        &self,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<Purged, StoreError> {
        let mut link = self.store.db.write().await?;
        let oldest = id_at(before);
        let messages = run!(
            link,
            "UPDATE messages SET text = NULL, content = NULL, reading = NULL, updated_at = $3 \
             WHERE id IN (SELECT id FROM messages WHERE id < $1 AND (text IS NOT NULL \
             OR content IS NOT NULL OR reading IS NOT NULL) ORDER BY id LIMIT $2)",
            oldest,
            PURGE_ROWS,
            now.0
        )?;
        let outbox = run!(
            link,
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
             WHERE id < $1 AND state IN ('sent', 'cancelled', 'failed') ORDER BY id LIMIT $2)",
            oldest,
            PURGE_ROWS
        )?;
        Ok(Purged {
            events: 0,
            messages,
            outbox,
        })
    }
}

/// The smallest UUIDv7 of a time (RFC 9562: 48 bits of milliseconds first).
fn id_at(at: Timestamp) -> Uuid {
    Uuid::from_u128((at.0.max(0) as u128) << 80)
}
