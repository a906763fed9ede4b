//! The use cases of Eziseller: the imperative shell around the pure core.

pub mod clock;
pub mod import;
pub mod keyring;
pub mod tasks;
pub mod testing;
