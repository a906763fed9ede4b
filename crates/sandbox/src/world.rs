//! The state of the stand-in: plain data, changed only under one lock, no I/O.

use crate::clock::Clock;
use crate::config::{Login, SandboxConfig};
use crate::faults::Faults;
use crate::limits::Meters;
use crate::rng::Rng;
use crate::webhooks::Outbound;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Where a conversation takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Instagram direct messages.
    Instagram,
    /// Facebook Messenger.
    Messenger,
    /// WhatsApp.
    Whatsapp,
}

/// A Meta app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) instagram_secret: String,
    /// The app's id on the Instagram-Login path.
    pub(crate) instagram_id: String,
    /// Published; in development mode only testers' events and messages flow.
    pub(crate) live: bool,
    pub(crate) require_proof: bool,
    /// Whether the Human Agent feature was granted in review.
    pub(crate) human_agent: bool,
    /// Accepted redirect URIs; none given = any.
    pub(crate) redirect_uris: Vec<String>,
    /// Object (`instagram`, `page`, `whatsapp_business_account`) -> callback and fields.
    pub(crate) subscriptions: BTreeMap<String, AppSubscription>,
}

#[derive(Clone, Debug)]
pub(crate) struct AppSubscription {
    pub(crate) callback_url: String,
    pub(crate) verify_token: String,
    pub(crate) fields: BTreeSet<String>,
}

/// A person with a Facebook or Instagram sign-in who owns pages and accounts.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) pages: Vec<String>,
    pub(crate) businesses: Vec<String>,
    /// Instagram accounts reached by Instagram Login.
    pub(crate) instagram: Vec<String>,
    /// Permissions the person declined or revoked.
    pub(crate) declined: BTreeSet<String>,
    pub(crate) last_active: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) instagram: Option<String>,
    pub(crate) tasks: Vec<String>,
    /// App id -> fields.
    pub(crate) subscribed: BTreeMap<String, BTreeSet<String>>,
    /// Error 10/1893063 until told otherwise.
    pub(crate) restricted: bool,
    pub(crate) profile: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct InstagramAccount {
    /// What arrives in `entry.id`; `user_id` of `/me`.
    pub(crate) id: String,
    /// `id` of `/me` on the Instagram-Login path.
    pub(crate) app_scoped_id: String,
    pub(crate) username: String,
    pub(crate) login: Login,
    pub(crate) page: Option<String>,
    pub(crate) subscribed: BTreeMap<String, BTreeSet<String>>,
    /// "Allow access to messages".
    pub(crate) message_access: bool,
    /// Another app that owns the threads; events then come in `standby`.
    pub(crate) thread_owner: Option<String>,
    /// Error 100/2534029.
    pub(crate) limited: bool,
    pub(crate) catalog: Option<String>,
    pub(crate) tag_eligible: bool,
    pub(crate) profile: Map<String, Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct WhatsAppNumber {
    pub(crate) id: String,
    pub(crate) waba: String,
    pub(crate) display: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Waba {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) numbers: Vec<String>,
    pub(crate) subscribed: BTreeMap<String, Option<(String, String)>>,
    pub(crate) catalogs: BTreeSet<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    User,
    Page,
    Instagram,
    System,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) app: String,
    pub(crate) user: String,
    /// The page or Instagram account the token speaks for.
    pub(crate) profile: Option<String>,
    pub(crate) scopes: BTreeSet<String>,
    /// Assets ticked in the dialog; `None` = all.
    pub(crate) targets: Option<BTreeSet<String>>,
    pub(crate) issued_at: i64,
    /// 0 = never.
    pub(crate) expires_at: i64,
    /// 0 = none.
    pub(crate) data_access_expires_at: i64,
    pub(crate) long_lived: bool,
    /// Subcode of error 190 once it is dead.
    pub(crate) revoked: Option<i64>,
}

impl Token {
    /// Whether the asset was ticked in the dialog the token came from.
    pub(crate) fn may_touch(&self, asset: &str) -> bool {
        self.targets.as_ref().is_none_or(|t| t.contains(asset))
    }
}

/// An authorisation code of one of the OAuth dialogs.
#[derive(Clone, Debug)]
pub(crate) struct AuthCode {
    pub(crate) app: String,
    pub(crate) user: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: BTreeSet<String>,
    pub(crate) targets: Option<BTreeSet<String>>,
    /// The Instagram account for an Instagram-Login code.
    pub(crate) instagram: Option<String>,
    /// PKCE challenge (S256).
    pub(crate) challenge: Option<String>,
    pub(crate) expires_at: i64,
    pub(crate) used: bool,
}

/// A person as one business account sees them.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) channel: Channel,
    pub(crate) business: String,
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) follows: bool,
    /// Blocked the business: sends fail with 551.
    pub(crate) blocked: bool,
    /// Holds a role on the app, so that development mode lets events through.
    pub(crate) tester: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) business: String,
    pub(crate) customer: String,
    pub(crate) channel: Channel,
    pub(crate) messages: Vec<String>,
    /// When the customer last did something that opens the window.
    pub(crate) opened_at: Option<i64>,
    pub(crate) updated_at: i64,
    /// Archived by its owner: sends fail with 100/2534001.
    pub(crate) archived: bool,
    /// Typing or seen, for the phone page.
    pub(crate) activity: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) mid: String,
    pub(crate) business: String,
    pub(crate) customer: String,
    /// Sent by the customer.
    pub(crate) inbound: bool,
    pub(crate) at: i64,
    pub(crate) text: Option<String>,
    /// The `message` object as sent or as delivered.
    pub(crate) content: Value,
    pub(crate) deleted: bool,
    pub(crate) edits: u32,
    pub(crate) reaction: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: String,
    pub(crate) media: String,
    pub(crate) business: String,
    pub(crate) customer: String,
    pub(crate) text: String,
    pub(crate) at: i64,
    pub(crate) parent: Option<String>,
    pub(crate) live: bool,
    pub(crate) deleted: bool,
    pub(crate) private_reply: bool,
    pub(crate) replies: Vec<String>,
    pub(crate) hidden: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) business: String,
    pub(crate) caption: String,
    pub(crate) url: String,
    pub(crate) kind: String,
    pub(crate) at: i64,
    /// A container until it is published.
    pub(crate) published: bool,
    pub(crate) tags: Vec<Value>,
}

#[derive(Clone, Debug)]
pub(crate) struct Business {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) owned: Vec<String>,
    pub(crate) client: Vec<String>,
    /// Catalog terms accepted by hand; without them creation fails.
    pub(crate) terms: bool,
}

/// Everything the stand-in knows.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: SandboxConfig,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    counter: u64,
    /// Where the sandbox itself listens; media links point there.
    pub(crate) url: String,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) pages: BTreeMap<String, Page>,
    pub(crate) instagram: BTreeMap<String, InstagramAccount>,
    pub(crate) numbers: BTreeMap<String, WhatsAppNumber>,
    pub(crate) wabas: BTreeMap<String, Waba>,
    pub(crate) tokens: HashMap<String, Token>,
    pub(crate) codes: HashMap<String, AuthCode>,
    /// By scoped id.
    pub(crate) customers: BTreeMap<String, Customer>,
    /// Scoped id by (business, key).
    pub(crate) customer_keys: HashMap<(String, String), String>,
    /// By (business, customer).
    pub(crate) conversations: BTreeMap<(String, String), Conversation>,
    pub(crate) messages: HashMap<String, Message>,
    pub(crate) comments: BTreeMap<String, Comment>,
    pub(crate) media: BTreeMap<String, Media>,
    pub(crate) businesses: BTreeMap<String, Business>,
    pub(crate) catalogs: BTreeMap<String, crate::catalog::Catalog>,
    pub(crate) faults: Faults,
    pub(crate) consent: crate::oauth::Consent,
    pub(crate) meters: Meters,
    pub(crate) outbound: Outbound,
    pub(crate) calls: VecDeque<crate::record::CallRecord>,
    pub(crate) sent: Vec<crate::record::SentMessage>,
    pub(crate) accounts: Vec<crate::record::Account>,
}

impl World {
    pub(crate) fn empty(config: SandboxConfig) -> Self {
        Self {
            clock: config.clock.clone(),
            rng: Rng::new(config.seed),
            counter: 0,
            url: String::new(),
            apps: BTreeMap::new(),
            users: BTreeMap::new(),
            pages: BTreeMap::new(),
            instagram: BTreeMap::new(),
            numbers: BTreeMap::new(),
            wabas: BTreeMap::new(),
            tokens: HashMap::new(),
            codes: HashMap::new(),
            customers: BTreeMap::new(),
            customer_keys: HashMap::new(),
            conversations: BTreeMap::new(),
            messages: HashMap::new(),
            comments: BTreeMap::new(),
            media: BTreeMap::new(),
            businesses: BTreeMap::new(),
            catalogs: BTreeMap::new(),
            faults: Faults::new(config.seed),
            consent: crate::oauth::Consent::default(),
            meters: Meters::default(),
            outbound: Outbound::new(config.delivery.clone()),
            calls: VecDeque::new(),
            sent: Vec::new(),
            accounts: Vec::new(),
            config,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// The next id in a range of Meta's, for example `17841400` for Instagram accounts.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let (seed, n) = (self.config.seed % 1000, self.count());
        format!("{prefix}{seed:03}{n:06}")
    }

    /// The next message id, in the look of the channel.
    pub(crate) fn mid(&mut self, channel: Channel) -> String {
        use base64::Engine as _;
        let (seed, n, salt) = (self.config.seed, self.count(), self.rng.hex(8));
        let raw = format!("{seed}:{n}:{salt}");
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        match channel {
            Channel::Instagram => format!("aWdfZAG06{}", engine.encode(raw)),
            Channel::Messenger => format!("m_{}", engine.encode(raw)),
            Channel::Whatsapp => {
                format!(
                    "wamid.{}",
                    base64::engine::general_purpose::STANDARD.encode(raw)
                )
            }
        }
    }

    /// Makes a token of the usual look and remembers it.
    pub(crate) fn issue(&mut self, token: Token) -> String {
        let prefix = if token.kind == TokenKind::Instagram {
            "IGAA"
        } else {
            "EAAB"
        };
        let text = format!("{prefix}{:04}{}", self.count(), self.rng.hex(24));
        self.tokens.insert(text.clone(), token);
        text
    }

    /// The trace id of an answer.
    pub(crate) fn trace(&mut self) -> String {
        format!("A{}", self.rng.hex(8))
    }

    /// The challenge of a handshake: a number, as Meta sends it.
    pub(crate) fn challenge(&mut self) -> String {
        (1_000_000_000 + self.rng.next() % 1_000_000_000).to_string()
    }

    /// The app by its id on either login path.
    pub(crate) fn find_app(&self, id: &str) -> Option<&App> {
        self.apps
            .get(id)
            .or_else(|| self.apps.values().find(|a| a.instagram_id == id))
    }

    /// The one app of most worlds.
    pub(crate) fn first_app(&self) -> Option<&App> {
        self.apps.values().next()
    }

    /// The conversation of a customer, begun when there is none.
    pub(crate) fn conversation(&mut self, business: &str, customer: &str) -> &mut Conversation {
        let key = (business.to_owned(), customer.to_owned());
        if !self.conversations.contains_key(&key) {
            let id = format!("aWdfZAG06{}", self.rng.hex(16));
            let channel = self
                .customers
                .get(customer)
                .map_or(Channel::Instagram, |c| c.channel);
            let now = self.now();
            self.conversations.insert(
                key.clone(),
                Conversation {
                    id,
                    business: business.to_owned(),
                    customer: customer.to_owned(),
                    channel,
                    messages: Vec::new(),
                    opened_at: None,
                    updated_at: now,
                    archived: false,
                    activity: None,
                },
            );
        }
        self.conversations.get_mut(&key).expect("inserted above")
    }
}
