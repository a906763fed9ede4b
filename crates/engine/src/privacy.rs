//! Meta's deauthorisation and data-deletion callbacks, and forgetting by age.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use meta::signed_request::{self, Refused, SignedRequest};
use store::{AccountState, DataDeletionRequest, Erased, NewNotification, StoreError};
use tracing::info;

use crate::engine::Engine;
use crate::error::EngineError;
use crate::keyring::fill_random;
use crate::tasks::Step;

/// Counters of the hours are kept for so many days.
const COUNTERS_DAYS: u32 = 30;

/// Why a callback was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    /// Not signed by our app: answer 403.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store: answer 503, Meta comes again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    fn verify_request(&self, signed: &str) -> Result<SignedRequest, Refused> {
        let secrets = self.config().secrets.list();
        signed_request::verify(secrets.iter().map(|s| &s.secret), signed)
    }

    /// A person removed our app: the accounts that they connected lose their tokens and wait to be
    /// connected again; history stays. How many accounts.
    pub async fn deauthorize(&self, signed: &str) -> Result<u64, CallbackError> {
        let person = self.verify_request(signed)?.user_id;
        let now = self.now();
        let mut count = 0;
        for account in self.store().system().accounts().await? {
            let theirs = account.app_scoped_id.as_deref() == Some(&person)
                || account.instagram_account_id.as_deref() == Some(&person)
                || connected_by(&account.settings).as_deref() == Some(&person);
            if !theirs || account.state == AccountState::Disconnected {
                continue;
            }
            let store = self.store().seller(account.seller_id);
            let why = "the app was removed in Instagram or Facebook; connect again to go on";
            store
                .set_account_state(account.id, AccountState::Disconnected, Some(why), now)
                .await?;
            let told = NewNotification {
                kind: "needs_reconnect".to_owned(),
                text: format!("{}: {why}.", account.name),
                subject_kind: Some("channel_account".to_owned()),
                subject_id: Some(account.id.to_string()),
            };
            store.notify(&told, now).await?;
            count += 1;
        }
        info!(accounts = count, "deauthorisation callback");
        Ok(count)
    }

    /// A person asks for their data to be deleted: it is erased from every table at once. The code
    /// under which the status page shows it.
    pub async fn delete_person(&self, signed: &str) -> Result<String, CallbackError> {
        let person = self.verify_request(signed)?.user_id;
        let mut bytes = [0; 12];
        fill_random(&mut bytes);
        let code = URL_SAFE_NO_PAD.encode(bytes);
        let now = self.now();
        self.store()
            .system()
            .add_data_deletion(&code, &person, now)
            .await?;
        let erased = self.erase_person(&person).await?;
        let detail = serde_json::to_string(&erased).unwrap_or_default();
        self.store()
            .system()
            .complete_data_deletion(&code, &detail, self.now())
            .await?;
        Ok(code)
    }

    /// What became of a deletion request.
    pub async fn deletion_status(
        &self,
        code: &str,
    ) -> Result<Option<DataDeletionRequest>, StoreError> {
        self.store().system().data_deletion(code).await
    }

    /// Erases a person, by the id that a channel knows them by, from every table.
    pub async fn erase_person(&self, external_id: &str) -> Result<Erased, StoreError> {
        self.store()
            .system()
            .erase_person(external_id, self.now())
            .await
    }

    /// Forgets raw events and message texts by age, some at a time.
    pub async fn retention_step(&self) -> Result<Step, EngineError> {
        let retention = self.config().retention;
        let now = self.now();
        let system = self.store().system();
        let mut gone = system.purge_sessions(now).await?;
        let cutoff = |days: u32| now.plus(-i64::from(days) * Timestamp::DAY);
        // The doctor looks back a day at most.
        gone += system.purge_counters(cutoff(COUNTERS_DAYS)).await?;
        if let Some(days) = retention.events_days {
            gone += system.purge_events(cutoff(days)).await?;
        }
        if let Some(days) = retention.texts_days {
            let purged = system.purge_texts(cutoff(days), now).await?;
            gone += purged.messages + purged.outbox;
        }
        Ok(Step::of(usize::try_from(gone).unwrap_or(usize::MAX)))
    }
}

/// Who connected an account, by Meta's id of the person; the connection flow notes it in the
/// account's settings.
fn connected_by(settings: &str) -> Option<String> {
    let settings: serde_json::Value = serde_json::from_str(settings).ok()?;
    Some(settings.get("connected_by")?.as_str()?.to_owned())
}
