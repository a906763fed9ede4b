//! Products on the dashboard: list and form.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::ProductId;
use domain::catalog::{Product, ProductStatus};
use maud::html;
use serde::Deserialize;
use store::{ProductFilter, ProductRow};

use super::product_form::read_form;
use super::viewer::{PageError, PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::pages::product_pages::{self, ProductForm, ProductItem};
use crate::problem::Problem;
use crate::products;
use crate::state::AppState;

const PAGE_ROWS: u32 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: String,
    cursor: Option<String>,
}

/// `GET /products`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let archived = query.show == "archived";
    let search = query.q.trim();
    let filter = ProductFilter {
        search: (!search.is_empty()).then(|| search.to_owned()),
        status: Some(if archived {
            ProductStatus::Archived
        } else {
            ProductStatus::Active
        }),
        after: query.cursor,
        limit: PAGE_ROWS,
    };
    let found = state
        .store()
        .seller(viewer.member.seller)
        .products(&filter)
        .await?;
    let now = state.now();
    let items: Vec<ProductItem> = found.rows.iter().map(|row| item(row, now)).collect();
    let frame = viewer.frame(&state).await?;
    let body = product_pages::list(&items, search, archived, found.next.as_deref());
    let page = Page {
        title: "Products",
        tab: Tab::Products,
        live: "products",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

fn item(row: &ProductRow, now: domain::Timestamp) -> ProductItem {
    let product = row.for_sale();
    let variants: Option<i64> = product
        .variants
        .iter()
        .map(|variant| variant.stock)
        .try_fold(0_i64, |sum, stock| stock.map(|n| sum.saturating_add(n)));
    let stock = if product.variants.is_empty() {
        product.stock
    } else {
        variants
    };
    let choices: Vec<String> = product
        .options
        .iter()
        .map(|option| {
            let values: Vec<&str> = option.values.iter().map(|v| v.value.as_str()).collect();
            format!("{}: {}", option.name, values.join(", "))
        })
        .collect();
    ProductItem {
        id: row.id,
        price: product.price_at(now),
        image: product
            .image_urls
            .first()
            .filter(|url| products::is_web_address(url))
            .cloned(),
        stock,
        summary: if choices.is_empty() {
            product.retailer_id.to_string()
        } else {
            choices.join(" · ")
        },
        title: product.title,
    }
}

/// `GET /products/new`
pub(super) async fn new_form(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let mut form = ProductForm::default();
    form.values.insert("availability".into(), "in stock".into());
    show_form(
        &state,
        &viewer,
        StatusCode::OK,
        None,
        ProductStatus::Active,
        &form,
    )
    .await
}

/// `GET /products/{id}`
pub(super) async fn form(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<ProductId>,
) -> PageResult {
    let row = find(&state, &viewer.member, id).await?;
    let form = ProductForm::of(&row.product);
    show_form(
        &state,
        &viewer,
        StatusCode::OK,
        Some(id),
        row.product.status,
        &form,
    )
    .await
}

async fn find(
    state: &AppState,
    member: &crate::access::Member,
    id: ProductId,
) -> Result<ProductRow, PageError> {
    let row = state.store().seller(member.seller).product(id).await?;
    row.ok_or_else(|| Problem::not_found("product").into())
}

async fn show_form(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    id: Option<ProductId>,
    offered: ProductStatus,
    form: &ProductForm,
) -> PageResult {
    let currency = state
        .store()
        .seller(viewer.member.seller)
        .get()
        .await?
        .currency;
    let frame = viewer.frame(state).await?;
    let waiting = match id {
        Some(id) => super::waiting::waiting(state, viewer, id).await?,
        None => None,
    };
    let body = html! {
        (product_pages::form(&frame, id, offered, form, currency.code()))
        @if let Some(waiting) = &waiting { (crate::pages::waiting::section(waiting)) }
    };
    let title = if id.is_some() {
        "Product"
    } else {
        "New product"
    };
    let page = Page {
        title,
        tab: Tab::Products,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /products/new`
pub(super) async fn create(State(state): State<AppState>, posted: Posted) -> PageResult {
    save(&state, &posted, None).await
}

/// `POST /products/{id}`
pub(super) async fn update(
    State(state): State<AppState>,
    Path(id): Path<ProductId>,
    posted: Posted,
) -> PageResult {
    save(&state, &posted, Some(id)).await
}

async fn save(state: &AppState, posted: &Posted, id: Option<ProductId>) -> PageResult {
    let seller = posted.member.seller;
    let before = match id {
        Some(id) => Some(find(state, &posted.member, id).await?.product),
        None => None,
    };
    let offered = before
        .as_ref()
        .map_or(ProductStatus::Active, |product| product.status);
    let currency = state.store().seller(seller).get().await?.currency;
    let mut form = ProductForm {
        values: posted.fields.map(),
        ..ProductForm::default()
    };
    if let Some(product) = read_form(&mut form, currency, before.as_ref()) {
        let saved = match id {
            Some(id) => products::replace(state, seller, id, &product).await,
            None => products::create(state, seller, &product).await.map(drop),
        };
        match saved {
            Ok(()) => {
                let note = Note::good(format!("{} is saved.", product.title));
                return Ok(go(state, "/products", &note));
            }
            Err(problem) if problem.status < 500 => {
                let field = match problem.errors.first() {
                    Some(error) if error.field == "image_urls" => "images",
                    Some(error) if error.field == "options" => "options",
                    Some(error) if error.field == "variants" => "variants",
                    _ => "retailer_id",
                };
                let detail = problem
                    .errors
                    .first()
                    .map_or(problem.detail.clone(), |e| e.detail.clone());
                form.errors.insert(field.into(), detail);
            }
            Err(problem) => return Err(problem.into()),
        }
    }
    show_form(
        state,
        &posted.viewer(),
        StatusCode::UNPROCESSABLE_ENTITY,
        id,
        offered,
        &form,
    )
    .await
}

/// `POST /products/{id}/status`
pub(super) async fn set_status(
    State(state): State<AppState>,
    Path(id): Path<ProductId>,
    posted: Posted,
) -> PageResult {
    let product = find(&state, &posted.member, id).await?.product;
    let status = crate::api::products::read_status(posted.fields.get("status"))?;
    let title = product.title.clone();
    products::replace(
        &state,
        posted.member.seller,
        id,
        &Product { status, ..product },
    )
    .await?;
    let text = match status {
        ProductStatus::Active => format!("{title} is offered again."),
        ProductStatus::Archived => format!("{title} is archived."),
    };
    let note = Note::good(text).with_link("Look at it", format!("/products/{id}"));
    Ok(go(&state, "/products", &note))
}
