//! Who waits for a product, for its page.

use domain::ProductId;

use super::viewer::{PageError, Viewer};
use crate::pages::waiting::{WaitingItem, WaitingView};
use crate::present;
use crate::state::AppState;

/// So many are shown; the API lists the rest.
const SHOWN: u32 = 100;

/// The waiting list of a product; `None`: nobody is on it.
pub(super) async fn waiting(
    state: &AppState,
    viewer: &Viewer,
    product: ProductId,
) -> Result<Option<WaitingView>, PageError> {
    let seller = state.store().seller(viewer.member.seller);
    let found = seller.waiting_for(product, None, SHOWN).await?;
    let ids: Vec<_> = found.rows.iter().map(|entry| entry.customer_id).collect();
    let customers = seller.customers_by_id(&ids).await?;
    let now = state.now();
    let items: Vec<WaitingItem> = found
        .rows
        .iter()
        .map(|entry| {
            let customer = customers.iter().find(|c| c.id == entry.customer_id);
            WaitingItem {
                name: present::customer_name(customer).0,
                customer: entry.customer_id,
                conversation: entry.conversation_id,
                item: entry.retailer_id.to_string(),
                quantity: entry.quantity,
                state: entry.waiter().state(now),
                since: entry.created_at,
                told_at: entry.notified_at,
            }
        })
        .collect();
    Ok((!items.is_empty()).then_some(WaitingView {
        items,
        more: found.next.is_some(),
    }))
}
