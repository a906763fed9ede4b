//! Customers and what is known of them, with where each detail came from.

use domain::customer::{Detail, DetailKind, DetailSource, Details};
use domain::{AccountId, Channel, CustomerId, Timestamp};
use uuid::Uuid;

use crate::column::row;
use crate::db::{Link, all, first, on, run};
use crate::{Page, SellerStore, StoreError};

row! {
    pub(crate) struct CustomerRow {
        pub(crate) id: CustomerId,
        pub(crate) account_id: Option<AccountId>,
        pub(crate) channel: Channel,
        pub(crate) external_id: Option<String>,
        pub(crate) username: Option<String>,
        pub(crate) profile_name: Option<String>,
        pub(crate) profiled_at: Option<Timestamp>,
        pub(crate) language: Option<String>,
        pub(crate) created_at: Timestamp,
    }
}

row! {
    struct DetailRow {
        customer_id: Uuid,
        kind: String,
        value: String,
        source: String,
        mid: Option<String>,
        at: Timestamp,
    }
}

/// A person who writes to a seller.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// The account it writes to.
    pub account_id: Option<AccountId>,
    /// Where.
    pub channel: Channel,
    /// Its id there.
    pub external_id: Option<String>,
    /// Its handle.
    pub username: Option<String>,
    /// The name on its profile.
    pub profile_name: Option<String>,
    /// When the profile was read.
    pub profiled_at: Option<Timestamp>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// When it first wrote.
    pub created_at: Timestamp,
    /// Name, phone, e-mail, address.
    pub details: Details,
}

/// Which customers.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Words of the handle, name, phone or e-mail.
    pub search: Option<String>,
    /// After this one (`Page::next`).
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Customer {
    pub(crate) fn without_details(row: CustomerRow) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            channel: row.channel,
            external_id: row.external_id,
            username: row.username,
            profile_name: row.profile_name,
            profiled_at: row.profiled_at,
            language: row.language,
            created_at: row.created_at,
            details: Details::default(),
        }
    }
}

/// Puts a stored detail into its place; an unknown kind (of a newer version) is left out.
fn place(details: &mut Details, row: DetailRow) {
    let detail = Detail {
        value: row.value,
        source: match row.mid {
            Some(mid) if row.source == "message" => DetailSource::Message { mid },
            _ => DetailSource::Seller,
        },
        at: row.at,
    };
    match row.kind.as_str() {
        "name" => details.name = Some(detail),
        "phone" => details.phone = Some(detail),
        "email" => details.email = Some(detail),
        "address" => details.address = Some(detail),
        _ => {}
    }
}

/// The customers of these rows with their details.
pub(crate) async fn with_details(
    link: &mut Link,
    rows: Vec<CustomerRow>,
) -> Result<Vec<Customer>, StoreError> {
    let mut customers: Vec<Customer> = rows.into_iter().map(Customer::without_details).collect();
    if customers.is_empty() {
        return Ok(customers);
    }
    let ids: Vec<Uuid> = customers.iter().map(|c| c.id.0).collect();
    let rows: Vec<DetailRow> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT customer_id, kind, value, source, mid, at FROM customer_details \
             WHERE customer_id",
        );
        crate::db::Dialect::push_uuids(&mut query, &ids);
        query.build_query_as().fetch_all(c).await
    })?;
    for row in rows {
        if let Some(customer) = customers.iter_mut().find(|c| c.id.0 == row.customer_id) {
            place(&mut customer.details, row);
        }
    }
    Ok(customers)
}

/// Sets or takes away one detail. What the seller set is only changed by the seller.
pub(crate) async fn write_detail(
    link: &mut Link,
    seller: Uuid,
    customer: CustomerId,
    kind: DetailKind,
    detail: Option<&Detail>,
) -> Result<(), StoreError> {
    let Some(detail) = detail else {
        run!(
            link,
            "DELETE FROM customer_details WHERE seller_id = $1 AND customer_id = $2 AND kind = $3",
            seller,
            customer.0,
            kind.as_str()
        )?;
        return Ok(());
    };
    let (source, mid) = match &detail.source {
        DetailSource::Message { mid } => ("message", Some(mid.as_str())),
        DetailSource::Seller => ("seller", None),
    };
    run!(
        link,
        "INSERT INTO customer_details (customer_id, kind, seller_id, value, source, mid, at) \
         SELECT id, $3, seller_id, $4, $5, $6, $7 FROM customers WHERE seller_id = $1 AND id = $2 \
         ON CONFLICT (customer_id, kind) DO UPDATE SET value = excluded.value, \
         source = excluded.source, mid = excluded.mid, at = excluded.at \
         WHERE customer_details.source <> 'seller' OR excluded.source = 'seller'",
        seller,
        customer.0,
        kind.as_str(),
        crate::column::text(&detail.value),
        source,
        mid,
        detail.at.0
    )?;
    Ok(())
}

impl SellerStore<'_> {
    /// One customer.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        let mut link = self.store.db.read().await?;
        let row = first!(
            link,
            CustomerRow,
            "SELECT * FROM customers WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )?;
        Ok(with_details(&mut link, row.into_iter().collect())
            .await?
            .pop())
    }

    /// Customers, the newest first.
    pub async fn customers(&self, filter: &CustomerFilter) -> Result<Page<Customer>, StoreError> {
        let mut link = self.store.db.read().await?;
        let after = filter
            .after
            .as_deref()
            .and_then(|id| id.parse().ok())
            .unwrap_or(Uuid::max());
        let like = filter.search.as_deref().map(crate::products::like);
        let limit = i64::from(filter.limit.clamp(1, 1000));
        let rows = all!(
            link,
            CustomerRow,
            "SELECT * FROM customers c WHERE seller_id = $1 AND id < $2 AND ($3 IS NULL \
             OR LOWER(username) LIKE $3 ESCAPE '!' OR LOWER(profile_name) LIKE $3 ESCAPE '!' \
             OR EXISTS (SELECT 1 FROM customer_details d WHERE d.customer_id = c.id \
             AND LOWER(d.value) LIKE $3 ESCAPE '!')) ORDER BY id DESC LIMIT $4",
            self.id.0,
            after,
            like.clone(),
            limit
        )?;
        let next = (rows.len() as i64 == limit)
            .then(|| rows.last().map(|r| r.id.to_string()))
            .flatten();
        Ok(Page {
            rows: with_details(&mut link, rows).await?,
            next,
        })
    }

    /// Several customers by their ids.
    pub async fn customers_by_id(&self, ids: &[CustomerId]) -> Result<Vec<Customer>, StoreError> {
        let mut link = self.store.db.read().await?;
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(first!(
                link,
                CustomerRow,
                "SELECT * FROM customers WHERE seller_id = $1 AND id = $2",
                self.id.0,
                id.0
            )?);
        }
        with_details(&mut link, rows).await
    }

    /// Keeps what the channel says of the customer.
    pub async fn set_profile(
        &self,
        id: CustomerId,
        username: Option<&str>,
        profile_name: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE customers SET username = COALESCE($3, username), \
             profile_name = COALESCE($4, profile_name), profiled_at = $5, updated_at = $5 \
             WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0,
            username,
            profile_name,
            now.0
        )?;
        Ok(())
    }
}
