//! What the API answers with: plain shapes of their own, so that what is stored may change.

use domain::customer::{DetailSource, Details};
use domain::draft::{Actor, DraftLine, Origin};
use domain::order::PricedLine;
use domain::order::totals::Totals;
use domain::reading::OptionChoice;
use domain::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An amount of money.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct MoneyOut {
    /// The amount as a decimal.
    #[schema(example = "1250.50")]
    pub amount: String,
    /// The amount in minor units.
    #[schema(example = 125_050)]
    pub minor: i64,
    /// ISO 4217.
    #[schema(example = "LKR")]
    pub currency: String,
}

impl From<Money> for MoneyOut {
    fn from(money: Money) -> Self {
        Self {
            amount: money.decimal(),
            minor: money.minor,
            currency: money.currency.code().to_owned(),
        }
    }
}

/// A time as the API writes it: RFC 3339 in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    at.rfc3339()
}

/// One chosen value of an option.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Choice {
    /// The option's name.
    #[schema(example = "size")]
    pub name: String,
    /// The value.
    #[schema(example = "M")]
    pub value: String,
    /// "No onions".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
    /// `extra` or `light`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// How often ("double egg" is 2); 1 unless said.
    #[serde(default = "one")]
    pub count: u32,
}

const fn one() -> u32 {
    1
}

impl From<&OptionChoice> for Choice {
    fn from(choice: &OptionChoice) -> Self {
        use domain::reading::Amount;
        Self {
            name: choice.name.clone(),
            value: choice.value.clone(),
            negated: choice.negated,
            amount: choice.amount.map(|amount| {
                match amount {
                    Amount::Extra => "extra",
                    Amount::Light => "light",
                }
                .to_owned()
            }),
            count: choice.count,
        }
    }
}

/// A line of a draft order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DraftLineOut {
    /// The product's `retailer_id`.
    pub product: String,
    /// The product's title.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// The choices.
    pub options: Vec<Choice>,
    /// The price of one; null when the product is no longer in the catalog.
    pub unit_price: Option<MoneyOut>,
    /// How sure the reading is, 0 to 1.
    pub confidence: f32,
    /// Required options that nobody gave.
    pub missing: Vec<String>,
    /// The message it came from, by Meta's id; null: the seller's own hand.
    pub from_message: Option<String>,
}

impl From<&DraftLine> for DraftLineOut {
    fn from(line: &DraftLine) -> Self {
        Self {
            product: line.line.product.to_string(),
            title: line.title.clone(),
            quantity: line.line.quantity,
            options: line.line.options.iter().map(Choice::from).collect(),
            unit_price: line.unit_price.map(MoneyOut::from),
            confidence: line.confidence,
            missing: line.missing.clone(),
            from_message: match &line.added_by {
                Origin::Message { mid } => Some(mid.clone()),
                Origin::Seller => None,
            },
        }
    }
}

/// A line of an order, its price as it was at confirmation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderLineOut {
    /// The product's `retailer_id`.
    pub product: String,
    /// The variant's `retailer_id`, where variants are told apart.
    pub variant: Option<String>,
    /// The title.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// The choices.
    pub options: Vec<Choice>,
    /// The price of one.
    pub unit_price: MoneyOut,
    /// The line's sum.
    pub total: MoneyOut,
}

impl From<&PricedLine> for OrderLineOut {
    fn from(line: &PricedLine) -> Self {
        Self {
            product: line.product.to_string(),
            variant: line.variant.as_ref().map(ToString::to_string),
            title: line.title.clone(),
            quantity: line.quantity,
            options: line.options.iter().map(Choice::from).collect(),
            unit_price: line.unit_price.into(),
            total: line.total.into(),
        }
    }
}

/// The sums.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalsOut {
    /// The lines.
    pub subtotal: MoneyOut,
    /// Taken off.
    pub discount: MoneyOut,
    /// Delivery.
    pub delivery: MoneyOut,
    /// Tax.
    pub tax: MoneyOut,
    /// Whether the tax is contained in the other figures.
    pub tax_inclusive: bool,
    /// What the customer pays.
    pub total: MoneyOut,
}

impl From<&Totals> for TotalsOut {
    fn from(totals: &Totals) -> Self {
        Self {
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            delivery: totals.delivery.into(),
            tax: totals.tax.into(),
            tax_inclusive: totals.tax_inclusive,
            total: totals.total.into(),
        }
    }
}

/// A customer's detail with where it comes from.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DetailOut {
    /// The value: a phone number in E.164, ...
    pub value: String,
    /// `message` or `seller`.
    pub source: &'static str,
    /// The message, by Meta's id.
    pub from_message: Option<String>,
    /// When.
    pub at: String,
}

/// What is known of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DetailsOut {
    /// The name.
    pub name: Option<DetailOut>,
    /// The phone number.
    pub phone: Option<DetailOut>,
    /// The e-mail address.
    pub email: Option<DetailOut>,
    /// The postal address.
    pub address: Option<DetailOut>,
}

impl From<&Details> for DetailsOut {
    fn from(details: &Details) -> Self {
        let out = |detail: &Option<domain::customer::Detail>| {
            detail.as_ref().map(|detail| {
                let (source, from_message) = match &detail.source {
                    DetailSource::Message { mid } => ("message", Some(mid.clone())),
                    DetailSource::Seller => ("seller", None),
                };
                DetailOut {
                    value: detail.value.clone(),
                    source,
                    from_message,
                    at: time(detail.at),
                }
            })
        };
        Self {
            name: out(&details.name),
            phone: out(&details.phone),
            email: out(&details.email),
            address: out(&details.address),
        }
    }
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActorOut {
    /// `customer`, `automation`, `member` or `clock`.
    pub who: &'static str,
    /// The member; null: through an API key or on the phone.
    pub member_id: Option<Uuid>,
}

impl From<&Actor> for ActorOut {
    fn from(actor: &Actor) -> Self {
        let (who, member_id) = match actor {
            Actor::Customer => ("customer", None),
            Actor::Automation => ("automation", None),
            Actor::Member { id } => ("member", id.map(|id| id.0)),
            Actor::Clock => ("clock", None),
        };
        Self { who, member_id }
    }
}
