//! The sandbox in a test: starting, scripting, asking what happened.

use crate::action::Action;
use crate::catalog::{CatalogItem, ReceivedItem};
use crate::change::Change;
use crate::config::{AccountSpec, Callback, SandboxConfig};
use crate::faults::{Fault, FaultRule, RandomFaults};
use crate::post::Http;
use crate::record::{Account, AppInfo, CallRecord, DeliveryRecord, SentMessage};
use crate::server::{Shared, run};
use crate::webhooks::Part;
use crate::world::World;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Meta's time limit for the answer to a webhook.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A running stand-in for Meta on a port of its own. Stops when dropped.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    _stop: DropGuard,
}

/// Serves a sandbox on `listener` until `shutdown` is cancelled: what the program does.
///
/// `public_url` of links is the listener's own address.
pub async fn serve(config: SandboxConfig, listener: TcpListener, shutdown: CancellationToken) {
    let shared = Shared::new(World::new(config));
    if let Ok(address) = listener.local_addr() {
        shared.world().url = format!("http://{address}");
    }
    run(shared, listener, shutdown).await;
}

impl Sandbox {
    /// Starts on 127.0.0.1 at a free port.
    ///
    /// # Panics
    /// When the loopback interface has no free port.
    pub async fn start(config: SandboxConfig) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port on the loopback");
        Self::start_on(config, listener)
    }

    /// Starts on a listener of the caller's, for a fixed port.
    ///
    /// # Panics
    /// When the listener has no local address.
    pub fn start_on(config: SandboxConfig, listener: TcpListener) -> Self {
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Shared::new(World::new(config));
        shared.world().url = format!("http://{address}");
        let token = CancellationToken::new();
        tokio::spawn(run(shared.clone(), listener, token.clone()));
        Self {
            shared,
            address,
            _stop: token.drop_guard(),
        }
    }

    /// Base URL, without a slash at its end: the `GRAPH_API_URL` of the application.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// The default app.
    ///
    /// # Panics
    /// When every app was removed.
    pub fn app(&self) -> AppInfo {
        let world = self.world();
        let app = world.first_app().expect("a sandbox has an app");
        AppInfo {
            id: app.id.clone(),
            secret: app.secret.clone(),
            instagram_id: app.instagram_id.clone(),
            instagram_secret: app.instagram_secret.clone(),
        }
    }

    /// The first account.
    ///
    /// # Panics
    /// When the configuration had no accounts.
    pub fn account(&self) -> Account {
        self.world()
            .accounts
            .first()
            .cloned()
            .expect("the configuration has an account")
    }

    /// Every account, in the order they were added.
    pub fn accounts(&self) -> Vec<Account> {
        self.world().accounts.clone()
    }

    /// Adds a seller's account.
    pub fn add_account(&self, spec: AccountSpec) -> Account {
        let app = self.app().id;
        self.world().add_account(&app, &spec)
    }

    /// Where webhooks go from now on, for every object and field. Makes no handshake.
    pub fn set_callback(&self, url: impl Into<String>, verify_token: impl Into<String>) {
        let app = self.app().id;
        let callback = Callback {
            url: url.into(),
            verify_token: verify_token.into(),
        };
        self.world().set_callback(&app, &callback);
    }

    /// A customer of the first Instagram account, made when new.
    pub fn customer(&self, key: &str) -> CustomerHandle {
        self.customer_of(&self.account().instagram_account_id, key)
    }

    /// A customer of a business id: Instagram account, page (Messenger) or phone number id.
    pub fn customer_of(&self, business: &str, key: &str) -> CustomerHandle {
        let id = self.world().customer(business, key);
        CustomerHandle {
            shared: self.shared.clone(),
            id,
        }
    }

    /// Messages the business sent and the sandbox accepted, oldest first.
    pub fn sent(&self) -> Vec<SentMessage> {
        self.world().sent.clone()
    }

    /// Messages sent to one customer.
    pub fn sent_to(&self, customer: &str) -> Vec<SentMessage> {
        self.world()
            .sent
            .iter()
            .filter(|s| s.recipient_id == customer)
            .cloned()
            .collect()
    }

    /// Graph API calls, oldest first.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.world().calls.iter().cloned().collect()
    }

    /// Webhook deliveries, oldest first.
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        self.world().outbound.records()
    }

    /// Alerts the developer would have got ("Webhooks Disabled").
    pub fn alerts(&self) -> Vec<String> {
        self.world().outbound.alerts.clone()
    }

    /// Adds a fault rule; its number removes it again.
    pub fn fault(&self, rule: FaultRule) -> u64 {
        self.world().faults.add(rule)
    }

    /// Removes one fault rule.
    pub fn remove_fault(&self, rule: u64) {
        self.world().faults.rules.retain(|r| r.id != rule);
    }

    /// The next `times` calls of `endpoint` meet `fault`.
    pub fn next_calls(&self, times: u32, endpoint: &str, fault: Fault) -> u64 {
        self.fault(FaultRule::next(times, endpoint, fault))
    }

    /// Removes every fault rule and random faults.
    pub fn clear_faults(&self) {
        let mut world = self.world();
        world.faults.rules.clear();
        world.faults.random = None;
    }

    /// Random faults by the seed from now on.
    pub fn random_faults(&self, faults: RandomFaults) {
        self.world().faults.random = Some(faults);
    }

    /// Holds webhooks back, or lets them go (batched, shuffled as configured).
    pub fn hold_webhooks(&self, held: bool) {
        self.world().outbound.held = held;
        self.shared.stir();
    }

    /// Now, by the sandbox's clock (milliseconds UTC).
    pub fn now(&self) -> i64 {
        self.world().now()
    }

    /// Moves the sandbox's clock.
    pub fn advance(&self, millis: i64) {
        self.world().clock.advance(millis);
        self.shared.stir();
    }

    /// Posts a whole body, rightly signed for `object`, whatever it holds.
    pub fn deliver_raw(&self, object: &'static str, body: impl Into<String>) {
        let app = self.app().id;
        self.world()
            .outbound
            .updates
            .push_back(crate::webhooks::Update {
                app,
                object,
                entry_id: String::new(),
                asset: String::new(),
                part: Part::Raw(body.into()),
                instagram_secret: false,
            });
        self.shared.stir();
    }

    /// Turns one of the world's knobs.
    ///
    /// # Panics
    /// When the change names something that does not exist: a mistake in the test.
    pub fn change(&self, change: Change) {
        self.world()
            .change(change)
            .expect("the change fits the world");
        self.shared.stir();
    }

    /// The items of a catalog as they are now. Batches that wait are not processed by looking.
    pub fn catalog_items(&self, catalog: &str) -> Vec<CatalogItem> {
        let world = self.world();
        let now = world.now();
        world
            .catalogs
            .get(catalog)
            .map(|c| c.views(now))
            .unwrap_or_default()
    }

    /// Processes every batch that waits, then gives the catalog's items: the final truth.
    pub fn settled_items(&self, catalog: &str) -> Vec<CatalogItem> {
        self.world().settle(catalog, true);
        self.catalog_items(catalog)
    }

    /// Everything that came in for the items of a catalog, counted by item and content.
    pub fn received_items(&self, catalog: &str) -> Vec<ReceivedItem> {
        let world = self.world();
        world
            .catalogs
            .get(catalog)
            .map(crate::catalog::Catalog::received)
            .unwrap_or_default()
    }

    /// How often each limit was exceeded, by error code.
    pub fn refused(&self) -> BTreeMap<i64, u64> {
        self.world()
            .meters
            .refused
            .iter()
            .map(|(k, v)| (*k, *v))
            .collect()
    }

    /// Delivers an old webhook body once more.
    pub fn redeliver(&self, delivery: u64) {
        self.world().redeliver(delivery);
        self.shared.stir();
    }

    /// The dashboard's "Test" button.
    pub fn dashboard_test(&self) {
        let app = self.app().id;
        self.world().dashboard_test(&app);
        self.shared.stir();
    }

    /// The business messages its own account (`is_self`). Returns the mid.
    pub fn self_message(&self, account: &str, text: &str) -> String {
        let mid = self.world().self_message(account, text);
        self.shared.stir();
        mid
    }

    /// A post of an Instagram account. Returns its media id.
    pub fn add_media(&self, account: &str, caption: &str) -> String {
        let mut world = self.world();
        let url = format!("{}/_sandbox/picture/post.svg", world.url);
        world.add_media(account, caption, &url)
    }

    /// Posts a rightly signed `signed_request` for a person to a deauthorise or data-deletion
    /// callback, as Meta does. Gives status and body of the answer, status 0 without one.
    pub async fn signed_callback(&self, url: &str, user_id: &str) -> (u16, String) {
        let signed = {
            let world = self.world();
            let secret = world
                .first_app()
                .map(|a| a.secret.clone())
                .unwrap_or_default();
            crate::token::signed_request(&secret, user_id, world.now() / 1000)
        };
        let form = [("signed_request", signed)];
        match Http::new(ANSWER_WITHIN)
            .to(url)
            .post(url)
            .form(&form)
            .send()
            .await
        {
            Ok(answer) => (
                answer.status().as_u16(),
                answer.text().await.unwrap_or_default(),
            ),
            Err(_) => (0, String::new()),
        }
    }

    /// Makes the GET handshake with the callback of the app. False when it was refused.
    pub async fn verify_callback(&self) -> bool {
        let (callback, challenge) = {
            let mut world = self.world();
            let found = world
                .first_app()
                .and_then(|a| a.subscriptions.values().next())
                .map(|s| (s.callback_url.clone(), s.verify_token.clone()));
            (found, world.challenge())
        };
        let Some((url, token)) = callback else {
            return false;
        };
        crate::post::verify_callback(&Http::new(ANSWER_WITHIN), &url, &token, &challenge).await
    }

    /// Waits until every webhook that is due was tried.
    pub async fn drain(&self) {
        self.shared.drained().await;
    }

    /// Waits until `count` messages were sent in all, and returns them.
    pub async fn wait_sent(&self, count: usize) -> Vec<SentMessage> {
        loop {
            let changed = self.shared.change.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let sent = self.sent();
            if sent.len() >= count {
                return sent;
            }
            changed.await;
        }
    }
}

/// One customer, to be played.
#[derive(Clone, Debug)]
pub struct CustomerHandle {
    shared: Arc<Shared>,
    id: String,
}

impl CustomerHandle {
    /// The page- or Instagram-scoped id, or the WhatsApp number.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends a message of any content, as its webhook carries it; a `mid` in it is kept, so that
    /// a script played again is a redelivery. Returns its mid.
    pub fn message(&self, content: serde_json::Value) -> String {
        let mid = self.shared.world().customer_message(&self.id, content);
        self.shared.stir();
        mid.unwrap_or_default()
    }

    /// Writes a text message. Returns its mid.
    pub fn say(&self, text: &str) -> String {
        self.act(Action::Say {
            text: text.to_owned(),
            reply_to: None,
        })
        .unwrap_or_default()
    }

    /// Taps a quick reply (on WhatsApp: a reply button). Returns the mid.
    pub fn tap(&self, title: &str, payload: &str) -> String {
        let (title, payload) = (title.to_owned(), payload.to_owned());
        self.act(Action::QuickReply { title, payload })
            .unwrap_or_default()
    }

    /// Does anything a customer can do. Returns the id of what came to be (mid, comment id).
    pub fn act(&self, action: Action) -> Option<String> {
        let id = self.shared.world().act(&self.id, action);
        self.shared.stir();
        id
    }

    /// What the customer sees: (written by the customer, text), oldest first.
    pub fn thread(&self) -> Vec<(bool, String)> {
        let world = self.shared.world();
        let Some(customer) = world.customers.get(&self.id) else {
            return Vec::new();
        };
        let key = (customer.business.clone(), customer.id.clone());
        world
            .conversations
            .get(&key)
            .into_iter()
            .flat_map(|c| &c.messages)
            .filter_map(|mid| world.messages.get(mid))
            .map(|m| (m.inbound, m.text.clone().unwrap_or_default()))
            .collect()
    }
}
