//! The demo's directory: its database and the secrets made for it, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use engine::keyring::Keyring;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::commands::seller::generated_password;

/// What is made once and kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) encryption_key: String,
    pub(super) app_secret: String,
    pub(super) verify_token: String,
    pub(super) access_token: String,
    pub(super) password: String,
}

impl Secrets {
    fn generate() -> Self {
        let random = || Keyring::generate().expose_secret().to_owned();
        let word = || -> String {
            random()
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(32)
                .collect()
        };
        Self {
            encryption_key: random(),
            app_secret: word(),
            verify_token: word(),
            access_token: format!("EAAdemo{}", word()),
            password: generated_password().expose_secret().to_owned(),
        }
    }
}

/// The directory.
pub(super) struct Home {
    directory: PathBuf,
    pub(super) secrets: Secrets,
}

impl Home {
    pub(super) fn open(directory: &Path) -> Result<Self> {
        let shown = directory.display();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .with_context(|| format!("cannot make the directory `{shown}`; use --data-dir"))?;
        let path = directory.join("secrets.json");
        let secrets = if path.exists() {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            serde_json::from_str(&text).with_context(|| {
                format!(
                    "`{}` is damaged; delete the directory to begin again",
                    path.display()
                )
            })?
        } else {
            let secrets = Secrets::generate();
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .with_context(|| format!("cannot write `{}`; use --data-dir", path.display()))?;
            file.write_all(serde_json::to_string_pretty(&secrets)?.as_bytes())?;
            file.sync_all()?;
            secrets
        };
        Ok(Self {
            directory: directory.to_owned(),
            secrets,
        })
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn database_url(&self) -> String {
        format!("sqlite:{}", self.directory.join("eziseller.db").display())
    }
}

#[cfg(test)]
mod tests {
    use super::Home;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn secrets_are_made_once_and_are_the_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let first = Home::open(directory.path()).unwrap();
        let second = Home::open(directory.path()).unwrap();
        assert_eq!(first.secrets.encryption_key, second.secrets.encryption_key);
        let file = directory.path().join("secrets.json");
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
