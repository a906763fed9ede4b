//! `/api/v1/customers`

use axum::extract::State;
use domain::CustomerId;
use domain::customer::DetailKind;
use serde::{Deserialize, Serialize};
use store::{Customer, CustomerFilter};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::Caller;
use super::extract::{Json, Path, Query};
use super::out::{DetailsOut, time};
use super::paging::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::AppState;

/// The routes.
pub(crate) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_customers))
        .routes(routes!(get_customer))
        .routes(routes!(update_customer))
}

/// A person who writes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerOut {
    /// The id.
    pub id: Uuid,
    /// `instagram`, `messenger` or `whatsapp`.
    pub channel: String,
    /// The id on the channel: scoped to the seller's account.
    pub external_id: Option<String>,
    /// The handle.
    pub username: Option<String>,
    /// The name on the profile.
    pub profile_name: Option<String>,
    /// The language, ISO 639-1.
    pub language: Option<String>,
    /// What is known, and from whom.
    pub details: DetailsOut,
    /// When they first wrote.
    pub created_at: String,
}

impl From<&Customer> for CustomerOut {
    fn from(row: &Customer) -> Self {
        Self {
            id: row.id.0,
            channel: row.channel.to_string(),
            external_id: row.external_id.clone(),
            username: row.username.clone(),
            profile_name: row.profile_name.clone(),
            language: row.language.clone(),
            details: (&row.details).into(),
            created_at: time(row.created_at),
        }
    }
}

/// Which customers.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomersQuery {
    /// Letters of a name, handle, phone number or e-mail address.
    search: Option<String>,
    /// Rows of a page, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List customers, newest first.
#[utoipa::path(
    get, path = "/customers", tag = "customers", params(CustomersQuery),
    responses((status = 200, body = Listing<CustomerOut>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn list_customers(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<CustomersQuery>,
) -> Result<axum::Json<Listing<CustomerOut>>, Problem> {
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let filter = CustomerFilter {
        search: query.search.filter(|text| !text.trim().is_empty()),
        limit: page.rows()?,
        after: page.cursor,
    };
    let found = state
        .store()
        .seller(caller.seller)
        .customers(&filter)
        .await?;
    Ok(axum::Json(Listing {
        items: found.rows.iter().map(CustomerOut::from).collect(),
        next_cursor: found.next,
    }))
}

/// Get a customer.
#[utoipa::path(
    get, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)),
    responses((status = 200, body = CustomerOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn get_customer(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<CustomerOut>, Problem> {
    let row = state
        .store()
        .seller(caller.seller)
        .customer(CustomerId(id))
        .await?;
    let row = row.ok_or_else(|| Problem::not_found("customer"))?;
    Ok(axum::Json((&row).into()))
}

/// Corrections; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct UpdateCustomer {
    /// The name.
    pub name: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The postal address.
    pub address: Option<String>,
}

/// Correct a customer's details. No later message overwrites what is set here.
#[utoipa::path(
    patch, path = "/customers/{id}", tag = "customers", params(("id" = Uuid, Path)), request_body = UpdateCustomer,
    responses((status = 200, body = CustomerOut), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
async fn update_customer(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(change): Json<UpdateCustomer>,
) -> Result<axum::Json<CustomerOut>, Problem> {
    let customer = CustomerId(id);
    let given = [
        (DetailKind::Name, change.name),
        (DetailKind::Phone, change.phone),
        (DetailKind::Email, change.email),
        (DetailKind::Address, change.address),
    ];
    for (kind, value) in given {
        if let Some(value) = value {
            state
                .engine()
                .set_detail(caller.by(), customer, kind, &value)
                .await?;
        }
    }
    let row = state
        .store()
        .seller(caller.seller)
        .customer(customer)
        .await?;
    let row = row.ok_or_else(|| Problem::not_found("customer"))?;
    Ok(axum::Json((&row).into()))
}
