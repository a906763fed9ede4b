//! Who writes: a customer's name and handle, asked for once, when a limit has room for it. Bulk work:
//! messages to customers come first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use domain::{AccountId, Channel, CustomerId, SellerId};
use meta::limits::{CallKind, Priority};
use tracing::debug;

use crate::changes::Subject;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::intake::storable;
use crate::tasks::Step;

/// Customers that wait to be asked about; later ones are asked about when they write again.
const QUEUE_MAX: usize = 1_000;

/// A customer whose profile was never read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stranger {
    pub(crate) seller: SellerId,
    pub(crate) account: AccountId,
    pub(crate) customer: CustomerId,
    /// The id on the channel.
    pub(crate) external_id: String,
}

/// Customers that wait to be asked about.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<VecDeque<Stranger>>);

impl Strangers {
    pub(crate) fn push(&self, stranger: Stranger) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() < QUEUE_MAX && !queue.contains(&stranger) {
            queue.push_back(stranger);
        }
    }

    fn pop(&self) -> Option<Stranger> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

impl Engine {
    /// Asks Meta who one customer is.
    pub async fn profiles_step(&self) -> Result<Step, EngineError> {
        let Some(stranger) = self.0.strangers.pop() else {
            return Ok(Step::Nothing);
        };
        let store = self.store().seller(stranger.seller);
        let account = store.account(stranger.account).await?;
        // WhatsApp tells the name with each message, and has no such call.
        let Some(account) = account.filter(|a| a.channel != Channel::Whatsapp) else {
            return Ok(Step::Did(1));
        };
        let Ok(line) = self.line(&account) else {
            return Ok(Step::Did(1));
        };
        let kind = CallKind::Other;
        let wait = self
            .permit(&account, &line.node, kind, Priority::Bulk)
            .await?;
        if let Some(at) = wait {
            self.0.strangers.push(stranger);
            return Ok(Step::WaitUntil(at));
        }
        let id = stranger.external_id.as_str();
        let (username, name) = match self.graph().profile(&line.access, line.channel, id).await {
            Ok(answer) => {
                self.learn(&account, &line.node, kind, &answer.usage, None)
                    .await?;
                (answer.value.username, answer.value.name)
            }
            Err(e) => {
                self.learn(&account, &line.node, kind, &e.usage, Some(&e))
                    .await?;
                debug!(customer.id = %stranger.customer, "a customer's profile could not be read: {e}");
                (None, None)
            }
        };
        let clean = |text: Option<String>| text.map(|text| storable(&text, 255));
        let (username, name) = (clean(username), clean(name));
        // Also where there was no answer: it is asked for once.
        store
            .set_profile(
                stranger.customer,
                username.as_deref(),
                name.as_deref(),
                self.now(),
            )
            .await?;
        self.0.changes.tell(stranger.seller, Subject::Inbox);
        Ok(Step::Did(1))
    }
}
