//! Sending: claimed messages go out through the Graph API, in order within a conversation and in
//! parallel across them, within the account's limits and the customer's window. Nothing is sent again
//! before it is known that it was not sent.

mod limiter;
mod reconcile;
mod wire;

pub(crate) use limiter::KnownShares;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{AccountId, Channel, Timestamp};
use futures_util::StreamExt;
use meta::graph::{Access, Advice, GraphError, Host, Reason, SendError, Sender};
use meta::limits::{CallKind, Priority};
use secrecy::SecretString;
use store::{
    AccountState, ChannelAccount, NewNotification, OutboxClaim, OutboxMessage, OutboxState,
    SendResult, StoreError,
};
use tokio::sync::Semaphore;
use tracing::{debug, error, info, warn};

use crate::changes::Subject;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::outbox_body::Body;
use crate::tasks::{Step, Tasks};

/// While an account waits to be connected, its messages wait this long between looks.
pub(crate) const RECONNECT_PAUSE: i64 = 5 * Timestamp::MINUTE;
/// A message that was accepted and not echoed after this is shown as not confirmed delivered.
pub(crate) const ECHO_AFTER: i64 = 10 * Timestamp::MINUTE;

/// Why a message that Meta accepted may not have arrived; `None`: nothing speaks against it.
#[must_use]
pub fn not_confirmed(message: &OutboxMessage, now: Timestamp) -> Option<&'static str> {
    let late = message.sent_at.is_some_and(|at| now.since(at) > ECHO_AFTER);
    let missing = message.state == OutboxState::Sent && message.echoed_at.is_none() && late;
    missing.then_some(
        "not confirmed delivered: Meta accepted it but never echoed it; the customer may have \
         blocked or restricted the account, or echoes are not subscribed",
    )
}

/// Calls of each account that are under way, so that a slow one does not take every turn.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<HashMap<AccountId, usize>>);

/// Messages of one account that are sent at once.
const ACCOUNT_MAX: usize = 8;

impl InFlight {
    fn begin(&self, account: AccountId) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(account).or_default();
        let free = *count < ACCOUNT_MAX;
        *count += usize::from(free);
        free
    }

    fn end(&self, account: AccountId) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&account) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&account);
            }
        }
    }
}

/// What was claimed from the outbox.
struct Claimed {
    /// How many, those that cannot be sent included.
    count: usize,
    /// Those that can.
    sends: Vec<(OutboxClaim, Line)>,
}

fn count_result(result: &SendResult, messages: usize) {
    let word = match result {
        SendResult::Sent { .. } => "sent",
        SendResult::Retry { .. } => "retry",
        SendResult::Wait { .. } => "wait",
        SendResult::Failed { .. } => "failed",
        SendResult::Unknown { .. } => "unknown",
    };
    metrics::counter!("eziseller_outbox_total", "result" => word).increment(messages as u64);
}

/// When the sellers of accounts without access were last told so, to look at most once a minute
/// whether they have to be told again.
#[derive(Debug, Default)]
pub(crate) struct StuckTold(Mutex<HashMap<AccountId, Timestamp>>);

impl StuckTold {
    fn is_due(&self, account: AccountId, now: Timestamp) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told
            .get(&account)
            .is_none_or(|at| now.since(*at) >= Timestamp::MINUTE);
        if due {
            told.insert(account, now);
        }
        due
    }
}

/// Everything needed to call Meta for an account.
pub(crate) struct Line {
    pub(crate) channel: meta::graph::Channel,
    pub(crate) node: String,
    pub(crate) access: Access,
}

impl Engine {
    /// Sends what is due, and returns when all of it is through.
    pub async fn outbox_step(&self) -> Result<Step, EngineError> {
        let claimed = self.claim_sends(self.config().outbox_workers).await?;
        if claimed.count == 0 {
            return self.next_send().await;
        }
        let sends = claimed
            .sends
            .into_iter()
            .map(|(claim, line)| self.send(claim, line));
        let results: Vec<Result<(), StoreError>> = futures_util::stream::iter(sends)
            .buffer_unordered(ACCOUNT_MAX)
            .collect()
            .await;
        for result in results {
            result?;
        }
        Ok(Step::Did(claimed.count))
    }

    /// Begins to send what is due, as far as there are turns, and does not wait for Meta's answers:
    /// one slow account must not hold up the others.
    pub(crate) async fn outbox_pump(
        &self,
        turns: &Arc<Semaphore>,
        tasks: &Tasks,
    ) -> Result<Step, EngineError> {
        let free = turns.available_permits();
        if free == 0 {
            return Ok(Step::Nothing);
        }
        let claimed = self.claim_sends(free).await?;
        if claimed.count == 0 {
            return self.next_send().await;
        }
        for (claim, line) in claimed.sends {
            let (engine, turns) = (self.clone(), turns.clone());
            tasks.spawn(async move {
                let turn = turns.acquire_owned().await;
                if let Err(e) = engine.send(claim, line).await {
                    // It stays `sending`, and is looked up before anything is sent again.
                    error!("what became of a message could not be stored: {e}");
                }
                drop(turn);
                engine.0.outbox_waiting.notify_one();
            });
        }
        Ok(Step::Did(claimed.count))
    }

    /// Claims what is due. What cannot be sent at all, because its account has no access, is settled
    /// here and together: a shop that is not connected may have thousands of answers waiting.
    async fn claim_sends(&self, limit: usize) -> Result<Claimed, StoreError> {
        let limit = u32::try_from(limit.max(1)).unwrap_or(u32::MAX);
        let claims = self.store().outbox().claim(limit, self.now()).await?;
        let mut claimed = Claimed {
            count: claims.len(),
            sends: Vec::with_capacity(claims.len()),
        };
        let mut stuck: HashMap<SendResult, Vec<OutboxClaim>> = HashMap::new();
        for claim in claims {
            match self.line(&claim.account) {
                Ok(line) => claimed.sends.push((claim, line)),
                Err(reason) => {
                    let result = self.no_line(&claim.message, &claim.account, reason);
                    stuck.entry(result).or_default().push(claim);
                }
            }
        }
        for (result, claims) in stuck {
            self.settle_stuck(&result, &claims).await?;
        }
        Ok(claimed)
    }

    /// Records why messages were not tried, and tells their sellers once.
    async fn settle_stuck(
        &self,
        result: &SendResult,
        claims: &[OutboxClaim],
    ) -> Result<(), StoreError> {
        let now = self.now();
        let ids: Vec<_> = claims.iter().map(|claim| claim.message.id).collect();
        let accounts: HashMap<_, _> = claims.iter().map(|c| (c.account.id, &c.account)).collect();
        for account in accounts.into_values() {
            if let SendResult::Failed { reason } = result
                && self.0.stuck_told.is_due(account.id, now)
            {
                let told = NewNotification {
                    kind: "not_sent".to_owned(),
                    text: format!("Messages to customers are not sent: {reason}"),
                    subject_kind: Some("channel_account".to_owned()),
                    subject_id: Some(account.id.to_string()),
                };
                let store = self.store().seller(account.seller_id);
                store.notify_once(&told, now).await?;
            }
            self.0.changes.tell(account.seller_id, Subject::Inbox);
        }
        count_result(result, ids.len());
        self.store().outbox().finish_alike(&ids, result, now).await
    }

    async fn next_send(&self) -> Result<Step, EngineError> {
        let next = self.store().outbox().next_due().await?;
        // What is due and not claimed waits for an earlier message of its conversation.
        let next = next.filter(|at| *at > self.now());
        Ok(next.map_or(Step::Nothing, Step::WaitUntil))
    }

    async fn send(&self, claim: OutboxClaim, line: Line) -> Result<(), StoreError> {
        let account = claim.account.id;
        let result = if self.0.in_flight.begin(account) {
            let result = self.try_send(&claim, line).await;
            self.0.in_flight.end(account);
            result?
        } else {
            SendResult::Wait {
                at: self.now().plus(Timestamp::SECOND),
                reason: "other messages of the account are under way".to_owned(),
            }
        };
        count_result(&result, 1);
        let message = &claim.message;
        if let SendResult::Failed { reason } = &result {
            self.tell_failed(message, reason).await?;
        }
        self.store()
            .outbox()
            .finish(message.id, &result, self.now())
            .await?;
        self.0.changes.tell(message.seller_id, Subject::Inbox);
        Ok(())
    }

    async fn try_send(&self, claim: &OutboxClaim, line: Line) -> Result<SendResult, StoreError> {
        let (message, account) = (&claim.message, &claim.account);
        let Ok(body) = serde_json::from_str::<Body>(&message.body) else {
            return Ok(SendResult::Failed {
                reason: "the stored message cannot be read".to_owned(),
            });
        };
        let human_agent = match self.window(message).await? {
            Ok(human_agent) => human_agent,
            Err(reason) => {
                return Ok(SendResult::Failed {
                    reason: reason.to_owned(),
                });
            }
        };
        let kind = CallKind::Send(line.channel);
        let wait = self
            .permit(account, &line.node, kind, Priority::Message)
            .await?;
        if let Some(at) = wait {
            return Ok(SendResult::Wait {
                at,
                reason: "waiting for the account's rate limit".to_owned(),
            });
        }
        let outgoing = wire::outgoing(&body, &message.recipient, human_agent);
        let sender = Sender {
            channel: line.channel,
            node: &line.node,
            access: &line.access,
        };
        let sent = self.graph().send(&sender, &outgoing).await;
        match sent {
            Ok(answer) => {
                self.learn(account, &line.node, kind, &answer.usage, None)
                    .await?;
                debug!(outbox.id = %message.id, "message {} sent", message.id);
                Ok(match answer.value.message_id {
                    Some(mid) => SendResult::Sent { mid },
                    None => SendResult::Unknown {
                        reason: "Meta's answer names no message".to_owned(),
                    },
                })
            }
            Err(SendError::NotOnThisChannel(e)) => Ok(SendResult::Failed {
                reason: e.to_string(),
            }),
            Err(SendError::Graph(e)) => {
                self.learn(account, &line.node, kind, &e.usage, Some(&e))
                    .await?;
                self.after_error(message, account, &e).await
            }
        }
    }

    /// Whether the message may go out now, and whether under `HUMAN_AGENT`. The conversation's window
    /// counts, which a newer message of the customer may have opened since this was written.
    async fn window(
        &self,
        message: &OutboxMessage,
    ) -> Result<Result<bool, &'static str>, StoreError> {
        let now = self.now();
        let conversation = match message.conversation_id {
            Some(id) => {
                self.store()
                    .seller(message.seller_id)
                    .conversation(id)
                    .await?
            }
            None => None,
        };
        let open_until = conversation.map_or(message.window_until, |c| c.window_until);
        if open_until.is_some_and(|until| now < until) {
            return Ok(Ok(false));
        }
        // A person's words may go later, up to the time that was set when they were written.
        let person = message.by_person && message.window_until.is_some_and(|until| now < until);
        Ok(if person {
            Ok(true)
        } else {
            Err("the customer's 24-hour window closed before it could be sent")
        })
    }

    async fn after_error(
        &self,
        message: &OutboxMessage,
        account: &ChannelAccount,
        error: &GraphError,
    ) -> Result<SendResult, StoreError> {
        let now = self.now();
        let reason = error.to_string();
        let attempt = u32::try_from(message.attempts).unwrap_or(u32::MAX).max(1);
        let later = error
            .advice
            .delay_seconds(attempt)
            .map(|seconds| now.plus(i64::from(seconds) * Timestamp::SECOND));
        info!(outbox.id = %message.id, "message {} was not sent: {reason}", message.id);
        Ok(match (error.advice, later) {
            (Advice::Retry { .. } | Advice::Wait { .. }, Some(at)) => {
                SendResult::Retry { at, reason }
            }
            (Advice::Reconnect, _) => {
                self.needs_reconnect(account, error.reason.sentence())
                    .await?;
                SendResult::Wait {
                    at: now.plus(RECONNECT_PAUSE),
                    reason,
                }
            }
            (Advice::OutcomeUnknown | Advice::AlreadyDone, _) => SendResult::Unknown { reason },
            (Advice::Retry { .. } | Advice::Wait { .. } | Advice::Fix | Advice::Drop, _) => {
                SendResult::Failed { reason }
            }
        })
    }

    /// The account's token is of no use: the seller is told once.
    pub(crate) async fn needs_reconnect(
        &self,
        account: &ChannelAccount,
        why: &str,
    ) -> Result<(), StoreError> {
        let store = self.store().seller(account.seller_id);
        let known = store.account(account.id).await?;
        if known.is_none_or(|a| a.state != AccountState::Active) {
            return Ok(());
        }
        let now = self.now();
        let state = AccountState::NeedsReconnect;
        store
            .set_account_state(account.id, state, Some(why), now)
            .await?;
        warn!(account.id = %account.id, "channel account {} needs to be connected again: {why}", account.id);
        let told = NewNotification {
            kind: "needs_reconnect".to_owned(),
            text: format!("{} has to be connected again: {why}", account.name),
            subject_kind: Some("channel_account".to_owned()),
            subject_id: Some(account.id.to_string()),
        };
        store.notify(&told, now).await
    }

    fn no_line(
        &self,
        message: &OutboxMessage,
        account: &ChannelAccount,
        reason: String,
    ) -> SendResult {
        let waits = account.state == AccountState::NeedsReconnect
            && message.window_until.is_some_and(|until| self.now() < until);
        if waits {
            SendResult::Wait {
                at: self.now().plus(RECONNECT_PAUSE),
                reason,
            }
        } else {
            SendResult::Failed { reason }
        }
    }

    /// What a call to Meta for this account needs, or why there can be none.
    pub(crate) fn line(&self, account: &ChannelAccount) -> Result<Line, String> {
        match account.state {
            AccountState::Active => {}
            AccountState::NeedsReconnect => {
                return Err("the channel account has to be connected again".to_owned());
            }
            AccountState::Disconnected => {
                return Err("the channel account is disconnected".to_owned());
            }
        }
        let token: SecretString = self
            .access_token(account)
            .map_err(|e| e.to_string())?
            .ok_or("the channel account has no access token; connect it, or set one")?;
        let host = if account.login == "instagram" {
            Host::Instagram
        } else {
            Host::Facebook
        };
        let node = match (account.channel, host) {
            (Channel::Whatsapp, _) => account.whatsapp_phone_number_id.clone(),
            (Channel::Instagram, Host::Instagram) => account.instagram_account_id.clone(),
            _ => account.page_id.clone(),
        };
        Ok(Line {
            channel: wire::channel(account.channel),
            node: node.unwrap_or_else(|| "me".to_owned()),
            access: Access { host, token },
        })
    }

    async fn tell_failed(&self, message: &OutboxMessage, reason: &str) -> Result<(), StoreError> {
        let told = NewNotification {
            kind: "not_sent".to_owned(),
            text: format!("A message to a customer was not sent: {reason}"),
            subject_kind: Some("conversation".to_owned()),
            subject_id: message.conversation_id.map(|id| id.to_string()),
        };
        let store = self.store().seller(message.seller_id);
        store.notify(&told, self.now()).await
    }
}

/// Whether an unknown outcome is one of which Meta itself says that it was sent.
pub(crate) fn said_sent(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| reason.starts_with(Reason::SentDespiteError.sentence()))
}
