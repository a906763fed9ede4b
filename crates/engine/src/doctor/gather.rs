//! Where the doctor's facts come from: the store; [`super::ask`] asks Meta.

use std::time::Duration;

use domain::{Channel, SellerId, Timestamp};
use meta::graph::{Access, Advice, Host, Reason};
use meta::limits::{CallKind, Priority};
use store::{
    AccountState, CatalogItem, ChannelAccount, EventState, OutboxMessage, OutboxState, StoreError,
};

use super::facts::{AccountFacts, CatalogFacts, ServerFacts};
use super::{Finding, account_findings, server_findings};
use crate::Engine;
use crate::intake::{BAD_SIGNATURES, NOT_STORED, TAKEN, WRONG_SECRETS, standby_counter};
use crate::outbox::ECHO_AFTER;

/// The counter of requests to the deprecated webhook route.
pub const DEPRECATED_ROUTE: &str = "deprecated_route";

impl Engine {
    /// Diagnoses the server and every account, or one seller's accounts, the worst first.
    pub async fn doctor(&self, seller: Option<SellerId>) -> Result<Vec<Finding>, StoreError> {
        // What this node has counted and not written yet belongs to the picture.
        if let Err(error) = self.health_step().await {
            tracing::warn!("the counters could not be written: {error}");
        }
        let mut found = server_findings(&self.server_facts().await?);
        for account in self.store().system().accounts().await? {
            if seller.is_none_or(|seller| seller == account.seller_id) {
                found.extend(account_findings(&self.account_facts(&account).await?));
            }
        }
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(found)
    }

    async fn counted(&self, name: &str, since: Timestamp) -> Result<(i64, String), StoreError> {
        let counters = self.store().system().counters(name, since).await?;
        let mut recent = counters.iter().filter(|counter| counter.last_at >= since);
        let count = recent.clone().map(|counter| counter.count).sum();
        let last = recent
            .next_back()
            .and_then(|counter| counter.detail.clone())
            .unwrap_or_default();
        Ok((count, last))
    }

    async fn server_facts(&self) -> Result<ServerFacts, StoreError> {
        let now = self.now();
        let hour_ago = now.plus(-Timestamp::HOUR);
        let system = self.store().system();
        let accounts = system.accounts().await?;
        let (mut old_key, mut unreadable) = (0, 0);
        for account in &accounts {
            let sealed = [
                &account.access_token,
                &account.user_token,
                &account.verify_token,
            ];
            for sealed in sealed.into_iter().flatten() {
                old_key += u64::from(self.keyring().needs_reseal(sealed));
            }
            let opened = [self.access_token(account), self.user_token(account)];
            unreadable += opened.iter().filter(|opened| opened.is_err()).count() as u64;
        }
        let config = self.config();
        let backlog = system.backlog().await?;
        let count = |state: &str, stats: &serde_json::Value| {
            stats["inbound_events"][state].as_i64().unwrap_or(0)
        };
        let stats = self.store().stats().await?;
        Ok(ServerFacts {
            now,
            secrets: config
                .secrets
                .list()
                .into_iter()
                .map(|secret| secret.name)
                .collect(),
            verify_token: config.verify_token.is_some()
                || accounts
                    .iter()
                    .any(|account| account.verify_token.is_some()),
            public_url: config.public_url.clone(),
            unreachable: self.unreachable().await,
            app: config.graph.app.is_some() || config.graph.ig_app.is_some(),
            app_refused: self.app_refused().await,
            bad_signatures: self.counted(BAD_SIGNATURES, hour_ago).await?,
            wrong_secrets: self.counted(WRONG_SECRETS, hour_ago).await?,
            taken: self.counted(TAKEN, hour_ago).await?.0,
            not_stored: self.counted(NOT_STORED, hour_ago).await?.0,
            deprecated_route: self
                .counted(DEPRECATED_ROUTE, now.plus(-Timestamp::DAY))
                .await?
                .0,
            // A secret that nothing opens is not under an old key but under none.
            old_key: old_key.saturating_sub(unreadable),
            unreadable,
            clock_ahead_ms: self.clock_ahead().await,
            backlog: (
                backlog.events,
                backlog
                    .oldest_event
                    .map_or(0, |oldest| now.since(oldest).max(0)),
            ),
            unrouted: count(EventState::Unrouted.as_str(), &stats),
            failed: count(EventState::Failed.as_str(), &stats),
        })
    }

    /// Whether `PUBLIC_URL` leads back here. Only our own configured address is called.
    async fn unreachable(&self) -> Option<String> {
        let url = self.config().public_url.as_deref()?;
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .ok()?;
        match client.get(format!("{url}/healthz")).send().await {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("{url}/healthz answers {}", answer.status())),
            Err(error) if error.is_timeout() => {
                Some(format!("{url}/healthz does not answer in 5 s"))
            }
            Err(_) => Some(format!("{url}/healthz cannot be reached from here")),
        }
    }

    /// Why Meta does not take our app's id and secret, where it says so.
    async fn app_refused(&self) -> Option<String> {
        self.app_id(Host::Facebook)?;
        let error = self.graph().check_app().await.err()?;
        let refused = matches!(error.advice, Advice::Reconnect | Advice::Fix);
        (refused && error.api.is_some()).then(|| error.to_string())
    }

    /// How far our clock is ahead of Meta's, by the `Date` of any answer.
    async fn clock_ahead(&self) -> Option<i64> {
        let theirs = self.graph().server_time_ms().await?;
        Some(self.now().0 - theirs)
    }

    async fn account_facts(&self, account: &ChannelAccount) -> Result<AccountFacts, StoreError> {
        let store = self.store().seller(account.seller_id);
        let now = self.now();
        let day_ago = now.plus(-Timestamp::DAY);
        let mut failed = store.outbox_troubles(200).await?;
        failed.retain(|m| {
            m.account_id == account.id && m.created_at >= day_ago && m.state == OutboxState::Failed
        });
        let waiting = store.waiting_outbox(account.id, 1).await?;
        let mut facts = AccountFacts {
            now,
            name: account.name.clone(),
            login: account.login.clone(),
            state: match account.state {
                AccountState::Active => "active",
                AccountState::NeedsReconnect => "needs_reconnect",
                AccountState::Disconnected => "disconnected",
            }
            .to_owned(),
            state_reason: account.state_reason.clone(),
            has_token: account.access_token.is_some(),
            instagram: account.instagram_account_id.is_some(),
            whatsapp: account.channel == Channel::Whatsapp,
            page: account.page_id.is_some(),
            token_expires_at: account.token_expires_at,
            data_access_expires_at: account.data_access_expires_at,
            last_event_at: account.last_event_at,
            connected_at: account.created_at,
            failed_messages: (
                i64::try_from(failed.len()).unwrap_or(0),
                failed.first().and_then(|m| m.reason.clone()),
            ),
            limited_until: self.limited_until(account).await?,
            restricted: waiting.iter().chain(failed.first()).find_map(restricted),
            unechoed: self.unechoed(account).await?,
            standby: self.standby(account, day_ago).await?,
            ..AccountFacts::default()
        };
        for catalog in store.catalogs().await? {
            if catalog.status != "disabled" && catalog.account_id == Some(account.id) {
                facts
                    .catalogs
                    .push(self.catalog_facts(account.seller_id, &catalog).await?);
            }
        }
        if account.state == AccountState::Active
            && !facts.whatsapp
            && let Ok(Some(token)) = self.access_token(account)
        {
            let host = if account.login == "instagram" {
                Host::Instagram
            } else {
                Host::Facebook
            };
            self.ask_meta(account, &Access { host, token }, &mut facts)
                .await;
        }
        Ok(facts)
    }

    async fn limited_until(
        &self,
        account: &ChannelAccount,
    ) -> Result<Option<Timestamp>, StoreError> {
        let node = match self.line(account) {
            Ok(line) => line.node,
            Err(_) => return Ok(None),
        };
        let paused = self
            .paused_until(account, &node, CallKind::Other, Priority::Message)
            .await?;
        Ok(paused.filter(|until| *until > self.now()))
    }

    /// Messages that Meta took within a day and never echoed. WhatsApp has no echoes.
    async fn unechoed(&self, account: &ChannelAccount) -> Result<i64, StoreError> {
        if account.channel == Channel::Whatsapp {
            return Ok(0);
        }
        let now = self.now();
        let span = (now.plus(-Timestamp::DAY), now.plus(-ECHO_AFTER));
        let store = self.store().seller(account.seller_id);
        store.unechoed(account.id, span).await
    }

    /// Events in `standby` of an account.
    async fn standby(&self, account: &ChannelAccount, since: Timestamp) -> Result<i64, StoreError> {
        let mut most = 0;
        // The same event may have been counted under each of the ids.
        let ids = [&account.instagram_account_id, &account.page_id];
        for id in ids.into_iter().flatten() {
            most = most.max(self.counted(&standby_counter(id), since).await?.0);
        }
        Ok(most)
    }

    async fn catalog_facts(
        &self,
        seller: SellerId,
        catalog: &store::Catalog,
    ) -> Result<CatalogFacts, StoreError> {
        let store = self.store().seller(seller);
        let counts = store.catalog_item_counts(catalog.id).await?;
        let count = |state: &str| {
            counts
                .iter()
                .find(|(s, _)| s == state)
                .map_or(0, |(_, n)| *n)
        };
        let bad = ["rejected", "review_rejected", "held_back"];
        let example = store.catalog_items(catalog.id, &bad, None, 1).await?;
        let words = |item: &CatalogItem| {
            let texts: Vec<String> = serde_json::from_str(&item.messages).unwrap_or_default();
            format!("{}: {}", item.retailer_id, texts.join("; "))
        };
        Ok(CatalogFacts {
            name: catalog.name.clone(),
            status: catalog.status.clone(),
            reason: catalog.status_reason.clone(),
            rejected: count("rejected"),
            review_rejected: count("review_rejected"),
            under_review: count("under_review"),
            held_back: count("held_back"),
            foreign: count("foreign"),
            example: example.first().map(words),
        })
    }
}

/// What a message that did not go out says about a restriction of its account.
fn restricted(message: &OutboxMessage) -> Option<String> {
    let reasons = [
        Reason::PageRestricted,
        Reason::AccountRestricted,
        Reason::PolicyBlock,
    ];
    let said = message.reason.as_ref()?;
    reasons
        .iter()
        .any(|reason| said.starts_with(reason.sentence()))
        .then(|| said.clone())
}
