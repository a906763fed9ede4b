//! Where the doctor's facts come from: the store, and a few reading calls to Meta.

use std::time::Duration;

use domain::{Channel, SellerId, Timestamp};
use meta::graph::{Access, Advice, Graph, GraphError, Host, Reason, parse_time};
use meta::limits::{CallKind, Priority};
use store::{AccountState, CatalogItem, ChannelAccount, EventState, OutboxState, StoreError};

use super::facts::{AccountFacts, CatalogFacts, ServerFacts};
use super::{Finding, account_findings, server_findings};
use crate::Engine;
use crate::connect::needed_scopes;
use crate::intake::{BAD_SIGNATURES, NOT_STORED, TAKEN, WRONG_SECRETS};

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

    /// How far our clock is ahead of Meta's, by the `Date` of any answer.
    async fn clock_ahead(&self) -> Option<i64> {
        let theirs = self.graph().server_time_ms().await?;
        Some(self.now().0 - theirs)
    }

    async fn account_facts(&self, account: &ChannelAccount) -> Result<AccountFacts, StoreError> {
        let store = self.store().seller(account.seller_id);
        let now = self.now();
        let day_ago = now.plus(-Timestamp::DAY);
        let troubles = store.outbox_troubles(200).await?;
        let failed: Vec<_> = troubles
            .iter()
            .filter(|m| m.account_id == account.id && m.created_at >= day_ago)
            .filter(|m| m.state == OutboxState::Failed)
            .collect();
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
        let node = account.page_id.clone().unwrap_or_else(|| "me".to_owned());
        let paused = self
            .paused_until(account, &node, CallKind::Other, Priority::Message)
            .await?;
        Ok(paused.filter(|until| *until > self.now()))
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

    /// What only Meta knows. The first refusal of the token ends the questions.
    async fn ask_meta(&self, account: &ChannelAccount, access: &Access, facts: &mut AccountFacts) {
        if self.ask_token(access, account, facts).await.is_none() {
            return;
        }
        if access.host == Host::Facebook {
            self.ask_page(account, access, facts).await;
        }
        self.ask_subscription(account, access, facts).await;
        self.ask_conversations(account, access, facts).await;
    }

    async fn ask_token(
        &self,
        access: &Access,
        account: &ChannelAccount,
        facts: &mut AccountFacts,
    ) -> Option<()> {
        let graph = self.graph();
        if access.host == Host::Instagram {
            return match graph.instagram_me(access).await {
                Err(error) if error.advice == Advice::Reconnect => {
                    facts.token_refused = Some(error.to_string());
                    None
                }
                _ => Some(()),
            };
        }
        let Some(own) = self.app_id(Host::Facebook) else {
            // Without our own app nobody may ask about a token; use is the test then.
            return Some(());
        };
        match graph.debug_token(&access.token).await {
            Ok(answer) => {
                let info = answer.value;
                if info.app_id.as_deref().is_some_and(|app| app != own) {
                    facts.other_app = info.app_id;
                    return None;
                }
                if !info.is_valid {
                    facts.token_refused = Some("Meta says the token is not valid".to_owned());
                    return None;
                }
                let seconds = |at: Option<i64>| {
                    at.filter(|at| *at > 0)
                        .map(|at| Timestamp(at * Timestamp::SECOND))
                };
                facts.token_expires_at = seconds(info.expires_at).or(facts.token_expires_at);
                facts.data_access_expires_at =
                    seconds(info.data_access_expires_at).or(facts.data_access_expires_at);
                let needed = needed_scopes(access.host);
                facts.missing_scopes = info
                    .missing(needed)
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                if let Some(page) = &account.page_id {
                    facts.not_covered = needed
                        .iter()
                        .filter(|scope| scope.starts_with("pages_"))
                        .filter(|scope| info.scopes.iter().any(|s| s == *scope))
                        .filter(|scope| !info.covers(scope, page))
                        .map(|scope| (*scope).to_owned())
                        .collect();
                }
                self.ask_permissions(account, facts).await;
                Some(())
            }
            Err(error) if error.advice == Advice::Reconnect => {
                facts.token_refused = Some(error.to_string());
                None
            }
            Err(_) => Some(()),
        }
    }

    /// A person's token also tells what was declined.
    async fn ask_permissions(&self, account: &ChannelAccount, facts: &mut AccountFacts) {
        let Ok(Some(token)) = self.user_token(account) else {
            return;
        };
        let user = Access {
            host: Host::Facebook,
            token,
        };
        if let Ok(answer) = self.graph().permissions(&user).await {
            let needed = needed_scopes(Host::Facebook);
            facts.declined_scopes = answer
                .value
                .data
                .into_iter()
                .filter(|p| p.status != "granted" && needed.contains(&p.permission.as_str()))
                .map(|p| p.permission)
                .collect();
        }
    }

    async fn ask_page(&self, account: &ChannelAccount, access: &Access, facts: &mut AccountFacts) {
        let Some(page) = &account.page_id else { return };
        match self.graph().page_account(access, page).await {
            Ok(answer) => {
                let linked = answer.value.instagram_business_account;
                facts.page_linked = Some(linked.is_some() || !facts.instagram);
                let id = linked
                    .as_ref()
                    .and_then(|linked| linked.account_id().map(str::to_owned));
                if let (Some(there), Some(here)) = (id, &account.instagram_account_id)
                    && there != *here
                {
                    facts.linked_to_other = Some(there);
                }
            }
            Err(error) => note(&error, facts),
        }
    }

    async fn ask_subscription(
        &self,
        account: &ChannelAccount,
        access: &Access,
        facts: &mut AccountFacts,
    ) {
        let node = match access.host {
            Host::Instagram => "me",
            Host::Facebook => match &account.page_id {
                Some(page) => page,
                None => return,
            },
        };
        match self.graph().subscribed_apps(access, node).await {
            Ok(answer) => {
                let own = self.app_id(access.host);
                let app = answer
                    .value
                    .data
                    .into_iter()
                    .find(|app| own.is_none_or(|own| app.app_id() == Some(own)));
                facts.subscribed = app.is_some();
                let needed = Graph::subscription_fields(access.host);
                facts.missing_fields = Some(
                    app.map(|app| app.missing(needed).into_iter().map(str::to_owned).collect())
                        .unwrap_or_default(),
                );
            }
            Err(error) => note(&error, facts),
        }
    }

    async fn ask_conversations(
        &self,
        account: &ChannelAccount,
        access: &Access,
        facts: &mut AccountFacts,
    ) {
        let (channel, node) = match (account.channel, access.host) {
            (Channel::Instagram, Host::Instagram) => (meta::graph::Channel::Instagram, "me"),
            (Channel::Instagram, Host::Facebook) => (
                meta::graph::Channel::Instagram,
                account.page_id.as_deref().unwrap_or("me"),
            ),
            _ => (
                meta::graph::Channel::Messenger,
                account.page_id.as_deref().unwrap_or("me"),
            ),
        };
        match self
            .graph()
            .conversations(access, channel, node, None, None)
            .await
        {
            Ok(answer) => {
                let threads = answer.value.data;
                facts.conversations = i64::try_from(threads.len()).ok();
                facts.newest_message = threads
                    .iter()
                    .filter_map(|thread| parse_time(thread.updated_time.as_deref()?))
                    .max()
                    .map(Timestamp);
            }
            Err(error) => note(&error, facts),
        }
    }
}

/// Refusals that say something about the account.
fn note(error: &GraphError, facts: &mut AccountFacts) {
    match error.reason {
        Reason::MessageAccessOff => facts.message_access_off = true,
        Reason::PageRestricted | Reason::AccountRestricted | Reason::PolicyBlock => {
            facts.restricted = Some(error.to_string());
        }
        _ if error.advice == Advice::Reconnect => facts.token_refused = Some(error.to_string()),
        _ => {}
    }
}
