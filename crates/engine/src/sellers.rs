//! Sellers, their members, keys, accounts and rules.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::policy::Policy;
use domain::{AccountId, ApiKeyId, Channel, Currency, MemberId, SellerId};
use secrecy::{ExposeSecret, SecretString};
use store::{ChannelAccount, Member, NewAccount, NewSeller, Role, Seller, SellerWrite};
use zeroize::Zeroizing;

use crate::changes::Subject;
use crate::engine::Engine;
use crate::error::ActionError;
use crate::keyring::fill_random;
use crate::sealed::PlainTokens;

/// A seller to be added.
#[derive(Debug, Clone)]
pub struct AddSeller {
    /// The shop's name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Of every price.
    pub currency: Currency,
    /// ISO 639-1; `None`: English.
    pub language: Option<String>,
    /// IANA name; `None`: UTC.
    pub time_zone: Option<String>,
}

/// A seller that was added. The key is shown this once.
#[derive(Debug)]
pub struct AddedSeller {
    /// The seller.
    pub seller: Seller,
    /// Its first API key.
    pub api_key: SecretString,
}

/// A channel account to be connected by hand, with tokens that somebody got elsewhere.
#[derive(Debug, Default)]
pub struct AddAccount {
    /// The Instagram business account's id.
    pub instagram_account_id: Option<String>,
    /// The Facebook page's id.
    pub page_id: Option<String>,
    /// WhatsApp's phone number id.
    pub whatsapp_phone_number_id: Option<String>,
    /// The handle.
    pub username: Option<String>,
    /// Whether the token is of Instagram Login (`graph.instagram.com`).
    pub instagram_login: bool,
    /// Tokens.
    pub tokens: PlainTokens,
}

/// `ez_` and 32 random bytes: an API key.
fn new_api_key() -> SecretString {
    let mut bytes = Zeroizing::new([0; 32]);
    fill_random(bytes.as_mut_slice());
    format!("ez_{}", URL_SAFE_NO_PAD.encode(bytes.as_slice())).into()
}

fn invalid(field: &'static str, problem: impl Into<String>) -> ActionError {
    ActionError::Invalid {
        field,
        problem: problem.into(),
    }
}

fn check_country(country: &str) -> Result<String, ActionError> {
    let country = country.trim().to_ascii_uppercase();
    if country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()) {
        Ok(country)
    } else {
        Err(invalid(
            "country",
            "use a two-letter ISO 3166-1 code such as LK, IN or NG",
        ))
    }
}

fn check_name(field: &'static str, name: &str) -> Result<String, ActionError> {
    let name = name.trim();
    let fits = (1..=120).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        Err(invalid(field, "write 1 to 120 characters"))
    }
}

/// The path of a shop front: the name's Latin letters and digits, and what makes it unique.
fn slug(name: &str, id: SellerId) -> String {
    let mut slug: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    let slug: String = slug.trim_matches('-').chars().take(40).collect();
    let unique = &id.0.simple().to_string()[24..];
    if slug.is_empty() {
        format!("shop-{unique}")
    } else {
        format!("{slug}-{unique}")
    }
}

impl Engine {
    /// Adds a seller with its first API key.
    pub async fn add_seller(&self, add: &AddSeller) -> Result<AddedSeller, ActionError> {
        let id = SellerId::fresh();
        let name = check_name("name", &add.name)?;
        let language = add.language.clone().unwrap_or_else(|| "en".to_owned());
        if !domain::words::LANGUAGES.contains(&language.as_str()) {
            return Err(invalid(
                "language",
                format!("use one of {}", domain::words::LANGUAGES.join(", ")),
            ));
        }
        let new = NewSeller {
            id,
            slug: slug(&name, id),
            name,
            country: check_country(&add.country)?,
            currency: add.currency,
            language,
            time_zone: add.time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            policy: serde_json::to_string(&Policy::default()).expect("a policy is plain data"),
        };
        let seller = self.store().system().add_seller(&new, self.now()).await?;
        let api_key = self.add_api_key(seller.id, "first key").await?.1;
        Ok(AddedSeller { seller, api_key })
    }

    /// Makes an API key. The secret is shown this once; only its hash is kept.
    pub async fn add_api_key(
        &self,
        seller: SellerId,
        name: &str,
    ) -> Result<(ApiKeyId, SecretString), ActionError> {
        let name = check_name("name", name)?;
        let (id, secret) = (ApiKeyId::fresh(), new_api_key());
        self.store()
            .seller(seller)
            .add_api_key(id, &name, secret.expose_secret(), self.now())
            .await?;
        Ok((id, secret))
    }

    /// Connects a channel account by hand, or connects it again. Events that came for it before are
    /// run again by themselves.
    pub async fn add_account(
        &self,
        seller: SellerId,
        add: &AddAccount,
    ) -> Result<ChannelAccount, ActionError> {
        let channel = if add.whatsapp_phone_number_id.is_some() {
            Channel::Whatsapp
        } else if add.instagram_account_id.is_some() {
            Channel::Instagram
        } else if add.page_id.is_some() {
            Channel::Messenger
        } else {
            return Err(invalid(
                "account",
                "give an Instagram account id, a page id or a WhatsApp phone number id",
            ));
        };
        for (field, id) in [
            ("instagram_account_id", &add.instagram_account_id),
            ("page_id", &add.page_id),
            ("whatsapp_phone_number_id", &add.whatsapp_phone_number_id),
        ] {
            let bad = |id: &String| id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric());
            if id.as_ref().is_some_and(bad) {
                return Err(invalid(
                    field,
                    "Meta's ids are digits; copy it as it is shown there",
                ));
            }
        }
        let name = add
            .username
            .clone()
            .or_else(|| add.instagram_account_id.clone());
        let new = NewAccount {
            id: AccountId::fresh(),
            channel,
            name: name.unwrap_or_else(|| channel.as_str().to_owned()),
            username: add.username.clone(),
            instagram_account_id: add.instagram_account_id.clone(),
            app_scoped_id: None,
            page_id: add.page_id.clone(),
            whatsapp_phone_number_id: add.whatsapp_phone_number_id.clone(),
            whatsapp_business_account_id: None,
            business_id: None,
            login: if add.instagram_login {
                "instagram".to_owned()
            } else {
                "manual".to_owned()
            },
        };
        let store = self.store().seller(seller);
        let account = store
            .connect_account(&new, self.now())
            .await
            .map_err(|e| match e {
                store::StoreError::Taken { what } => ActionError::Refused(format!(
                    "{what} is connected already; disconnect it there first"
                )),
                other => other.into(),
            })?;
        self.store_tokens(seller, account.id, &add.tokens).await?;
        self.0.events_waiting.notify_one();
        let account = store.account(account.id).await?;
        account.ok_or(ActionError::Missing("channel account"))
    }

    /// Adds a member. `password_hash` is made by whoever checks passwords.
    pub async fn add_member(
        &self,
        seller: Option<SellerId>,
        email: &str,
        name: &str,
        role: Role,
        admin: bool,
        password_hash: String,
    ) -> Result<MemberId, ActionError> {
        let email = email.trim();
        let parts = email.split_once('@');
        if parts.is_none_or(|(user, host)| user.is_empty() || !host.contains('.'))
            || email.len() > 254
        {
            return Err(invalid(
                "email",
                "write an address such as name@example.com",
            ));
        }
        let member = Member {
            id: MemberId::fresh(),
            seller_id: seller,
            email: email.to_owned(),
            name: check_name("name", name)?,
            role,
            admin,
            password_hash,
            created_at: self.now(),
            signed_in_at: None,
        };
        self.store()
            .system()
            .add_member(&member)
            .await
            .map_err(|e| match e {
                store::StoreError::Taken { .. } => {
                    ActionError::Refused("this e-mail address has a member already".to_owned())
                }
                other => other.into(),
            })?;
        Ok(member.id)
    }

    /// Sets a seller's rules.
    pub async fn set_policy(
        &self,
        seller: SellerId,
        policy: &Policy,
    ) -> Result<Seller, ActionError> {
        check_policy(policy)?;
        let write = SellerWrite {
            policy: Some(serde_json::to_string(policy).expect("a policy is plain data")),
            ..SellerWrite::default()
        };
        self.update_seller(seller, &write).await
    }

    /// A seller's rules.
    pub async fn policy(&self, seller: SellerId) -> Result<Policy, ActionError> {
        Ok(self.snapshot(seller).await?.policy.clone())
    }

    /// Changes what a seller says of itself.
    pub async fn update_seller(
        &self,
        seller: SellerId,
        write: &SellerWrite,
    ) -> Result<Seller, ActionError> {
        let mut write = write.clone();
        if let Some(country) = &write.country {
            write.country = Some(check_country(country)?);
        }
        if let Some(name) = &write.name {
            write.name = Some(check_name("name", name)?);
        }
        let seller = self
            .store()
            .seller(seller)
            .update(&write, self.now())
            .await?;
        self.0.snapshots.forget(seller.id);
        Ok(seller)
    }

    /// Sets one of the seller's own sentences, or with `None` goes back to the default one.
    pub async fn set_sentence(
        &self,
        seller: SellerId,
        language: &str,
        key: &str,
        text: Option<&str>,
    ) -> Result<(), ActionError> {
        if let Some(text) = text {
            domain::words::Words::with_own([(language, key, text)])
                .map_err(|e| invalid("text", e.to_string()))?;
        }
        let store = self.store().seller(seller);
        store.set_words(language, key, text, self.now()).await?;
        self.0.snapshots.forget(seller);
        Ok(())
    }

    /// Products, stock or the mapping of posts changed: decisions see it at once on this node.
    pub fn products_changed(&self, seller: SellerId) {
        self.0.snapshots.forget(seller);
        self.0.changes.tell(seller, Subject::Products);
        self.0.restocked.notify_one();
    }
}

fn check_policy(policy: &Policy) -> Result<(), ActionError> {
    for (field, millis) in [
        ("hand_over_ms", policy.hand_over_ms),
        ("question_ms", policy.question_ms),
        ("confirmation_ms", policy.confirmation_ms),
        ("open_ms", policy.open_ms),
        ("seller_ms", policy.seller_ms),
        ("holding_ms", policy.holding_ms),
    ] {
        let (least, most) = (domain::Timestamp::MINUTE, 60 * domain::Timestamp::DAY);
        if !(least..=most).contains(&millis) {
            return Err(invalid(field, "choose between one minute and 60 days"));
        }
    }
    if !(0..=10 * domain::Timestamp::MINUTE).contains(&policy.settle_ms) {
        return Err(invalid("settle_ms", "choose between 0 and ten minutes"));
    }
    if let domain::policy::Confirmation::AutoConfirm {
        min_confidence,
        max_total_minor,
    } = policy.confirmation
    {
        if !(0.5..=1.0).contains(&min_confidence) {
            return Err(invalid("min_confidence", "choose between 0.5 and 1"));
        }
        if max_total_minor < 0 {
            return Err(invalid("max_total_minor", "it cannot be negative"));
        }
    }
    Ok(())
}
