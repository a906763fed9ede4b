//! Building worlds: apps, sellers with their accounts, customers.

use crate::config::{AccountSpec, Callback, Login, SandboxConfig};
use crate::record::Account;
use crate::token::{FACEBOOK_SCOPES, INSTAGRAM_SCOPES};
use crate::world::{
    App, AppSubscription, Business, Channel, Customer, DAY, InstagramAccount, Page, Token,
    TokenKind, User, Waba, WhatsAppNumber, World,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Fields an app may subscribe to on the `instagram` object.
pub(crate) const INSTAGRAM_FIELDS: &[&str] = &[
    "messages",
    "message_edit",
    "message_reactions",
    "messaging_handover",
    "messaging_optins",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "standby",
    "comments",
    "live_comments",
    "mentions",
    "story_insights",
    "story_reactions",
    "share_to_story",
    "follow",
    "agent_messages",
];

/// Fields of the `page` object (SDK, `page.py`, class SubscribedFields, as far as it concerns us).
pub(crate) const PAGE_FIELDS: &[&str] = &[
    "messages",
    "messaging_postbacks",
    "messaging_optins",
    "messaging_referrals",
    "messaging_handovers",
    "message_reads",
    "message_deliveries",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "standby",
    "feed",
    "mention",
    "send_cart",
];

/// Fields of the `whatsapp_business_account` object.
pub(crate) const WHATSAPP_FIELDS: &[&str] = &[
    "messages",
    "message_template_status_update",
    "account_update",
    "phone_number_quality_update",
    "smb_message_echoes",
];

pub(crate) fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|w| (*w).to_owned()).collect()
}

impl World {
    /// The world a configuration describes.
    pub(crate) fn new(config: SandboxConfig) -> Self {
        let mut world = Self::empty(config);
        let config = world.config.clone();
        let app = world.add_app("Eziseller", config.app_id.clone());
        if let Some(app) = world.apps.get_mut(&app) {
            if let Some(secret) = config.app_secret {
                app.secret = secret;
            }
            if let Some(id) = config.instagram_app_id {
                app.instagram_id = id;
            }
            if let Some(secret) = config.instagram_app_secret {
                app.instagram_secret = secret;
            }
            app.require_proof = config.require_proof;
        }
        if let Some(callback) = &config.callback {
            world.set_callback(&app, callback);
        }
        for spec in &config.accounts {
            world.add_account(&app, spec);
        }
        world
    }

    pub(crate) fn add_app(&mut self, name: &str, id: Option<String>) -> String {
        let id = id.unwrap_or_else(|| self.id("470000"));
        let app = App {
            id: id.clone(),
            name: name.into(),
            secret: self.rng.hex(16),
            instagram_secret: self.rng.hex(16),
            instagram_id: self.id("880000"),
            live: true,
            require_proof: false,
            human_agent: true,
            redirect_uris: Vec::new(),
            subscriptions: BTreeMap::new(),
        };
        self.apps.insert(id.clone(), app);
        id
    }

    /// Subscribes the app to every field of the three objects at `callback`, as one would in the
    /// dashboard. No handshake is made.
    pub(crate) fn set_callback(&mut self, app: &str, callback: &Callback) {
        let Some(app) = self.apps.get_mut(app) else {
            return;
        };
        for (object, fields) in [
            ("instagram", INSTAGRAM_FIELDS),
            ("page", PAGE_FIELDS),
            ("whatsapp_business_account", WHATSAPP_FIELDS),
        ] {
            app.subscriptions.insert(
                object.into(),
                AppSubscription {
                    callback_url: callback.url.clone(),
                    verify_token: callback.verify_token.clone(),
                    fields: set(fields),
                },
            );
        }
    }

    /// A seller: a person, a business, a page, an Instagram account, a WhatsApp number, a catalog
    /// (Facebook Login), or a person with an Instagram account only (Instagram Login).
    pub(crate) fn add_account(&mut self, app: &str, spec: &AccountSpec) -> Account {
        let now = self.now();
        let owner = spec
            .same_owner_as
            .as_deref()
            .and_then(|id| self.find_account(id))
            .map(|a| a.user_id.clone());
        let user = owner.unwrap_or_else(|| self.id("1022"));
        let instagram = spec
            .instagram_account_id
            .clone()
            .unwrap_or_else(|| self.id("17841400"));
        let app_scoped = self.id("2740000");
        let facebook = spec.login == Login::Facebook;
        let page = facebook.then(|| spec.page_id.clone().unwrap_or_else(|| self.id("105000")));
        let name = title(&spec.username);
        let installed = |fields: &[&str]| {
            let mut map = BTreeMap::new();
            if spec.subscribed {
                map.insert(app.to_owned(), set(fields));
            }
            map
        };
        self.instagram.insert(
            instagram.clone(),
            InstagramAccount {
                id: instagram.clone(),
                app_scoped_id: app_scoped.clone(),
                username: spec.username.clone(),
                login: spec.login,
                page: page.clone(),
                subscribed: if facebook {
                    BTreeMap::new()
                } else {
                    installed(INSTAGRAM_FIELDS)
                },
                message_access: true,
                thread_owner: None,
                limited: false,
                catalog: None,
                tag_eligible: facebook,
                profile: serde_json::Map::new(),
            },
        );
        let mut person = self.users.remove(&user).unwrap_or_else(|| User {
            id: user.clone(),
            name: format!("Owner of {name}"),
            pages: Vec::new(),
            businesses: Vec::new(),
            instagram: Vec::new(),
            declined: BTreeSet::new(),
            last_active: now,
        });
        person.instagram.push(instagram.clone());
        let (mut business, mut catalog, mut waba, mut number) = (None, None, None, None);
        if let Some(page) = &page {
            person.pages.push(page.clone());
            self.pages.insert(
                page.clone(),
                Page {
                    id: page.clone(),
                    name: name.clone(),
                    instagram: Some(instagram.clone()),
                    tasks: [
                        "ADVERTISE",
                        "ANALYZE",
                        "CREATE_CONTENT",
                        "MESSAGING",
                        "MODERATE",
                        "MANAGE",
                    ]
                    .map(Into::into)
                    .to_vec(),
                    subscribed: installed(PAGE_FIELDS),
                    restricted: false,
                    profile: serde_json::Map::new(),
                },
            );
            let business_id = self.id("3300");
            person.businesses.push(business_id.clone());
            self.businesses.insert(
                business_id.clone(),
                Business {
                    id: business_id.clone(),
                    name: name.clone(),
                    owned: Vec::new(),
                    client: Vec::new(),
                    terms: true,
                },
            );
            let catalog_id = self.add_catalog(&business_id, &format!("{name} catalog"));
            if let Some(account) = self.instagram.get_mut(&instagram) {
                account.catalog = Some(catalog_id.clone());
            }
            let (waba_id, number_id) = self.add_whatsapp(app, &name, spec.subscribed);
            business = Some(business_id);
            catalog = Some(catalog_id);
            waba = Some(waba_id);
            number = Some(number_id);
        }
        self.users.insert(user.clone(), person);
        let mut scopes = set(if facebook {
            FACEBOOK_SCOPES
        } else {
            INSTAGRAM_SCOPES
        });
        scopes.retain(|s| !spec.without_scopes.contains(s));
        let mut token = Token {
            kind: if facebook {
                TokenKind::User
            } else {
                TokenKind::Instagram
            },
            app: app.to_owned(),
            user: user.clone(),
            profile: (!facebook).then(|| instagram.clone()),
            scopes,
            targets: None,
            issued_at: now,
            expires_at: now + 60 * DAY,
            data_access_expires_at: if facebook { now + 90 * DAY } else { 0 },
            long_lived: true,
            revoked: None,
        };
        let fixed = spec.access_token.clone();
        let user_token = match (&fixed, facebook) {
            (Some(fixed), false) => {
                self.tokens.insert(fixed.clone(), token.clone());
                fixed.clone()
            }
            _ => self.issue(token.clone()),
        };
        let access_token = match &page {
            Some(page) => {
                token.kind = TokenKind::Page;
                token.profile = Some(page.clone());
                token.expires_at = 0;
                match fixed {
                    Some(fixed) => {
                        self.tokens.insert(fixed.clone(), token);
                        fixed
                    }
                    None => self.issue(token),
                }
            }
            None => user_token.clone(),
        };
        let account = Account {
            instagram_account_id: instagram,
            app_scoped_id: app_scoped,
            username: spec.username.clone(),
            page_id: page,
            access_token,
            user_token,
            user_id: user,
            business_id: business,
            catalog_id: catalog,
            waba_id: waba,
            phone_number_id: number,
        };
        self.accounts.push(account.clone());
        account
    }

    fn add_whatsapp(&mut self, app: &str, name: &str, subscribed: bool) -> (String, String) {
        let waba = self.id("2100000");
        let number = self.id("1060000");
        let display = format!("1555{:07}", self.rng.below(10_000_000));
        let mut installed = BTreeMap::new();
        if subscribed {
            installed.insert(app.to_owned(), None);
        }
        self.numbers.insert(
            number.clone(),
            WhatsAppNumber {
                id: number.clone(),
                waba: waba.clone(),
                display,
                name: name.into(),
            },
        );
        self.wabas.insert(
            waba.clone(),
            Waba {
                id: waba.clone(),
                name: name.into(),
                numbers: vec![number.clone()],
                subscribed: installed,
                catalogs: BTreeSet::new(),
            },
        );
        (waba, number)
    }

    /// The customer `key` of a business, made when new. Returns the scoped id.
    pub(crate) fn customer(&mut self, business: &str, key: &str) -> String {
        let found = self
            .customer_keys
            .get(&(business.to_owned(), key.to_owned()));
        if let Some(id) = found {
            return id.clone();
        }
        let channel = if self.instagram.contains_key(business) {
            Channel::Instagram
        } else if self.numbers.contains_key(business) {
            Channel::Whatsapp
        } else {
            Channel::Messenger
        };
        let id = match channel {
            Channel::Instagram => self.id("902000"),
            Channel::Messenger => self.id("7100000"),
            // A number that a phone library takes for a valid one.
            Channel::Whatsapp => format!("1415{}", 2_550_000 + self.customers.len()),
        };
        self.customer_keys
            .insert((business.to_owned(), key.to_owned()), id.clone());
        self.customers.insert(
            id.clone(),
            Customer {
                id: id.clone(),
                channel,
                business: business.to_owned(),
                name: title(key),
                username: key.to_lowercase().replace(' ', "."),
                follows: true,
                blocked: false,
                tester: false,
            },
        );
        id
    }

    /// Everything one can say about an account, by any of its ids.
    pub(crate) fn find_account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| {
            a.instagram_account_id == id
                || a.app_scoped_id == id
                || a.username == id
                || a.page_id.as_deref() == Some(id)
                || a.phone_number_id.as_deref() == Some(id)
                || a.waba_id.as_deref() == Some(id)
                || a.catalog_id.as_deref() == Some(id)
        })
    }

    /// Removes the app from an asset, as Meta does after an hour of failed deliveries.
    pub(crate) fn unsubscribe(&mut self, app: &str, asset: &str) {
        let page = match self.instagram.get_mut(asset) {
            Some(account) => {
                account.subscribed.remove(app);
                account.page.clone()
            }
            None => Some(asset.to_owned()),
        };
        if let Some(page) = page.and_then(|p| self.pages.get_mut(&p)) {
            page.subscribed.remove(app);
        }
    }

    /// The public profile of an app-visible customer.
    pub(crate) fn profile(&self, customer: &Customer) -> serde_json::Value {
        match customer.channel {
            Channel::Messenger => {
                let (first, last) = customer
                    .name
                    .split_once(' ')
                    .unwrap_or((customer.name.as_str(), ""));
                json!({"id": customer.id, "first_name": first, "last_name": last,
                    "name": customer.name,
                    "profile_pic": format!("{}/_sandbox/avatar/{}.svg", self.url, customer.id)})
            }
            _ => json!({
                "id": customer.id,
                "name": customer.name,
                "username": customer.username,
                "profile_pic": format!("{}/_sandbox/avatar/{}.svg", self.url, customer.id),
                "follower_count": 120,
                "is_user_follow_business": customer.follows,
                "is_business_follow_user": false,
                "is_verified_user": false,
            }),
        }
    }
}

/// `demo.boutique` -> `Demo Boutique`.
fn title(key: &str) -> String {
    key.split(['.', '_', ' '])
        .filter(|w| !w.is_empty())
        .map(|w| {
            let mut chars = w.chars();
            chars
                .next()
                .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
        })
        .collect::<Vec<String>>()
        .join(" ")
}
