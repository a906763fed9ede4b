//! What is stored of the conversations that claimed events belong to: account, seller, customer,
//! conversation.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::{AccountId, CustomerId, SellerId};
use uuid::Uuid;

use super::{Lane, PendingEvent};
use crate::column::row;
use crate::customers::CustomerRow;
use crate::db::{Dialect, Link, by_pairs, on};
use crate::{ChannelAccount, Conversation, Customer, Seller, StoreError};

row! {
    struct IdOwner {
        external_id: String,
        account_id: AccountId,
    }
}

/// Adds to each lane its account, seller, customer and conversation.
pub(super) async fn with_context(
    link: &mut Link,
    lanes: Vec<Vec<PendingEvent>>,
) -> Result<Vec<Lane>, StoreError> {
    let mut out: Vec<Lane> = lanes
        .into_iter()
        .filter_map(|events| {
            let lane = events.first()?.lane.clone();
            Some(Lane {
                lane,
                events,
                account: None,
                seller: None,
                customer: None,
                conversation: None,
            })
        })
        .collect();
    route(link, &mut out).await?;
    find_customers(link, &mut out).await?;
    find_conversations(link, &mut out).await?;
    Ok(out)
}

async fn route(link: &mut Link, lanes: &mut [Lane]) -> Result<(), StoreError> {
    let ids: HashSet<&String> = lanes
        .iter()
        .flat_map(|lane| lane.events.iter().flat_map(|event| &event.account_ids))
        .collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    if ids.is_empty() {
        return Ok(());
    }
    let owners: Vec<IdOwner> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT external_id, account_id FROM channel_account_ids WHERE external_id",
        );
        Dialect::push_texts(&mut query, &ids);
        query.build_query_as().fetch_all(c).await
    })?;
    let owners: HashMap<String, AccountId> = owners
        .into_iter()
        .map(|owner| (owner.external_id, owner.account_id))
        .collect();
    let found: HashSet<Uuid> = owners.values().map(|id| id.0).collect();
    let found: Vec<ChannelAccount> = by_ids(link, "channel_accounts", found).await?;
    let sellers: HashSet<Uuid> = found.iter().map(|account| account.seller_id.0).collect();
    let sellers: Vec<Seller> = by_ids(link, "sellers", sellers).await?;
    let sellers: HashMap<SellerId, Arc<Seller>> = sellers
        .into_iter()
        .map(|seller| (seller.id, Arc::new(seller)))
        .collect();
    let accounts: HashMap<AccountId, (Arc<ChannelAccount>, Arc<Seller>)> = found
        .into_iter()
        .filter_map(|account| {
            let seller = sellers.get(&account.seller_id)?.clone();
            Some((account.id, (Arc::new(account), seller)))
        })
        .collect();
    for lane in lanes {
        let named = lane.events.iter().flat_map(|event| &event.account_ids);
        let found = named
            .filter_map(|id| owners.get(id))
            .find_map(|id| accounts.get(id));
        if let Some((account, seller)) = found {
            lane.account = Some(account.clone());
            lane.seller = Some(seller.clone());
        }
    }
    Ok(())
}

/// Rows of a table by their ids, in one statement: a batch may hold as many accounts as lanes.
async fn by_ids<T: FromRows>(
    link: &mut Link,
    table: &str,
    ids: HashSet<Uuid>,
) -> Result<Vec<T>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    Ok(on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new("SELECT * FROM ");
        query.push(table).push(" WHERE id");
        Dialect::push_uuids(&mut query, &ids);
        query.build_query_as().fetch_all(c).await
    })?)
}

/// Readable from either database.
trait FromRows:
    for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
    + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>
    + Send
    + Unpin
{
}
impl FromRows for ChannelAccount {}
impl FromRows for Seller {}

// `VALUES` goes first and `CROSS JOIN` keeps it there: SQLite answers `(a, b) IN (VALUES ...)` by
// reading the whole table.
async fn find_customers(link: &mut Link, lanes: &mut [Lane]) -> Result<(), StoreError> {
    let keys: Vec<(Uuid, String)> = lanes
        .iter()
        .filter_map(|lane| {
            let party = lane.events.first()?.party_id.clone()?;
            Some((lane.account.as_ref()?.id.0, party))
        })
        .collect();
    let mut found: HashMap<(Uuid, String), Customer> = HashMap::new();
    let rows = by_pairs!(
        link,
        CustomerRow,
        "customers",
        "account_id",
        "external_id",
        keys,
        |b, (account, party)| {
            b.push_bind(*account).push_bind(party.clone());
        }
    );
    for row in rows {
        if let (Some(account), Some(party)) = (row.account_id, row.external_id.clone()) {
            found.insert((account.0, party), Customer::without_details(row));
        }
    }
    for lane in lanes {
        let account = lane.account.as_ref().map(|a| a.id.0);
        let party = lane.events.first().and_then(|e| e.party_id.clone());
        if let (Some(account), Some(party)) = (account, party) {
            lane.customer = found.get(&(account, party)).cloned();
        }
    }
    Ok(())
}

async fn find_conversations(link: &mut Link, lanes: &mut [Lane]) -> Result<(), StoreError> {
    let keys: Vec<(AccountId, CustomerId)> = lanes
        .iter()
        .filter_map(|lane| Some((lane.account.as_ref()?.id, lane.customer.as_ref()?.id)))
        .collect();
    let rows = by_pairs!(
        link,
        Conversation,
        "conversations",
        "account_id",
        "customer_id",
        keys,
        |b, (account, customer)| {
            b.push_bind(account.0).push_bind(customer.0);
        }
    );
    let mut found: HashMap<(AccountId, CustomerId), Conversation> = rows
        .into_iter()
        .map(|c| ((c.account_id, c.customer_id), c))
        .collect();
    for lane in lanes {
        if let (Some(account), Some(customer)) = (&lane.account, &lane.customer) {
            lane.conversation = found.remove(&(account.id, customer.id));
        }
    }
    Ok(())
}
