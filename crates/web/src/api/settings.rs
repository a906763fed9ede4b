//! `/api/v1/settings`: the seller and its policy.

use axum::extract::State;
use domain::order::totals::{Charges, Delivery, Discount, Tax};
use domain::policy::{Confirmation, Policy};
use serde::{Deserialize, Serialize};
use store::Seller;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::Json;
use crate::problem::{FieldError, Problem};
use crate::settings::policy_of;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(get_settings))
        .routes(routes!(replace_policy))
        .routes(routes!(set_domain, remove_domain))
}

/// The seller's rules for conversations and orders.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyShape {
    /// What a customer's yes leads to: `seller_confirms`, `auto_confirm` or `draft_only`.
    #[schema(example = "seller_confirms")]
    pub confirmation: String,
    /// For `auto_confirm`: the least confidence of every line, 0 to 1.
    #[serde(default)]
    pub auto_confirm_min_confidence: Option<f32>,
    /// For `auto_confirm`: the largest total, in minor units.
    #[serde(default)]
    pub auto_confirm_max_total_minor: Option<i64>,
    /// Whether an order needs a phone number.
    pub require_phone: bool,
    /// Whether an order needs a delivery address.
    pub require_address: bool,
    /// Whether an order needs the customer's name.
    pub require_name: bool,
    /// Whether more may be sold than is in stock without asking.
    pub oversell: bool,
    /// The delivery fee, in minor units; null: none.
    #[serde(default)]
    pub delivery_fee_minor: Option<i64>,
    /// Free delivery from this sum of lines, in minor units.
    #[serde(default)]
    pub delivery_free_from_minor: Option<i64>,
    /// A standing discount, in hundredths of a percent.
    #[serde(default)]
    pub discount_basis_points: Option<u32>,
    /// The tax rate, in hundredths of a percent: 1,800 is 18 %.
    #[serde(default)]
    pub tax_basis_points: Option<u32>,
    /// Whether prices contain the tax already.
    #[serde(default)]
    pub tax_inclusive: bool,
    /// How long the automation keeps quiet after a person replied, in milliseconds.
    pub hand_over_ms: i64,
    /// How long an unanswered question waits before the seller is told, in milliseconds.
    pub question_ms: i64,
    /// How long a read-back is good for, in milliseconds.
    pub confirmation_ms: i64,
    /// How long an open draft order lives, in milliseconds.
    pub open_ms: i64,
    /// How long a draft order waits for the seller, in milliseconds.
    pub seller_ms: i64,
    /// Whether a person's reply may go out after 24 hours (needs Meta's Human Agent feature).
    pub human_agent: bool,
}

impl From<&Policy> for PolicyShape {
    fn from(policy: &Policy) -> Self {
        let (confirmation, min_confidence, max_total) = match policy.confirmation {
            Confirmation::SellerConfirms => ("seller_confirms", None, None),
            Confirmation::AutoConfirm {
                min_confidence,
                max_total_minor,
            } => ("auto_confirm", Some(min_confidence), Some(max_total_minor)),
            Confirmation::DraftOnly => ("draft_only", None, None),
        };
        Self {
            confirmation: confirmation.to_owned(),
            auto_confirm_min_confidence: min_confidence,
            auto_confirm_max_total_minor: max_total,
            require_phone: policy.require_phone,
            require_address: policy.require_address,
            require_name: policy.require_name,
            oversell: policy.oversell,
            delivery_fee_minor: policy.charges.delivery.map(|d| d.fee_minor),
            delivery_free_from_minor: policy.charges.delivery.and_then(|d| d.free_from_minor),
            discount_basis_points: policy.charges.discount.and_then(|d| match d {
                Discount::Share { basis_points } => Some(basis_points),
                Discount::Amount { .. } => None,
            }),
            tax_basis_points: policy.charges.tax.map(|t| t.basis_points),
            tax_inclusive: policy.charges.tax.is_some_and(|t| t.inclusive),
            hand_over_ms: policy.hand_over_ms,
            question_ms: policy.question_ms,
            confirmation_ms: policy.confirmation_ms,
            open_ms: policy.open_ms,
            seller_ms: policy.seller_ms,
            human_agent: policy.human_agent,
        }
    }
}

impl PolicyShape {
    /// The policy, on top of what `before` holds besides.
    fn read(self, before: &Policy) -> Result<Policy, Problem> {
        let mut errors = Vec::new();
        let mut check = |right: bool, field: &str, detail: &str| {
            if !right {
                errors.push(FieldError {
                    field: field.to_owned(),
                    detail: detail.to_owned(),
                });
            }
        };
        let confidence = self.auto_confirm_min_confidence.unwrap_or(0.95);
        let total = self.auto_confirm_max_total_minor.unwrap_or(0);
        check(
            (0.0..=1.0).contains(&confidence),
            "auto_confirm_min_confidence",
            "use a number from 0 to 1",
        );
        check(total >= 0, "auto_confirm_max_total_minor", "use 0 or more");
        check(
            self.delivery_fee_minor.is_none_or(|fee| fee >= 0),
            "delivery_fee_minor",
            "use 0 or more",
        );
        check(
            self.delivery_free_from_minor.is_none_or(|sum| sum >= 0),
            "delivery_free_from_minor",
            "use 0 or more",
        );
        check(
            self.discount_basis_points
                .is_none_or(|share| share <= 10_000),
            "discount_basis_points",
            "use 0 to 10,000",
        );
        check(
            self.tax_basis_points.is_none_or(|rate| rate <= 10_000),
            "tax_basis_points",
            "use 0 to 10,000",
        );
        let confirmation = match self.confirmation.as_str() {
            "seller_confirms" => Confirmation::SellerConfirms,
            "auto_confirm" => Confirmation::AutoConfirm {
                min_confidence: confidence,
                max_total_minor: total,
            },
            "draft_only" => Confirmation::DraftOnly,
            _ => {
                check(
                    false,
                    "confirmation",
                    "use seller_confirms, auto_confirm or draft_only",
                );
                Confirmation::SellerConfirms
            }
        };
        if !errors.is_empty() {
            return Err(Problem {
                errors,
                ..Problem::unprocessable("Some settings cannot be taken; see `errors`.")
            });
        }
        Ok(Policy {
            confirmation,
            require_phone: self.require_phone,
            require_address: self.require_address,
            require_name: self.require_name,
            oversell: self.oversell,
            charges: Charges {
                discount: self
                    .discount_basis_points
                    .map(|basis_points| Discount::Share { basis_points }),
                delivery: self.delivery_fee_minor.map(|fee_minor| Delivery {
                    fee_minor,
                    free_from_minor: self.delivery_free_from_minor,
                }),
                tax: self.tax_basis_points.map(|basis_points| Tax {
                    basis_points,
                    inclusive: self.tax_inclusive,
                }),
            },
            hand_over_ms: self.hand_over_ms,
            question_ms: self.question_ms,
            confirmation_ms: self.confirmation_ms,
            open_ms: self.open_ms,
            seller_ms: self.seller_ms,
            human_agent: self.human_agent,
            ..before.clone()
        })
    }
}

/// The seller and its policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsOut {
    /// The seller's id.
    pub seller_id: Uuid,
    /// The shop's name.
    pub name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// ISO 4217, of every price.
    pub currency: String,
    /// ISO 639-1.
    pub language: String,
    /// The public address of the shop front; null while the server has none.
    pub shop_url: Option<String>,
    /// The seller's own domain for it.
    pub domain: Option<String>,
    /// The rules.
    pub policy: PolicyShape,
}

fn out(state: &AppState, seller: &Seller) -> SettingsOut {
    SettingsOut {
        seller_id: seller.id.0,
        name: seller.name.clone(),
        country: seller.country.clone(),
        currency: seller.currency.code().to_owned(),
        language: seller.language.clone(),
        shop_url: state.engine().shop_url(seller),
        domain: seller.domain.clone(),
        policy: (&policy_of(seller)).into(),
    }
}

/// Get the settings.
#[utoipa::path(
    get, path = "/settings", tag = "settings",
    responses((status = 200, body = SettingsOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_settings(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<SettingsOut>, Problem> {
    let seller = state.store().seller(caller.seller).get().await?;
    Ok(axum::Json(out(&state, &seller)))
}

/// Replace the policy.
#[utoipa::path(
    put, path = "/settings/policy", tag = "settings", request_body = PolicyShape,
    responses((status = 200, body = SettingsOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn replace_policy(
    State(state): State<AppState>,
    caller: Caller,
    Json(shape): Json<PolicyShape>,
) -> Result<axum::Json<SettingsOut>, Problem> {
    let seller = state.store().seller(caller.seller).get().await?;
    let policy = shape.read(&policy_of(&seller))?;
    let seller = state.engine().set_policy(caller.seller, &policy).await?;
    Ok(axum::Json(out(&state, &seller)))
}

/// A domain of the seller's own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainShape {
    /// The name alone.
    #[schema(example = "shop.example.com")]
    pub domain: String,
    /// Set it although the name servers do not show that it leads here: behind a proxy they cannot.
    #[serde(default)]
    pub anyway: bool,
}

/// Make the shop front answer under a domain of the seller's own.
///
/// 422 with the DNS record that is needed while the domain does not lead to this server, and when it
/// is another seller's, an IP address or the server's own name.
#[utoipa::path(
    put, path = "/settings/domain", tag = "settings", request_body = DomainShape,
    responses((status = 200, body = SettingsOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn set_domain(
    State(state): State<AppState>,
    caller: Caller,
    Json(shape): Json<DomainShape>,
) -> Result<axum::Json<SettingsOut>, Problem> {
    let engine = state.engine();
    let seller = engine
        .set_shop_domain(caller.seller, &shape.domain, shape.anyway)
        .await?;
    Ok(axum::Json(out(&state, &seller)))
}

/// Take the domain away: the shop front answers under the server's own address again.
#[utoipa::path(
    delete, path = "/settings/domain", tag = "settings",
    responses((status = 200, body = SettingsOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn remove_domain(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<SettingsOut>, Problem> {
    let seller = state.engine().remove_shop_domain(caller.seller).await?;
    Ok(axum::Json(out(&state, &seller)))
}
