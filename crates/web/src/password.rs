//! Passwords: argon2id with OWASP's least parameters, off the async threads and bounded in number.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::limits;

/// Checks and makes password hashes. Cheap to clone; all clones share one bound.
#[derive(Debug, Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// Checked when there is no such member, so that a wrong name takes as long as a wrong password.
/// Written out, since making it at every start would cost 19 MiB that stay with an idle server.
/// Nothing rests on its being secret: with nobody to let in, even its own password is refused.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bcDgXTa6nvCliD25d+MNXA$6X4y8FMuWG/oQIBNlakQnoXQ82fVqX0O/Jl0e1fqe48";

/// Too many sign-ins at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in at this moment; try again in a few seconds")]
pub struct Busy;

/// A password that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error(
        "a password needs at least {} characters; three or four words make a good one",
        limits::PASSWORD_CHARS_MIN
    )]
    Short,
    /// Too long.
    #[error("a password has at most {} characters", limits::PASSWORD_CHARS_MAX)]
    Long,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(limits::PASSWORD_CHECKS_MAX)),
            queue: Arc::new(Semaphore::new(limits::PASSWORD_QUEUE_MAX)),
        }
    }
}

impl Passwords {
    /// Whether `password` is the one that `stored` was made from. `None` checks a decoy and says no.
    pub async fn verify(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, Busy> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| DECOY.to_owned());
        let right = self.run(move || verify(&password, &stored)).await?;
        Ok(known && right)
    }

    /// The hash to store for `password`.
    pub async fn hash(&self, password: SecretString) -> Result<String, Busy> {
        self.run(move || hash(&password)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let _place = self.queue.try_acquire().map_err(|_| Busy)?;
        let _turn = self.turns.acquire().await.map_err(|_| Busy)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Busy)
    }
}

/// Accepts a new password's length.
pub fn check_strength(password: &SecretString) -> Result<(), WeakPassword> {
    match password.expose_secret().chars().count() {
        n if n < limits::PASSWORD_CHARS_MIN => Err(WeakPassword::Short),
        n if n > limits::PASSWORD_CHARS_MAX => Err(WeakPassword::Long),
        _ => Ok(()),
    }
}

/// The PHC string of `password` (argon2id, m=19 MiB, t=2, p=1). Blocks for some 30 ms.
pub fn hash(password: &SecretString) -> String {
    Argon2::default()
        .hash_password(password.expose_secret().as_bytes())
        .expect("argon2's own parameters are valid")
        .to_string()
}

fn verify(password: &SecretString, stored: &str) -> bool {
    if password.expose_secret().chars().count() > limits::PASSWORD_CHARS_MAX {
        return false;
    }
    PasswordHash::new(stored).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.expose_secret().as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{Busy, DECOY, Passwords, WeakPassword, check_strength};
    use crate::limits;
    use secrecy::SecretString;

    #[tokio::test]
    async fn only_the_right_password_opens_and_nobody_is_never_let_in() {
        let passwords = Passwords::default();
        let stored = passwords.hash("three blue boats".into()).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        let verify = |p: &str, s: Option<String>| passwords.verify(SecretString::from(p), s);
        assert_eq!(
            verify("three blue boats", Some(stored.clone())).await,
            Ok(true)
        );
        assert_eq!(
            verify("three blue boat", Some(stored.clone())).await,
            Ok(false)
        );
        assert_eq!(verify("nobody has this password", None).await, Ok(false));
        let decoy = verify("nobody has this password", Some(DECOY.to_owned()));
        assert_eq!(
            decoy.await,
            Ok(true),
            "a decoy that cannot be read is refused too fast"
        );
        let cost = |hash: &str| hash.split('$').nth(3).map(str::to_owned);
        assert_eq!(
            cost(DECOY),
            cost(&stored),
            "a decoy costs what a real check costs"
        );
        assert_eq!(verify("x", Some("not a hash".into())).await, Ok(false));
    }

    #[tokio::test]
    async fn a_crowd_is_turned_away_instead_of_filling_memory() {
        let passwords = Passwords::default();
        let _all = passwords
            .queue
            .acquire_many(limits::PASSWORD_QUEUE_MAX as u32)
            .await
            .unwrap();
        assert_eq!(passwords.hash("three blue boats".into()).await, Err(Busy));
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(check_strength(&"short".into()), Err(WeakPassword::Short));
        assert_eq!(
            check_strength(&"x".repeat(201).into()),
            Err(WeakPassword::Long)
        );
        assert_eq!(check_strength(&"ten chars!".into()), Ok(()));
    }
}
