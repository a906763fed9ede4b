//! Keeping accounts connected: tokens renewed well before they end, data access watched,
//! subscriptions checked and repaired (Meta drops them after an hour of failures).

use domain::Timestamp;
use meta::graph::{Access, Advice, Host, PageAccount};
use store::{AccountState, ChannelAccount, NewNotification, StoreError};

use crate::sealed::PlainTokens;
use crate::tasks::Step;
use crate::{Engine, EngineError};

/// How often an account is looked at.
const CHECK_EVERY: i64 = 6 * Timestamp::HOUR;
/// Tokens of 60 days are renewed when less than this is left.
const RENEW_BEFORE: i64 = 20 * Timestamp::DAY;
/// Instagram renews a token that is at least a day old.
const RENEW_AFTER: i64 = 25 * Timestamp::HOUR;
/// The seller is told that data access ends when less than this is left.
const TELL_BEFORE: i64 = 14 * Timestamp::DAY;

impl Engine {
    /// Looks after one account whose time has come.
    pub async fn connections_step(&self) -> Result<Step, EngineError> {
        let now = self.now();
        let mut next: Option<Timestamp> = None;
        for account in self.store().system().accounts().await? {
            if account.state != AccountState::Active || account.access_token.is_none() {
                continue;
            }
            let due = account
                .checked_at
                .map_or(Timestamp(0), |at| at.plus(CHECK_EVERY));
            if due > now {
                next = Some(next.map_or(due, |next| next.min(due)));
                continue;
            }
            self.look_after(&account, now).await?;
            return Ok(Step::Did(1));
        }
        Ok(next.map_or(Step::Nothing, Step::WaitUntil))
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
        self.renew(account, now).await?;
        self.repair_subscription(account).await?;
        self.tell_of_data_access(account, now).await?;
        Ok(())
    }

    /// Renews a token that ends in time to try again for weeks.
    async fn renew(&self, account: &ChannelAccount, now: Timestamp) -> Result<(), EngineError> {
        let Some(expires_at) = account.token_expires_at else {
            return Ok(());
        };
        let fresh = account
            .refreshed_at
            .is_some_and(|at| now.since(at) < RENEW_AFTER);
        if expires_at.since(now) > RENEW_BEFORE || fresh {
            return Ok(());
        }
        let instagram = account.login == "instagram";
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
        match self.graph().refresh(&user).await {
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
                    tokens.access = self.page_token(account, &user).await;
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

    /// The page's own token under a renewed person's token; `None` leaves the stored one.
    async fn page_token(
        &self,
        account: &ChannelAccount,
        user: &Access,
    ) -> Option<secrecy::SecretString> {
        let pages = self.graph().pages(user, None).await.ok()?.value.data;
        let own = |page: &PageAccount| Some(&page.id) == account.page_id.as_ref();
        pages.into_iter().find(own)?.access_token
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
        match self.graph().subscribed_apps(&access, &node).await {
            Ok(answer) => {
                let needed = meta::graph::Graph::subscription_fields(host);
                let own = |app: &&meta::graph::SubscribedApp| match self.app_id(host) {
                    Some(id) => app.app_id() == Some(id),
                    None => true,
                };
                let subscribed = answer.value.data.iter().find(own);
                if subscribed.is_none_or(|app| !app.missing(&needed[..2]).is_empty()) {
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
        let store = self.store().seller(account.seller_id);
        let subject = format!("{}@{}", account.id, ends.0);
        let known = store.notifications(200).await?;
        if known
            .iter()
            .any(|n| n.kind == "data_access" && n.subject_id.as_ref() == Some(&subject))
        {
            return Ok(());
        }
        let days = ends.since(now) / Timestamp::DAY;
        let told = NewNotification {
            kind: "data_access".to_owned(),
            text: format!(
                "Meta stops giving us {}'s messages in {days} days unless you connect again: \
                 More > Connection > Connect again.",
                account.name
            ),
            subject_kind: Some("channel_account".to_owned()),
            subject_id: Some(subject),
        };
        store.notify(&told, now).await
    }
}
