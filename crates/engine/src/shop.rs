//! The shop front's use cases: what a buyer sees of the catalogue, and a cart that becomes the same
//! draft order as a DM does.

use std::sync::Arc;

use domain::cart::{ITEMS_MAX, QUANTITY_MAX};
use domain::catalog::price::{missing_options, stock_id};
use domain::catalog::{CatalogView, Product, Resolved, RetailerId};
use domain::conversation::{DetailChange, Notice};
use domain::customer::{Detail, DetailKind, DetailSource, Details};
use domain::draft::lifecycle::Transition;
use domain::draft::{Actor, DraftEvent, DraftLine, DraftOrder, Origin, Stage};
use domain::order::totals::{Totals, totals};
use domain::order::{PricedLine, price_line};
use domain::policy::Policy;
use domain::reading::OrderLine;
use domain::seller::SellerProfile;
use domain::{Channel, CustomerId, DraftOrderId, Timestamp};
use store::{CustomerWrite, DraftRow, DraftWrite, LaneEffects, Seller, StoreError};
use uuid::Uuid;

use crate::action::commit_failed;
use crate::decide::{Held, LiveCatalog};
use crate::engine::Engine;
use crate::error::ActionError;
use crate::notices::notification;
use crate::snapshot::SellerSnapshot;

/// `message_source` of what comes through the shop front.
pub const SOURCE: &str = "shop";
/// A form may be sent for so long after its page was made.
const TOKEN_MS: i64 = 2 * Timestamp::DAY;
/// The longest name, coupon or phone number.
const SHORT_CHARS_MAX: usize = 120;
/// The longest address or note.
const LONG_CHARS_MAX: usize = 500;

/// A seller's catalogue as a buyer may see it now.
#[derive(Debug)]
pub struct ShopView {
    snapshot: Arc<SellerSnapshot>,
    held: Held,
    now: Timestamp,
}

impl CatalogView for ShopView {
    fn product(&self, id: &RetailerId) -> Option<&Product> {
        self.snapshot.catalog.product(id)
    }

    fn resolve(&self, id: &str) -> Option<Resolved> {
        self.snapshot.catalog.resolve(id)
    }

    fn free(&self, id: &RetailerId) -> Option<i64> {
        let live = LiveCatalog {
            snapshot: &self.snapshot,
            held: &self.held,
        };
        live.free(id)
    }
}

/// A page of products.
#[derive(Debug)]
pub struct Shelf<'a> {
    /// By title.
    pub products: Vec<&'a Product>,
    /// How many there are on all pages.
    pub found: usize,
}

/// Something that keeps a cart from being ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopProblem {
    /// `name`, `phone`, `address`, `token`, `lines`, or `line 2` for the second line.
    pub field: String,
    /// What is wrong and what to do.
    pub text: String,
}

/// A cart with who orders it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShopOrder {
    /// What is wanted.
    pub lines: Vec<OrderLine>,
    /// The buyer's name.
    pub name: String,
    /// As typed.
    pub phone: String,
    /// As typed.
    pub address: String,
    /// The coupon of the checkout URL: for the seller to look at.
    pub coupon: String,
    /// A word to the seller.
    pub note: String,
}

/// What came of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// It is a draft order, now or since an earlier tap on the same form.
    Placed(DraftOrderId),
    /// It is not, and why.
    Refused(Vec<ShopProblem>),
}

impl ShopView {
    /// The seller's rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.snapshot.policy
    }

    /// Name, country, currency.
    #[must_use]
    pub fn profile(&self) -> &SellerProfile {
        &self.snapshot.profile
    }

    /// When this is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The categories in use, by name.
    #[must_use]
    pub fn categories(&self) -> Vec<&str> {
        let named = self.snapshot.catalog.products();
        let mut all: Vec<&str> = named.filter_map(|p| p.category.as_deref()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The products with every word of `search` in title, other names, category or id; `page`
    /// counts from 1.
    #[must_use]
    pub fn shelf(&self, search: &str, category: &str, page: usize, size: usize) -> Shelf<'_> {
        let words: Vec<String> = search
            .to_lowercase()
            .split_whitespace()
            .take(8)
            .map(str::to_owned)
            .collect();
        let mut all: Vec<&Product> = self
            .snapshot
            .catalog
            .products()
            .filter(|p| category.is_empty() || p.category.as_deref() == Some(category))
            .filter(|p| words.is_empty() || mentions(p, &words))
            .collect();
        let found = all.len();
        let by = |a: &&Product, b: &&Product| {
            (&a.title, &a.retailer_id).cmp(&(&b.title, &b.retailer_id))
        };
        // Only what stands before the page's end is sorted: catalogues may be large.
        let end = page.max(1).saturating_mul(size);
        if end < all.len() {
            all.select_nth_unstable_by(end, by);
            all.truncate(end);
        }
        all.sort_unstable_by(by);
        let skipped = end.saturating_sub(size);
        Shelf {
            products: all.into_iter().skip(skipped).collect(),
            found,
        }
    }

    /// Prices and sums of a cart, where every line has a price.
    #[must_use]
    pub fn sums(&self, lines: &[OrderLine]) -> Option<(Vec<PricedLine>, Totals)> {
        let priced: Option<Vec<PricedLine>> = lines
            .iter()
            .map(|line| price_line(line, self, self.now).ok())
            .collect();
        let priced = priced.filter(|lines| !lines.is_empty())?;
        let charges = &self.policy().charges;
        let sums = totals(&priced, charges, self.profile().currency).ok()?;
        Some((priced, sums))
    }

    /// The phone number in E.164, read as numbers in messages are.
    #[must_use]
    pub fn phone(&self, typed: &str) -> Option<String> {
        let country = &self.profile().country;
        let found = parser::contact::find(typed, Some(country)).phone?;
        Some(found.value)
    }

    /// Everything that keeps the cart from being ordered; empty: nothing.
    #[must_use]
    pub fn problems(&self, order: &ShopOrder) -> Vec<ShopProblem> {
        let mut found = self.line_problems(&order.lines);
        let mut add = |field: &str, text: &str| {
            found.push(ShopProblem {
                field: field.to_owned(),
                text: text.to_owned(),
            });
        };
        let long = |text: &str, chars_max| text.chars().count() > chars_max;
        if order.name.trim().is_empty() {
            add("name", "Write your name");
        }
        if long(&order.name, SHORT_CHARS_MAX) {
            add("name", "Write a shorter name, at most 120 characters");
        }
        let phone = order.phone.trim();
        if phone.is_empty() {
            if self.policy().require_phone {
                add("phone", "Write your phone number");
            }
        } else if self.phone(phone).is_none() {
            add(
                "phone",
                "This is no phone number; write it with its country code, such as +1 202 555 0143",
            );
        }
        if order.address.trim().is_empty() && self.policy().require_address {
            add("address", "Write the address to deliver to");
        }
        if long(&order.address, LONG_CHARS_MAX) {
            add("address", "Write a shorter address, at most 500 characters");
        }
        if long(&order.note, LONG_CHARS_MAX) {
            add("note", "Write a shorter note, at most 500 characters");
        }
        if long(&order.coupon, SHORT_CHARS_MAX) {
            add("coupon", "This coupon is too long");
        }
        found
    }

    /// What is wrong with the lines.
    #[must_use]
    pub fn line_problems(&self, lines: &[OrderLine]) -> Vec<ShopProblem> {
        let mut found = Vec::new();
        let mut add = |field: String, text: String| found.push(ShopProblem { field, text });
        if lines.is_empty() {
            let text = "The cart is empty; choose a product first";
            add("lines".to_owned(), text.to_owned());
        }
        if lines.len() > ITEMS_MAX {
            let text = format!("The cart takes {ITEMS_MAX} items at most");
            add("lines".to_owned(), text);
        }
        for (i, line) in lines.iter().enumerate() {
            let field = format!("line {}", i + 1);
            let Some(product) = self.product(&line.product) else {
                add(field, format!("“{}” is not sold here", line.product));
                continue;
            };
            for text in wrong_choices(product, line) {
                add(field.clone(), text);
            }
            let id = stock_id(product, &line.options);
            let wanted: u64 = lines
                .iter()
                .filter(|other| {
                    self.product(&other.product)
                        .is_some_and(|p| stock_id(p, &other.options) == id)
                })
                .map(|other| u64::from(other.quantity))
                .sum();
            if let Some(free) = self.free(id)
                && wanted > free.max(0).unsigned_abs()
                && !self.policy().oversell
            {
                add(
                    field,
                    match free {
                        ..=0 => format!("“{}” is sold out", product.title),
                        n => format!("Only {n} of “{}” left; lower the quantity", product.title),
                    },
                );
            }
        }
        if lines.len() <= ITEMS_MAX && !lines.is_empty() && self.sums(lines).is_none() {
            let text = "The sum cannot be worked out; lower the quantities";
            found.push(ShopProblem {
                field: "lines".to_owned(),
                text: text.to_owned(),
            });
        }
        found
    }
}

fn mentions(product: &Product, words: &[String]) -> bool {
    let mut text = product.title.to_lowercase();
    for more in product
        .aliases
        .iter()
        .map(String::as_str)
        .chain(product.category.as_deref())
        .chain([product.retailer_id.as_str()])
    {
        text.push('\n');
        text.push_str(&more.to_lowercase());
    }
    words.iter().all(|word| text.contains(word))
}

fn wrong_choices(product: &Product, line: &OrderLine) -> Vec<String> {
    let mut wrong = Vec::new();
    if line.quantity == 0 || line.quantity > QUANTITY_MAX {
        wrong.push(format!("Choose a quantity from 1 to {QUANTITY_MAX}"));
    }
    for name in missing_options(product, &line.options) {
        wrong.push(format!("Choose {name} for “{}”", product.title));
    }
    for choice in &line.options {
        let option = product.option(&choice.name);
        // What a variant settles counts, also where the product lists no such option.
        let of_variant = product.variants.iter().any(|v| {
            v.values
                .iter()
                .any(|(name, value)| *name == choice.name && *value == choice.value)
        });
        let known = option.is_some_and(|o| o.values.iter().any(|v| v.value == choice.value));
        let again = line.options.iter().filter(|o| o.name == choice.name);
        if !known && !of_variant {
            wrong.push(format!(
                "“{}” does not come with this {}",
                product.title, choice.name
            ));
        } else if !option.is_some_and(|o| o.multiple) && again.count() > 1 {
            wrong.push(format!("Choose one {} only", choice.name));
        }
    }
    wrong.dedup();
    wrong
}

impl Engine {
    /// The seller's catalogue as a buyer may see it now.
    pub async fn shop_view(&self, seller: &Seller) -> Result<ShopView, StoreError> {
        let snapshot = self.snapshot_of(seller).await?;
        let held = self.held(&snapshot).await?;
        Ok(ShopView {
            snapshot,
            held,
            now: self.now(),
        })
    }

    /// What makes a second tap on the same form the same order: the id that its draft order gets.
    #[must_use]
    pub fn shop_token(&self) -> DraftOrderId {
        let millis = self.now().0.max(0).unsigned_abs();
        let nanos = u32::try_from(millis % 1_000).unwrap_or(0) * 1_000_000;
        let at = uuid::Timestamp::from_unix(uuid::NoContext, millis / 1_000, nanos);
        DraftOrderId(Uuid::new_v7(at))
    }

    /// A draft order of the shop front.
    pub async fn shop_draft(
        &self,
        seller: &Seller,
        id: DraftOrderId,
    ) -> Result<Option<DraftRow>, StoreError> {
        let row = self.store().seller(seller.id).draft_order(id).await?;
        Ok(row.filter(|row| row.message_source == SOURCE))
    }

    /// Makes a draft order of a cart, once for each token.
    pub async fn place_shop_order(
        &self,
        seller: &Seller,
        token: DraftOrderId,
        order: &ShopOrder,
    ) -> Result<Placement, ActionError> {
        if self.shop_draft(seller, token).await?.is_some() {
            return Ok(Placement::Placed(token));
        }
        let view = self.shop_view(seller).await?;
        let mut problems = view.problems(order);
        if !is_fresh(token, view.now) {
            problems.push(ShopProblem {
                field: "token".to_owned(),
                text: "This page was open for too long; check it and order again".to_owned(),
            });
        }
        if !problems.is_empty() {
            return Ok(Placement::Refused(problems));
        }
        let effects = placed(&view, token, order);
        let store = self.store().seller(seller.id);
        // `false`: another tap was quicker.
        let new = store
            .apply_for_new_customer(&effects, view.now)
            .await
            .map_err(commit_failed)?;
        if new {
            self.tell_applied(seller.id, &effects);
        }
        Ok(Placement::Placed(token))
    }
}

/// Whether the token is one that [`Engine::shop_token`] made lately.
fn is_fresh(token: DraftOrderId, now: Timestamp) -> bool {
    let made = token.0.get_timestamp().map(|at| {
        let (seconds, nanos) = at.to_unix();
        i64::try_from(seconds)
            .unwrap_or(0)
            .saturating_mul(1_000)
            .saturating_add(i64::from(nanos / 1_000_000))
    });
    token.0.get_version_num() == 7
        && made.is_some_and(|made| {
            let age = now.0.saturating_sub(made);
            (-Timestamp::MINUTE..TOKEN_MS).contains(&age)
        })
}

/// What a cart without problems leads to: a customer, a draft order for the seller's tap, a notice.
fn placed(view: &ShopView, token: DraftOrderId, order: &ShopOrder) -> LaneEffects {
    let now = view.now;
    let mid = format!("shop:{token}");
    let origin = Origin::Message { mid: mid.clone() };
    let details = details_of(view, order, &mid);
    let sums = view.sums(&order.lines);
    let (priced, sums) = sums.map_or((Vec::new(), None), |(p, t)| (p, Some(t)));
    let coupon = order.coupon.trim();
    let remarks: Vec<String> = [
        (!coupon.is_empty()).then(|| format!("coupon {coupon}")),
        (!order.note.trim().is_empty()).then(|| order.note.trim().to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let remarks = remarks.join("; ");
    let draft = DraftOrder {
        id: token,
        stage: Stage::AwaitingSeller,
        stage_since: now,
        opened_at: now,
        lines: priced
            .iter()
            .zip(&order.lines)
            .map(|(priced, line)| DraftLine {
                line: line.clone(),
                confidence: 1.0,
                missing: Vec::new(),
                added_by: origin.clone(),
                changed_by: Vec::new(),
                title: priced.title.clone(),
                unit_price: Some(priced.unit_price),
            })
            .collect(),
        revision: 1,
        confidence: 1.0,
        unresolved: Vec::new(),
        agreed: Some(1),
        charges: None,
        totals: sums,
        details: details.clone(),
        mids: vec![mid],
        note: (!remarks.is_empty()).then(|| remarks.clone()),
        reason: None,
    };
    let step = |from, event, to, why: String| Transition {
        draft_order: Some(token),
        from,
        event,
        to: Some(to),
        by: Actor::Customer,
        at: now,
        why,
    };
    let why = if remarks.is_empty() {
        "ordered in the shop front".to_owned()
    } else {
        format!("ordered in the shop front; {remarks}")
    };
    let mut notice = notification(&Notice::DraftReady { draft_order: token }, None);
    if !coupon.is_empty() {
        notice.text = format!("{} The buyer has the coupon {coupon}.", notice.text);
    }
    // A buyer of the shop front has no account; the id follows from the token, so that a second
    // tap meets the first.
    let customer = CustomerId(token.0);
    LaneEffects {
        seller_id: Some(view.snapshot.id),
        customer: Some(CustomerWrite {
            id: customer,
            account_id: None,
            channel: Channel::Instagram,
            external_id: None,
            username: None,
            language: None,
        }),
        details: changes_of(&details),
        drafts: vec![DraftWrite {
            draft,
            account_id: None,
            conversation_id: None,
            customer_id: Some(customer),
            message_source: SOURCE.to_owned(),
            currency: view.profile().currency,
        }],
        transitions: vec![
            step(None, DraftEvent::Note, Stage::Open, why.clone()),
            step(
                Some(Stage::Open),
                DraftEvent::PassToSeller,
                Stage::AwaitingSeller,
                why,
            ),
        ],
        notifications: vec![notice],
        ..LaneEffects::default()
    }
}

fn details_of(view: &ShopView, order: &ShopOrder, mid: &str) -> Details {
    let mut details = Details::default();
    let phone = view.phone(&order.phone).unwrap_or_default();
    for (kind, value) in [
        (DetailKind::Name, order.name.trim()),
        (DetailKind::Phone, phone.as_str()),
        (DetailKind::Address, order.address.trim()),
    ] {
        if !value.is_empty() {
            let detail = Detail {
                value: value.to_owned(),
                source: DetailSource::Message {
                    mid: mid.to_owned(),
                },
                at: view.now,
            };
            details.learn(kind, detail);
        }
    }
    details
}

fn changes_of(details: &Details) -> Vec<DetailChange> {
    DetailKind::ALL
        .into_iter()
        .filter_map(|kind| {
            Some(DetailChange {
                kind,
                detail: Some(details.get(kind)?.clone()),
            })
        })
        .collect()
}
