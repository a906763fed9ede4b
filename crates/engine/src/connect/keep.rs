//! Keeping accounts connected: tokens renewed well before they end, data access watched,
//! subscriptions checked and repaired (Meta drops them after an hour of failures).

use domain::Timestamp;
use meta::graph::{Access, Advice, GraphError, Host, PageAccount, SubscribedApp, Usage};
use meta::limits::{CallKind, Priority};
use store::{ChannelAccount, NewNotification, StoreError};

use crate::sealed::PlainTokens;
use crate::tasks::Step;
use crate::{Engine, EngineError};

/// How often an account is looked at.
const CHECK_EVERY: i64 = 6 * Timestamp::HOUR;
/// Tokens of 60 days are renewed when less than this is left.
const RENEW_BEFORE: i64 = 20 * Timestamp::DAY;
/// Instagram renews a token that is at least a day old.
const RENEW_AFTER: i64 = 25 * Timestamp::HOUR;
/// The seller is told that data access ends when less than this is left: only they can renew it.
const TELL_BEFORE: i64 = 14 * Timestamp::DAY;
/// A token that could not be renewed until now is told of, and its renewal goes before other work.
const TOKEN_URGENT: i64 = 7 * Timestamp::DAY;
/// Accounts looked after in one step, so that a server that stops need not wait for all of them.
const LOOKS: usize = 50;

impl Engine {
    /// Looks after the accounts whose time has come.
    pub async fn connections_step(&self) -> Result<Step, EngineError> {
        let now = self.now();
        let mut next: Option<Timestamp> = None;
        let mut looked = 0;
        for account in self.store().system().accounts().await? {
            if !account.has_access() {
                continue;
            }
            let due = account
                .checked_at
                .map_or(Timestamp(0), |at| at.plus(CHECK_EVERY));
            if due > now {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            }
            if looked == LOOKS {
                break;
            }
            looked += 1;
            // Another node may have looked meanwhile.
            let store = self.store().seller(account.seller_id);
            let current = store.account(account.id).await?;
            if let Some(current) = current.filter(|c| c.checked_at == account.checked_at) {
                self.look_after(&current, now).await?;
            }
        }
        Ok(match looked {
            0 => next.map_or(Step::Nothing, Step::WaitUntil),
            n => Step::Did(n),
        })
    }

    async fn look_after(
        &self,
        account: &ChannelAccount,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let store = self.store().seller(account.seller_id);
        // Storing the same state stores when it was looked at.
        store
            .set_account_state(
                account.id,
                account.state,
                account.state_reason.as_deref(),
                now,
            )
            .await?;
        self.learn_ends(account, now).await?;
        self.renew(account, now).await?;
        self.repair_subscription(account).await?;
        if let Some(account) = store.account(account.id).await? {
            self.tell_of_data_access(&account, now).await?;
            self.tell_of_token(&account, now).await?;
        }
        Ok(())
    }

    /// Counts a call about the connection; `None`: a limit leaves it to the next look. What is
    /// urgent may use what messages may use.
    async fn may_call(
        &self,
        account: &ChannelAccount,
        urgent: bool,
    ) -> Result<Option<String>, StoreError> {
        let Ok(line) = self.line(account) else {
            return Ok(None);
        };
        let priority = if urgent {
            Priority::Message
        } else {
            Priority::Interactive
        };
        let wait = self
            .permit(account, &line.node, CallKind::Other, priority)
            .await?;
        Ok(wait.is_none().then_some(line.node))
    }

    async fn called(
        &self,
        account: &ChannelAccount,
        node: &str,
        outcome: Result<&Usage, &GraphError>,
    ) -> Result<(), StoreError> {
        let usage = outcome.unwrap_or_else(|error| &error.usage);
        self.learn(account, node, CallKind::Other, usage, outcome.err())
            .await
    }

    /// Asks when a token of Facebook Login and its data access end, where that is not known (it was
    /// added by hand) or draws near (the person may have renewed it elsewhere). The app asks, which
    /// is on no account's budget.
    async fn learn_ends(
        &self,
        account: &ChannelAccount,
        now: Timestamp,
    ) -> Result<(), EngineError> {
        let near = account
            .data_access_expires_at
            .is_none_or(|at| at.since(now) < TELL_BEFORE);
        if !near || account.login == "instagram" || self.app_id(Host::Facebook).is_none() {
            return Ok(());
        }
        let Ok(Some(token)) = self.access_token(account) else {
            return Ok(());
        };
        let Ok(info) = self.graph().debug_token(&token).await else {
            return Ok(());
        };
        let time = |at: Option<i64>| {
            at.filter(|at| *at > 0)
                .map(|at| Timestamp(at * Timestamp::SECOND))
        };
        let ends = time(info.value.data_access_expires_at);
        if !info.value.is_valid || ends.is_none() || ends == account.data_access_expires_at {
            return Ok(());
        }
        let by_hand = account.user_token.is_none();
        let tokens = PlainTokens {
            // An end is stored with its token. That of a page which a login gave is the login's.
            access: by_hand.then_some(token),
            token_expires_at: time(info.value.expires_at),
            data_access_expires_at: ends,
            ..PlainTokens::default()
        };
        self.store_tokens(account.seller_id, account.id, &tokens)
            .await?;
        Ok(())
    }

    /// Renews a token that ends in time to try again for weeks.
    async fn renew(&self, account: &ChannelAccount, now: Timestamp) -> Result<(), EngineError> {
        let instagram = account.login == "instagram";
        let left = match account.token_expires_at {
            Some(at) => at.since(now),
            // Every token of Instagram Login ends: one that was added by hand tells when it is renewed.
            None if instagram => 0,
            None => return Ok(()),
        };
        let fresh = account
            .refreshed_at
            .is_some_and(|at| now.since(at) < RENEW_AFTER);
        if left > RENEW_BEFORE || fresh {
            return Ok(());
        }
        let token = if instagram {
            self.access_token(account)
        } else {
            self.user_token(account)
        };
        let Ok(Some(token)) = token else {
            return Ok(());
        };
        let host = if instagram {
            Host::Instagram
        } else {
            Host::Facebook
        };
        let user = Access { host, token };
        let Some(node) = self.may_call(account, left < TOKEN_URGENT).await? else {
            return Ok(());
        };
        let renewed = self.graph().refresh(&user).await;
        let outcome = renewed.as_ref().map(|answer| &answer.usage);
        self.called(account, &node, outcome).await?;
        match renewed {
            Ok(renewed) => {
                let renewed = renewed.value;
                let ends = renewed.expires_in.map(|s| now.plus(s * Timestamp::SECOND));
                let mut tokens = PlainTokens {
                    token_expires_at: ends,
                    ..PlainTokens::default()
                };
                if instagram {
                    tokens.access = Some(renewed.access_token);
                } else {
                    let user = Access {
                        host,
                        token: renewed.access_token.clone(),
                    };
                    tokens.user = Some(renewed.access_token);
                    tokens.access = self.page_token(account, &user).await?;
                }
                self.store_tokens(account.seller_id, account.id, &tokens)
                    .await?;
            }
            Err(error) if error.advice == Advice::Reconnect => {
                self.needs_reconnect(account, error.reason.sentence())
                    .await?;
            }
            // Weeks are left to try again.
            Err(error) => tracing::warn!(
                account.id = %account.id,
                "the token of channel account {} could not be renewed yet: {error}", account.id
            ),
        }
        Ok(())
    }

    /// The page's own token under a renewed person's token; `None` leaves the stored one, and the
    /// next look tries again.
    async fn page_token(
        &self,
        account: &ChannelAccount,
        user: &Access,
    ) -> Result<Option<secrecy::SecretString>, StoreError> {
        let Some(node) = self.may_call(account, true).await? else {
            return Ok(None);
        };
        let pages = self.graph().pages(user, None).await;
        let outcome = pages.as_ref().map(|answer| &answer.usage);
        self.called(account, &node, outcome).await?;
        let own = |page: &PageAccount| Some(&page.id) == account.page_id.as_ref();
        let pages = pages.map(|answer| answer.value.data).unwrap_or_default();
        Ok(pages.into_iter().find(own).and_then(|p| p.access_token))
    }

    async fn repair_subscription(&self, account: &ChannelAccount) -> Result<(), EngineError> {
        let Ok(Some(token)) = self.access_token(account) else {
            return Ok(());
        };
        let instagram = account.login == "instagram";
        let host = if instagram {
            Host::Instagram
        } else {
            Host::Facebook
        };
        let access = Access { host, token };
        let node = match (&account.page_id, instagram) {
            (_, true) => "me".to_owned(),
            (Some(page), false) => page.clone(),
            (None, false) => return Ok(()),
        };
        let Some(line) = self.may_call(account, false).await? else {
            return Ok(());
        };
        let listed = self.graph().subscribed_apps(&access, &node).await;
        let outcome = listed.as_ref().map(|answer| &answer.usage);
        self.called(account, &line, outcome).await?;
        match listed {
            Ok(answer) => {
                let needed = meta::graph::Graph::subscription_fields(host);
                let own = |app: &&SubscribedApp| self.is_own_app(host, app);
                let subscribed = answer.value.data.iter().find(own);
                if subscribed.is_none_or(|app| !app.missing(&needed[..2]).is_empty())
                    && self.may_call(account, true).await?.is_some()
                {
                    let mut warnings = Vec::new();
                    self.subscribe(&access, &node, &mut warnings).await;
                    tracing::warn!(
                        account.id = %account.id,
                        "the webhook subscription of channel account {} was missing and was renewed",
                        account.id
                    );
                }
            }
            Err(error) if error.advice == Advice::Reconnect => {
                self.needs_reconnect(account, error.reason.sentence())
                    .await?;
            }
            Err(_) => {}
        }
        Ok(())
    }

    /// Whether a subscription is our own app's. An Instagram token shows it under either id of the
    /// app: that of Instagram Login or that of the Meta app around it.
    pub(crate) fn is_own_app(&self, host: Host, app: &SubscribedApp) -> bool {
        let hosts: &[Host] = match host {
            Host::Facebook => &[Host::Facebook],
            Host::Instagram => &[Host::Instagram, Host::Facebook],
        };
        let mut known = hosts
            .iter()
            .filter_map(|host| self.app_id(*host))
            .peekable();
        known.peek().is_none() || known.any(|id| app.app_id().is_none_or(|own| own == id))
    }

    /// Our own app's id on a host, where the server knows it.
    pub(crate) fn app_id(&self, host: Host) -> Option<&str> {
        let config = self.graph().config();
        let app = match host {
            Host::Facebook => config.app.as_ref(),
            Host::Instagram => config.ig_app.as_ref(),
        };
        app.map(|app| app.id.as_str())
    }

    /// Data access ends 90 days after the person last used the app, whatever the token says; only
    /// the person can renew it.
    async fn tell_of_data_access(
        &self,
        account: &ChannelAccount,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(ends) = account.data_access_expires_at else {
            return Ok(());
        };
        if ends.since(now) > TELL_BEFORE {
            return Ok(());
        }
        if ends <= now {
            let why = "Meta's data access has ended; connect again to renew it";
            return self.needs_reconnect(account, why).await;
        }
        let days = ends.since(now) / Timestamp::DAY;
        let text = format!(
            "Meta stops giving us {}'s messages in {days} days unless you connect again: \
             More > Connection > Connect again.",
            account.name
        );
        self.tell_of_end("data_access", account, ends, text).await
    }

    /// A token that nothing here can renew (it was added by hand, or Meta has refused for days).
    async fn tell_of_token(
        &self,
        account: &ChannelAccount,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(ends) = account.token_expires_at else {
            return Ok(());
        };
        if ends.since(now) > TOKEN_URGENT {
            return Ok(());
        }
        let text = format!(
            "{}'s access to Meta ends in {} days and could not be renewed: More > Connection > \
             Connect again.",
            account.name,
            ends.since(now).max(0) / Timestamp::DAY
        );
        self.tell_of_end("token_expires", account, ends, text).await
    }

    /// Tells the seller once that something ends.
    async fn tell_of_end(
        &self,
        kind: &str,
        account: &ChannelAccount,
        ends: Timestamp,
        text: String,
    ) -> Result<(), StoreError> {
        let store = self.store().seller(account.seller_id);
        let subject = format!("{}@{}", account.id, ends.0);
        let known = store.notifications(200).await?;
        if known
            .iter()
            .any(|n| n.kind == kind && n.subject_id.as_ref() == Some(&subject))
        {
            return Ok(());
        }
        let told = NewNotification {
            kind: kind.to_owned(),
            text,
            subject_kind: Some("channel_account".to_owned()),
            subject_id: Some(subject),
        };
        store.notify(&told, self.now()).await
    }
}
