//! Finding out what became of messages whose fate is unknown: the answer was lost, or the server
//! stopped while sending. The conversation at Meta tells; only what is not there is sent again.

use domain::{Channel, Timestamp};
use meta::graph::ConversationMessage;
use meta::graph::GraphError;
use meta::graph::parse_time;
use meta::limits::{CallKind, Priority};
use store::{OutboxClaim, SendResult, StoreError};
use tracing::{debug, info};

use super::{Line, said_sent};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::outbox_body::Body;
use crate::tasks::Step;

/// A send that is under way for longer than this was left by a node that stopped.
const SENDING_MAX: i64 = 2 * Timestamp::MINUTE;
/// Meta shows a message in its conversation a while after taking it.
const LOOK_AFTER: i64 = 30 * Timestamp::SECOND;
/// Where nothing can be looked up (WhatsApp), an unknown outcome is given up after this.
const GIVE_UP_AFTER: i64 = 15 * Timestamp::MINUTE;
/// Clocks differ: a message may seem to be written a little before it was sent.
const CLOCK_SLACK: i64 = 2 * Timestamp::MINUTE;
const LOOKS: u32 = 20;

enum Found {
    /// It is there, under this id.
    Yes(String),
    /// It is not there.
    No,
    /// Nobody can tell (yet).
    CannotTell,
    /// The account's limit lets nobody look before this.
    Later(Timestamp),
}

/// What is to be done about a message whose fate was unknown.
enum Verdict {
    Settled(SendResult),
    /// Look again, not before this; `None`: in a while.
    Open(Option<Timestamp>),
}

impl Engine {
    /// Finds out what became of messages whose fate is unknown.
    pub async fn reconcile_step(&self) -> Result<Step, EngineError> {
        let now = self.now();
        let outbox = self.store().outbox();
        outbox.recover(now.plus(-SENDING_MAX), now).await?;
        let unknown = outbox.unknown(now.plus(-LOOK_AFTER), LOOKS).await?;
        let mut settled = 0;
        let mut later: Option<Timestamp> = None;
        for claim in &unknown {
            let result = match self.reconcile(claim).await? {
                Verdict::Settled(result) => result,
                Verdict::Open(at) => {
                    later = later.into_iter().chain(at).min();
                    continue;
                }
            };
            let id = claim.message.id;
            info!(outbox.id = %id, "the fate of message {id} is known: {}", fate(&result));
            outbox.finish(id, &result, self.now()).await?;
            self.0.outbox_waiting.notify_one();
            settled += 1;
        }
        Ok(match later {
            // A crash may leave many of one account: they are looked up as fast as its limit allows.
            Some(at) if settled == 0 => Step::WaitUntil(at),
            _ => Step::of(settled),
        })
    }

    async fn reconcile(&self, claim: &OutboxClaim) -> Result<Verdict, StoreError> {
        let now = self.now();
        let message = &claim.message;
        let since = message.claimed_at.unwrap_or(message.created_at);
        Ok(Verdict::Settled(match self.look(claim).await? {
            Found::Yes(mid) => SendResult::Sent { mid },
            // Meta itself said that it was sent: shown as sent and not confirmed, never sent twice.
            Found::No if said_sent(message.reason.as_deref()) => SendResult::Sent {
                mid: format!("unconfirmed:{}", message.id),
            },
            Found::No => SendResult::Retry {
                at: now,
                reason: "the conversation was looked at: it had not been sent".to_owned(),
            },
            Found::CannotTell | Found::Later(_) if now.since(since) > GIVE_UP_AFTER => {
                SendResult::Failed {
                    reason: "it is not known whether it was sent; look at the conversation in the \
                             app before sending it again"
                        .to_owned(),
                }
            }
            Found::CannotTell => return Ok(Verdict::Open(None)),
            Found::Later(at) => return Ok(Verdict::Open(Some(at))),
        }))
    }

    /// Looks for the message in its conversation at Meta.
    async fn look(&self, claim: &OutboxClaim) -> Result<Found, StoreError> {
        let (message, account) = (&claim.message, &claim.account);
        if account.channel == Channel::Whatsapp {
            return Ok(Found::CannotTell);
        }
        let (Ok(line), Ok(body)) = (
            self.line(account),
            serde_json::from_str::<Body>(&message.body),
        ) else {
            return Ok(Found::CannotTell);
        };
        let since = message.claimed_at.unwrap_or(message.created_at);
        for _ in 0..2 {
            let kind = CallKind::Conversations;
            let wait = self
                .permit(account, &line.node, kind, Priority::Message)
                .await?;
            if let Some(at) = wait {
                // A look is two calls. Both must be free when it is tried again: with one alone the
                // first would be spent for nothing, over and over.
                return Ok(Found::Later(at.plus(Timestamp::SECOND)));
            }
        }
        let listed = match self.latest(&line, &message.recipient).await {
            Ok(listed) => listed,
            Err(e) => {
                debug!(outbox.id = %message.id, "the conversation could not be read: {e}");
                let kind = CallKind::Conversations;
                self.learn(account, &line.node, kind, &e.usage, Some(&e))
                    .await?;
                return Ok(Found::CannotTell);
            }
        };
        let Some(listed) = listed else {
            // No conversation: a customer who wrote has one, so Meta cannot tell.
            return Ok(Found::CannotTell);
        };
        for candidate in listed {
            if is_it(&candidate, &body, &message.recipient, since)
                && !self.is_another(claim, &candidate.id).await?
            {
                return Ok(Found::Yes(candidate.id));
            }
        }
        Ok(Found::No)
    }

    /// The newest messages of the conversation with `person`; `None`: there is none.
    async fn latest(
        &self,
        line: &Line,
        person: &str,
    ) -> Result<Option<Vec<ConversationMessage>>, GraphError> {
        let graph = self.graph();
        let found = graph
            .conversations(&line.access, line.channel, &line.node, Some(person), None)
            .await?;
        let Some(conversation) = found.value.data.into_iter().next() else {
            return Ok(None);
        };
        let page = graph.messages(&line.access, &conversation.id, None).await?;
        Ok(Some(page.value.data))
    }

    /// Whether Meta's message is known as another one: the same words may have been said twice.
    async fn is_another(&self, claim: &OutboxClaim, mid: &str) -> Result<bool, StoreError> {
        let Some(conversation) = claim.message.conversation_id else {
            return Ok(false);
        };
        let store = self.store().seller(claim.message.seller_id);
        let known = store.message(conversation, mid).await?;
        Ok(known.is_some_and(|m| m.outbox_id.is_some_and(|id| id != claim.message.id)))
    }
}

fn is_it(candidate: &ConversationMessage, body: &Body, recipient: &str, since: Timestamp) -> bool {
    let from = candidate.from.as_ref().and_then(|from| from.id.as_deref());
    if from == Some(recipient) {
        return false;
    }
    let at = candidate.created_time.as_deref().and_then(parse_time);
    if at.is_some_and(|at| at < since.0 - CLOCK_SLACK) {
        return false;
    }
    let said = candidate.message.as_deref().unwrap_or_default();
    match body {
        Body::Text { text, .. } => said.split_whitespace().eq(text.split_whitespace()),
        Body::Cards { .. } => said.trim().is_empty(),
    }
}

const fn fate(result: &SendResult) -> &'static str {
    match result {
        SendResult::Sent { .. } => "it was sent",
        SendResult::Retry { .. } | SendResult::Wait { .. } => "it was not sent and will be",
        SendResult::Failed { .. } => "given up",
        SendResult::Unknown { .. } => "still unknown",
    }
}
