//! Whether the resolvers are trusted to validate DNSSEC, and whose MX hosts are looked up for TLSA records by that.

use std::net::SocketAddr;

use super::backend::SharedResolver;
use super::plan::{NetworkPlan, ScanError};
use crate::observe::dns::{ValidationNames, ValidationTest, validate};
use crate::observe::scope::Scope;

/// What the resolvers' word on DNSSEC is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Validation {
    /// Whether they are trusted to validate, all of them; `None` where nothing is judged by it and nobody was asked.
    pub(super) validates: Option<bool>,
    /// Whose MX hosts are looked up for TLSA records.
    pub(super) dane: Scope,
    /// What the user should know.
    pub(super) warning: Option<String>,
}

impl Validation {
    /// Finds out what the plan leaves open. `resolvers` are those that are asked in the clear where nothing is `shared`.
    ///
    /// # Errors
    /// If this machine cannot ask.
    pub(super) fn find_out(plan: &NetworkPlan, resolvers: &[SocketAddr], shared: Option<&SharedResolver>) -> Result<Self, ScanError> {
        if plan.dane == Some(Scope::None) {
            return Ok(Self { validates: None, dane: Scope::None, warning: None });
        }
        let doubt = doubt(plan, resolvers, shared)?;
        let validates = Some(doubt.is_none());
        Ok(match (plan.dane, doubt) {
            (chosen, None) => Self { validates, dane: chosen.unwrap_or(plan.dane_if_validated), warning: None },
            (Some(chosen), Some(doubt)) => {
                let warning = format!("what DNSSEC and DANE come to will be unknown (--dane {chosen}): {doubt}");
                Self { validates, dane: chosen, warning: Some(warning) }
            }
            (None, Some(doubt)) => {
                let lab = !plan.overrides.resolvers.is_empty() || plan.overrides.root.is_some();
                let warning = format!("DANE is not looked at (--dane): {doubt}");
                Self { validates, dane: Scope::None, warning: Some(warning).filter(|_| !lab) }
            }
        })
    }
}

/// Why a sender would not take the resolvers' word on DNSSEC, and what helps; `None` where one would.
fn doubt(plan: &NetworkPlan, resolvers: &[SocketAddr], shared: Option<&SharedResolver>) -> Result<Option<String>, ScanError> {
    let (default, overrides) = (ValidationNames::default(), &plan.overrides);
    let names = overrides.validation_names.as_ref();
    let trusted = plan.trust_resolvers || !overrides.resolvers.is_empty() && names.is_none();
    let test = if trusted { ValidationTest::Root } else { ValidationTest::Names(names.unwrap_or(&default)) };
    let verdicts = match shared {
        Some(SharedResolver::Iterative(_)) => {
            return Ok(Some(
                "names that are resolved from the root (--iterative) are not validated; name a resolver that validates".to_owned(),
            ));
        }
        Some(SharedResolver::Encrypted(encrypted)) => super::backend::wait_for(encrypted.validate(test))?,
        None => match resolvers.iter().find(|resolver| !resolver.ip().to_canonical().is_loopback()) {
            Some(far) => {
                return Ok(Some(format!(
                    "what resolver {far} says of DNSSEC could be forged on the way; run a validating one on this machine, or name one by tls:// or https://"
                )));
            }
            None => super::backend::wait_for(validate(resolvers, plan.dns_retry, test))?,
        },
    };
    let wrong = verdicts.into_iter().find_map(|(resolver, verdict)| Some((resolver, verdict.err()?)));
    Ok(wrong.map(|(resolver, why)| format!("resolver {resolver} {why}; name one that validates (--resolver)")))
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A resolver on loopback that says AD for signed names, and SERVFAIL for bogus ones if it `validates`; with what it was asked.
    fn resolver(validates: bool) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let journal = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
                let mut reply = buffer[..length].to_vec();
                let name: String =
                    reply[13..].iter().take_while(|octet| octet.is_ascii_lowercase()).map(|octet| char::from(*octet)).collect();
                // QR, RD, RA; AD; SERVFAIL.
                (reply[2], reply[3]) = match name.as_str() {
                    "bogus" if validates => (0x81, 0x82),
                    "unsigned" | "bogus" => (0x81, 0x80),
                    _ if validates => (0x81, 0xa0),
                    _ => (0x81, 0x80),
                };
                journal.lock().unwrap().push(name);
                socket.send_to(&reply, peer).unwrap();
            }
        });
        (address, asked)
    }

    fn plan(dane: Option<Scope>) -> NetworkPlan {
        let name = |name: &str| vec![format!("{name}.test")];
        let names = ValidationNames { signed: name("signed"), unsigned: name("unsigned"), bogus: name("bogus") };
        let mut plan = NetworkPlan { dane, ..NetworkPlan::default() };
        plan.overrides.validation_names = Some(names);
        plan
    }

    fn found(plan: &NetworkPlan, resolvers: &[SocketAddr]) -> Validation {
        Validation::find_out(plan, resolvers, None).unwrap()
    }

    #[test]
    fn adopters_are_looked_up_where_the_resolver_validates() {
        let (resolver, asked) = resolver(true);
        let trusted = Validation { validates: Some(true), dane: Scope::Adopters, warning: None };
        assert_eq!(found(&plan(None), &[resolver]), trusted);
        assert_eq!(asked.lock().unwrap().len(), 3);
        let all = NetworkPlan { dane_if_validated: Scope::All, ..plan(None) };
        assert_eq!(found(&all, &[resolver]), Validation { dane: Scope::All, ..trusted.clone() });
        assert_eq!(found(&plan(Some(Scope::All)), &[resolver]), Validation { dane: Scope::All, ..trusted });
    }

    #[test]
    fn nobody_is_looked_up_where_one_does_not_unless_that_is_asked_for() {
        let ((good, _), (bad, _)) = (resolver(true), resolver(false));
        let Validation { validates, dane, warning } = found(&plan(None), &[good, bad]);
        let warning = warning.unwrap();
        assert_eq!((validates, dane), (Some(false), Scope::None));
        assert!(warning.starts_with(&format!("DANE is not looked at (--dane): resolver {bad} does not validate DNSSEC")), "{warning}");
        let Validation { validates, dane, warning } = found(&plan(Some(Scope::Adopters)), &[good, bad]);
        assert_eq!((validates, dane), (Some(false), Scope::Adopters));
        assert!(warning.unwrap().contains("will be unknown (--dane adopters)"));
    }

    #[test]
    fn a_resolver_far_away_is_not_asked() {
        let far: SocketAddr = "192.0.2.53:53".parse().unwrap();
        let Validation { validates, dane, warning } = found(&plan(None), &[far]);
        assert_eq!((validates, dane), (Some(false), Scope::None));
        assert!(warning.unwrap().contains("192.0.2.53:53 says of DNSSEC could be forged"));
    }

    #[test]
    fn nothing_is_asked_where_nothing_is_judged_by_it() {
        let (resolver, asked) = resolver(true);
        assert_eq!(found(&plan(Some(Scope::None)), &[resolver]), Validation { validates: None, dane: Scope::None, warning: None });
        assert!(asked.lock().unwrap().is_empty());
    }

    #[test]
    fn whom_the_user_trusts_is_asked_one_question() {
        for (validates, dane) in [(true, Scope::Adopters), (false, Scope::None)] {
            let (resolver, asked) = resolver(validates);
            let trusting = NetworkPlan { trust_resolvers: true, ..plan(None) };
            let found = found(&trusting, &[resolver]);
            assert_eq!((found.validates, found.dane), (Some(validates), dane));
            assert_eq!(*asked.lock().unwrap(), [""], "the root");
        }
    }

    #[test]
    fn in_a_lab_that_does_not_validate_nobody_need_be_told() {
        let (resolver, asked) = resolver(false);
        let mut lab = plan(None);
        (lab.overrides.resolvers, lab.overrides.validation_names) = (vec![resolver], None);
        assert_eq!(found(&lab, &[resolver]), Validation { validates: Some(false), dane: Scope::None, warning: None });
        assert_eq!(*asked.lock().unwrap(), [""]);
    }
}
