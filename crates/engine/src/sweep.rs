//! Gap recovery: reads the accounts' conversations at Meta now and then, and brings in what no
//! webhook delivered, through the same intake, deduplication and pipeline as everything else.
//!
//! Meta allows two such calls a second and account, and details of the newest 20 messages of a
//! conversation. A sweep that a limit or a restart interrupts goes on where it stopped.

use domain::{Channel, Timestamp};
use futures_util::future::join_all;
use meta::graph::{Answer, Conversation, GraphError, Paged, parse_time};
use meta::limits::{CallKind, Priority};
use meta::split;
use meta::webhook::Object;
use serde::{Deserialize, Serialize};
use store::{ChannelAccount, NewEvent, StoreError};
use tracing::{debug, warn};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::intake::{Outcome, new_event};
use crate::outbox::Line;
use crate::tasks::Step;

/// A sweep looks back over the end of the last one: clocks differ, and messages show late.
const OVERLAP: i64 = 10 * Timestamp::MINUTE;
/// Only one node sweeps an account; should it stop, another goes on after this.
const LEASE: i64 = Timestamp::MINUTE;
/// Accounts swept at once: one that answers slowly must not hold up the others' sweeps.
const AT_ONCE: usize = 8;
/// A failed sweep is tried again after this.
const RETRY: i64 = 5 * Timestamp::MINUTE;

/// Where an account's sweep stands; stored with the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    /// When the last whole sweep began.
    done_at: Option<Timestamp>,
    /// When the one under way began.
    started_at: Option<Timestamp>,
    /// Conversations of the page under way that are still to be read.
    pending: Vec<String>,
    /// The page of conversations that comes after it.
    after: Option<String>,
    /// Not before this time.
    not_before: Timestamp,
}

/// How one step of a sweep ended.
enum Went {
    /// Something was read.
    On,
    /// A limit says to go on later.
    Wait(Timestamp),
    /// Meta did not answer as it should.
    Wrong,
}

impl Engine {
    /// Makes one call of each of some accounts' sweeps, the most overdue first.
    pub async fn sweep_step(&self) -> Result<Step, EngineError> {
        let now = self.now();
        let mut next: Option<Timestamp> = None;
        let mut due: Vec<(Timestamp, ChannelAccount, Progress)> = Vec::new();
        for account in self.store().system().accounts().await? {
            let sweepable = account.has_access() && account.channel != Channel::Whatsapp;
            if !sweepable {
                continue;
            }
            let progress = progress_of(&account);
            let at = self.due_at(&progress);
            if at <= now {
                due.push((at, account, progress));
            } else {
                next = Some(next.map_or(at, |n: Timestamp| n.min(at)));
            }
        }
        due.sort_by_key(|(at, account, _)| (*at, account.id));
        let mut turns = Vec::new();
        for (_, account, progress) in due {
            if turns.len() == AT_ONCE {
                break;
            }
            if self.lease(&account, now).await? {
                turns.push(async move { self.sweep_on(&account, progress).await });
            }
        }
        if turns.is_empty() {
            return Ok(next.map_or(Step::Nothing, Step::WaitUntil));
        }
        let mut read = 0;
        for outcome in join_all(turns).await {
            read += outcome?;
        }
        Ok(Step::Did(read))
    }

    fn due_at(&self, progress: &Progress) -> Timestamp {
        let at = match (progress.started_at, progress.done_at) {
            (None, Some(done)) => done.plus(self.config().sweep_every_ms),
            _ => Timestamp(0),
        };
        at.max(progress.not_before)
    }

    /// Whether this node sweeps the account now.
    async fn lease(&self, account: &ChannelAccount, now: Timestamp) -> Result<bool, StoreError> {
        let key = format!("sweep:{}", account.id);
        let system = self.store().system();
        let row = system.rate_limit(&key).await?;
        let version = row.as_ref().map(|(_, version)| *version);
        let held = row.is_some_and(|(state, _)| {
            state.split_once(' ').is_some_and(|(holder, until)| {
                holder != self.0.node && until.parse::<i64>().is_ok_and(|until| until > now.0)
            })
        });
        if held {
            return Ok(false);
        }
        let state = format!("{} {}", self.0.node, now.plus(LEASE).0);
        system
            .put_rate_limits(&[(&key, &state, version)], now)
            .await
    }

    async fn sweep_on(
        &self,
        account: &ChannelAccount,
        mut progress: Progress,
    ) -> Result<usize, StoreError> {
        let now = self.now();
        let started = *progress.started_at.get_or_insert(now);
        let since = progress
            .done_at
            .map_or(account.created_at, |done| done.plus(-OVERLAP));
        let mut brought = 0;
        let went = match self.line(account) {
            Err(_) => Went::Wrong,
            Ok(line) => match progress.pending.last().cloned() {
                Some(conversation) => {
                    let went = self
                        .read_conversation(account, &line, &conversation, since, &mut brought)
                        .await?;
                    if matches!(went, Went::On) {
                        progress.pending.pop();
                    }
                    went
                }
                None => self.list(account, &line, since, &mut progress).await?,
            },
        };
        match went {
            Went::On if progress.pending.is_empty() && progress.after.is_none() => {
                progress = Progress {
                    done_at: Some(started),
                    ..Progress::default()
                };
            }
            Went::On => {}
            Went::Wait(at) => progress.not_before = at,
            Went::Wrong => progress.not_before = now.plus(RETRY),
        }
        let json = serde_json::to_string(&progress).expect("progress is plain data");
        let store = self.store().seller(account.seller_id);
        store.set_sweep(account.id, Some(&json)).await?;
        if brought > 0 {
            debug!(account.id = %account.id, sweep.events = brought,
                "the sweep of channel account {} read {brought} messages", account.id);
        }
        Ok(brought.max(1))
    }

    /// Reads the next page of conversations. The latest come first: a page without news is the last.
    async fn list(
        &self,
        account: &ChannelAccount,
        line: &Line,
        since: Timestamp,
        progress: &mut Progress,
    ) -> Result<Went, StoreError> {
        if let Some(at) = self.may_sweep(account, line).await? {
            return Ok(Went::Wait(at));
        }
        let after = progress.after.as_deref();
        let listed = self
            .graph()
            .conversations(&line.access, line.channel, &line.node, None, after)
            .await;
        let Some(page) = self.taken(account, line, listed).await? else {
            return Ok(Went::Wrong);
        };
        let news = |c: &&Conversation| updated(c).is_none_or(|at| at >= since);
        progress.pending = page
            .data
            .iter()
            .filter(news)
            .map(|c| c.id.clone())
            .collect();
        progress.after = page.after.filter(|_| !progress.pending.is_empty());
        Ok(Went::On)
    }

    async fn read_conversation(
        &self,
        account: &ChannelAccount,
        line: &Line,
        id: &str,
        since: Timestamp,
        brought: &mut usize,
    ) -> Result<Went, StoreError> {
        if let Some(at) = self.may_sweep(account, line).await? {
            return Ok(Went::Wait(at));
        }
        let read = self.graph().messages(&line.access, id, None).await;
        let Some(page) = self.taken(account, line, read).await? else {
            return Ok(Went::Wrong);
        };
        let (object, own_id) = match account.channel {
            Channel::Instagram => (Object::Instagram, account.instagram_account_id.as_deref()),
            _ => (Object::Page, account.page_id.as_deref()),
        };
        let Some(own_id) = own_id else {
            return Ok(Went::On);
        };
        let now = self.now();
        // The latest come first; they are brought in as they were written.
        let events: Vec<NewEvent> = page
            .data
            .iter()
            .rev()
            .filter(|m| {
                let at = m.created_time.as_deref().and_then(parse_time);
                at.is_some_and(|at| at >= since.0)
            })
            .filter_map(|message| message.as_webhook(&object, own_id))
            .flat_map(|body| split(&body).items)
            .map(|item| new_event(item, now))
            .collect();
        if events.is_empty() {
            return Ok(Went::On);
        }
        let count = events.len();
        match self.0.intake.store(events, now).await {
            Outcome::Accepted { .. } => {
                *brought += count;
                Ok(Went::On)
            }
            Outcome::BadSignature | Outcome::Unavailable => Ok(Went::Wrong),
        }
    }

    async fn may_sweep(
        &self,
        account: &ChannelAccount,
        line: &Line,
    ) -> Result<Option<Timestamp>, StoreError> {
        let kind = CallKind::Conversations;
        self.permit(account, &line.node, kind, Priority::Bulk).await
    }

    /// The answer's page, once the limits have learnt from it; `None`: there is none.
    async fn taken<T>(
        &self,
        account: &ChannelAccount,
        line: &Line,
        answer: Result<Answer<Paged<T>>, GraphError>,
    ) -> Result<Option<Paged<T>>, StoreError> {
        let kind = CallKind::Conversations;
        match answer {
            Ok(answer) => {
                self.learn(account, &line.node, kind, &answer.usage, None)
                    .await?;
                Ok(Some(answer.value))
            }
            Err(e) => {
                self.learn(account, &line.node, kind, &e.usage, Some(&e))
                    .await?;
                if e.advice == meta::graph::Advice::Reconnect {
                    self.needs_reconnect(account, e.reason.sentence()).await?;
                }
                warn!(account.id = %account.id,
                    "the sweep of channel account {} was refused: {e}", account.id);
                Ok(None)
            }
        }
    }
}

fn progress_of(account: &ChannelAccount) -> Progress {
    let stored = account.sweep.as_deref();
    stored
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

fn updated(conversation: &Conversation) -> Option<Timestamp> {
    let at = conversation.updated_time.as_deref().and_then(parse_time)?;
    Some(Timestamp(at))
}
