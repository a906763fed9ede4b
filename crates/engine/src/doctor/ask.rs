//! What only Meta knows of an account: a few reading calls, turned into facts.

use std::time::Duration;

use domain::{Channel, Timestamp};
use meta::graph::{Access, Advice, Graph, GraphError, Host, Reason, TokenInfo, advise, parse_time};
use store::ChannelAccount;

use super::facts::AccountFacts;
use crate::Engine;
use crate::connect::needed_scopes;

/// How long the Conversations API's limit lasts.
const PACE: Duration = Duration::from_secs(1);

impl Engine {
    /// What only Meta knows. The first refusal of the token ends the questions.
    pub(super) async fn ask_meta(
        &self,
        account: &ChannelAccount,
        access: &Access,
        facts: &mut AccountFacts,
    ) {
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
        if access.host == Host::Instagram {
            return self.ask_instagram(access, account, facts).await;
        }
        let Some(own) = self.app_id(Host::Facebook) else {
            // Without our own app nobody may ask about a token; use is the test then.
            return Some(());
        };
        let info = match self.graph().debug_token(&access.token).await {
            Ok(answer) => answer.value,
            // A token of another app is not shown to ours.
            Err(error) if error.code().is_some_and(|(code, _)| code == 100) => {
                facts.other_app = Some(format!("Meta does not show it to app {own}: {error}"));
                return None;
            }
            // Asked with the app's secret: a refusal speaks of that, which is a finding of its own.
            Err(_) => return Some(()),
        };
        if let Some(other) = info.app_id.as_ref().filter(|app| *app != own) {
            facts.other_app = Some(format!("it was made for app {other}"));
            return None;
        }
        if !info.is_valid {
            facts.token_refused = Some(why_invalid(&info));
            return None;
        }
        take_token(&info, account, facts);
        self.ask_permissions(account, facts).await;
        Some(())
    }

    /// Instagram Login has nothing to ask about a token: use is the test, and what was granted is
    /// what was granted on connecting.
    async fn ask_instagram(
        &self,
        access: &Access,
        account: &ChannelAccount,
        facts: &mut AccountFacts,
    ) -> Option<()> {
        match self.graph().instagram_me(access).await {
            Err(error) if error.advice == Advice::Reconnect => {
                facts.token_refused = Some(error.to_string());
                return None;
            }
            Err(error) => note(&error, facts),
            Ok(_) => {}
        }
        if !account.scopes.is_empty() {
            facts.missing_scopes = needed_scopes(Host::Instagram)
                .iter()
                .filter(|scope| !account.scopes.iter().any(|s| s == *scope))
                .map(|scope| (*scope).to_owned())
                .collect();
        }
        Some(())
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
                let apps = answer.value.data;
                let app = apps.iter().find(|app| self.is_own_app(access.host, app));
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
        let ask = || {
            self.graph()
                .conversations(access, channel, node, None, None)
        };
        let mut asked = ask().await;
        if matches!(&asked, Err(error) if error.reason == Reason::Throttled) {
            // Two such calls a second are allowed, and the sweep may just have made them.
            tokio::time::sleep(PACE).await;
            asked = ask().await;
        }
        match asked {
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

/// What a valid token tells.
fn take_token(info: &TokenInfo, account: &ChannelAccount, facts: &mut AccountFacts) {
    let seconds = |at: Option<i64>| {
        at.filter(|at| *at > 0)
            .map(|at| Timestamp(at * Timestamp::SECOND))
    };
    facts.token_expires_at = seconds(info.expires_at).or(facts.token_expires_at);
    facts.data_access_expires_at =
        seconds(info.data_access_expires_at).or(facts.data_access_expires_at);
    let needed = needed_scopes(Host::Facebook);
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
}

fn why_invalid(info: &TokenInfo) -> String {
    let error = info.error.unwrap_or_default();
    let Some(code) = error.code else {
        return "Meta says the token is not valid".to_owned();
    };
    let subcode = error.subcode.filter(|subcode| *subcode != 0);
    let (_, reason) = advise(code, subcode, false);
    let subcode = subcode.map_or(String::new(), |subcode| format!("/{subcode}"));
    format!("{} (code {code}{subcode})", reason.sentence())
}
