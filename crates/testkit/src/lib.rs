//! What tests need around the product: throw-away databases of both kinds, and Meta's own SDK. It
//! knows no other crate of ours: it gives addresses.
//!
//! PostgreSQL is a throw-away cluster made from the `initdb` and `postgres` found on the machine,
//! shared by all test processes and stopped when the last of them is gone; or the server that
//! `EZISELLER_TEST_POSTGRES_URL` names. A machine that has neither fails the tests, saying what to
//! install: nothing is skipped.

mod chance;
mod cluster;
mod database;
mod sdk;

pub use chance::Chance;
pub use cluster::Cluster;
pub use database::{TestDatabase, postgres, sqlite};
pub use sdk::run_with_sdk;

/// Makes of one test body two tests, one on each database.
///
/// ```text
/// testkit::on_both! {
///     async fn orders_are_numbered_without_gaps(db: &TestDatabase) { ... }
/// }
/// ```
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: &TestDatabase) $body:block)*) => {$(
        $(#[$meta])*
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($db: &$crate::TestDatabase) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let database = $crate::sqlite();
                body(&database).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let database = $crate::postgres().await;
                body(&database).await;
            }
        }
    )*};
}
