//! A seller's own domain for the shop front: set, checked, taken away.

use std::net::IpAddr;
use std::time::Duration;

use domain::SellerId;
use domain::shop_domain::ShopDomain;
use store::{Seller, SellerWrite, StoreError};

use crate::Engine;
use crate::error::ActionError;

/// A name server that takes longer has no answer.
const LOOK_UP: Duration = Duration::from_secs(5);

/// What the name servers say of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointing {
    /// Leads to this server.
    Here,
    /// Leads somewhere else: another server, or a proxy in front of this one.
    Elsewhere,
    /// Leads nowhere, or is not known yet.
    Nowhere,
}

fn pointing(theirs: &[IpAddr], ours: &[IpAddr]) -> Pointing {
    if theirs.is_empty() {
        Pointing::Nowhere
    } else if theirs.iter().any(|address| ours.contains(address)) {
        Pointing::Here
    } else {
        Pointing::Elsewhere
    }
}

/// The addresses of a name; none when it has none or nobody answers.
async fn addresses(name: &str) -> Vec<IpAddr> {
    let asked = tokio::net::lookup_host((name, 443));
    match tokio::time::timeout(LOOK_UP, asked).await {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        _ => Vec::new(),
    }
}

fn invalid(problem: impl Into<String>) -> ActionError {
    ActionError::Invalid {
        field: "domain",
        problem: problem.into(),
    }
}

impl Engine {
    /// The host by which this server is reached, where it is set.
    #[must_use]
    pub fn public_host(&self) -> Option<String> {
        let url = self.config().public_url.as_deref()?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        (!host.is_empty()).then(|| host.to_ascii_lowercase())
    }

    /// The record that makes a domain lead here, in words.
    #[must_use]
    pub fn domain_record(&self, domain: &str) -> String {
        match self.public_host() {
            Some(host) => format!(
                "Where {domain} is registered, add a CNAME record that points to {host}. A domain \
                 without a part in front takes no CNAME: use an ALIAS or ANAME record there, or an \
                 A record with this server's IP address"
            ),
            None => format!(
                "Where {domain} is registered, add an A record with this server's IP address"
            ),
        }
    }

    /// Where a domain leads to now, as far as the name servers know.
    pub async fn domain_pointing(&self, domain: &str) -> Pointing {
        let ours = match self.public_host() {
            Some(host) => addresses(&host).await,
            None => Vec::new(),
        };
        pointing(&addresses(domain).await, &ours)
    }

    /// Makes a seller's shop front answer under its own domain, to which all links of the catalogue
    /// lead from then on. Refused while the domain does not lead here, because Meta would find dead
    /// links; `anyway` is for a proxy in front of the server, which hides that it does.
    pub async fn set_shop_domain(
        &self,
        seller: SellerId,
        text: &str,
        anyway: bool,
    ) -> Result<Seller, ActionError> {
        let domain = ShopDomain::parse(text).map_err(|error| invalid(error.to_string()))?;
        if self.public_host().as_deref() == Some(domain.as_str()) {
            return Err(invalid("this is the server's own name; use one of yours"));
        }
        let known = self
            .store()
            .system()
            .seller_by_domain(domain.as_str())
            .await?;
        match known {
            Some(known) if known.id == seller => return Ok(known),
            Some(_) => return Err(taken()),
            None => {}
        }
        if !anyway && self.domain_pointing(domain.as_str()).await != Pointing::Here {
            let record = self.domain_record(domain.as_str());
            return Err(invalid(format!(
                "{domain} does not lead to this server yet. {record}; then wait some minutes and \
                 try again"
            )));
        }
        self.write_domain(seller, Some(domain.to_string())).await
    }

    /// The shop front answers under the server's own address again.
    pub async fn remove_shop_domain(&self, seller: SellerId) -> Result<Seller, ActionError> {
        self.write_domain(seller, None).await
    }

    async fn write_domain(
        &self,
        seller: SellerId,
        domain: Option<String>,
    ) -> Result<Seller, ActionError> {
        let write = SellerWrite {
            domain: Some(domain),
            ..SellerWrite::default()
        };
        let changed = match self.update_seller(seller, &write).await {
            Err(ActionError::Store(StoreError::Taken { .. })) => return Err(taken()),
            other => other?,
        };
        self.sync_soon(seller).await?;
        Ok(changed)
    }

    /// Every item's link has changed: Meta hears of it now rather than at the next usual time.
    async fn sync_soon(&self, seller: SellerId) -> Result<(), ActionError> {
        let (store, now) = (self.store().seller(seller), self.now());
        for mut catalog in store.catalogs().await? {
            if catalog.auto_sync && catalog.status != "disabled" {
                catalog.next_sync_at = Some(now);
                store.put_catalog(&catalog, now).await?;
            }
        }
        Ok(())
    }
}

fn taken() -> ActionError {
    invalid("another shop of this server has this domain; use another one, or ask its operator")
}

#[cfg(test)]
mod tests {
    use super::{Pointing, pointing};

    #[test]
    fn one_common_address_is_enough_and_none_is_nowhere() {
        let ip = |text: &str| text.parse().unwrap();
        let ours = [ip("203.0.113.7"), ip("2001:db8::7")];
        assert_eq!(
            pointing(&[ip("2001:db8::7"), ip("198.51.100.1")], &ours),
            Pointing::Here
        );
        assert_eq!(pointing(&[ip("198.51.100.1")], &ours), Pointing::Elsewhere);
        assert_eq!(pointing(&[], &ours), Pointing::Nowhere);
        assert_eq!(pointing(&[ip("203.0.113.7")], &[]), Pointing::Elsewhere);
    }
}
