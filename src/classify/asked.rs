//! What was asked of the MX hosts, and so how far a word on the protection of mail goes. The only place that knows these words.

use super::assessment::{Assessment, DaneState};

/// Whether the MX hosts themselves were asked. A figure or sentence on protection says by these words what it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// Over SMTP: whether they offer TLS with a valid certificate.
    pub smtp: bool,
    /// For TLSA records: whether DANE protects mail to them.
    pub dane: Dane,
}

/// What is known of DANE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dane {
    /// Nobody looked.
    #[default]
    NotLookedUp,
    /// It was looked up, of each of many domains.
    LookedUp,
    /// Of the one domain that is spoken of.
    Is(DaneState),
}

/// How the catalogue, which is about no scan, words the exception that DANE makes.
const UNLESS_DANE: &str = "unless DANE protects it";

impl Asked {
    /// What was asked of the MX hosts of one domain.
    pub fn of(assessment: &Assessment) -> Self {
        Self { smtp: assessment.mx_tls.is_some(), dane: assessment.dane_state.map_or(Dane::NotLookedUp, Dane::Is) }
    }

    /// What was asked in a scan: whether there is a domain whose MX hosts were asked over SMTP, and one of which TLSA was looked up.
    pub const fn of_scan(smtp: bool, dane: bool) -> Self {
        Self { smtp, dane: if dane { Dane::LookedUp } else { Dane::NotLookedUp } }
    }

    /// What was asked everywhere: of several domains or in several scans.
    pub fn everywhere(asked: impl IntoIterator<Item = Self>) -> Self {
        let asked: Vec<Self> = asked.into_iter().collect();
        let all = |is: fn(&Self) -> bool| !asked.is_empty() && asked.iter().all(is);
        Self::of_scan(all(|asked| asked.smtp), all(|asked| asked.dane != Dane::NotLookedUp))
    }

    /// What a verdict rests on that says that senders deliver under the policy.
    pub const fn basis(self) -> &'static str {
        if self.smtp { "as tested with the MX hosts" } else { "by policy; MX hosts not tested" }
    }

    /// What a verdict has to leave open that says that MTA-STS does not protect.
    pub const fn exception(self) -> &'static str {
        match (self.dane, self.smtp) {
            (Dane::NotLookedUp, _) => "unless DANE protects it, which was not looked up",
            (Dane::LookedUp, _) => UNLESS_DANE,
            (Dane::Is(DaneState::Valid), true) => "except from senders that validate DANE",
            (Dane::Is(DaneState::Valid), false) => "except from senders that validate DANE (TLSA records published, not tested)",
            (Dane::Is(DaneState::Partial), true) => "except from senders that validate DANE, to some of the MX hosts",
            (Dane::Is(DaneState::Partial), false) => {
                "except from senders that validate DANE, to some of the MX hosts (TLSA records published, not tested)"
            }
            (Dane::Is(DaneState::Mismatch), _) => "and senders that validate DANE refuse an MX host",
            (Dane::Is(DaneState::Absent | DaneState::Unusable | DaneState::Insecure), _) => "and DANE does not protect it either",
            (Dane::Is(DaneState::Bogus | DaneState::Unknown), _) => "unless DANE protects it, which could not be determined",
        }
    }

    /// A text of the catalogue where it is shown of a scan: the exception that it makes for DANE becomes that of the scan.
    pub fn specify(self, text: &str) -> String {
        text.replace(UNLESS_DANE, self.exception())
    }

    /// How far a scan went towards the mail servers.
    pub const fn conduct(self) -> &'static str {
        if self.smtp {
            "no mail was sent; MX hosts were asked on port 25 for TLS only"
        } else {
            "no mail was sent and no connection made to port 25"
        }
    }

    /// What has to be known of figures on what senders do with mail.
    pub const fn figures(self) -> &'static str {
        if self.smtp {
            "what senders do with mail: as tested with the MX hosts"
        } else {
            "what senders do with mail: by policy; MX hosts not tested"
        }
    }

    /// What has to be known of all figures on protection.
    pub fn note(self) -> String {
        let untested = if self.dane != Dane::NotLookedUp && !self.smtp { "; TLSA records are published, not tested" } else { "" };
        format!(
            "protected means {}; a domain that is not protected by MTA-STS is open to attack {}{untested}",
            self.basis(),
            Self { dane: if self.dane == Dane::NotLookedUp { self.dane } else { Dane::LookedUp }, ..self }.exception()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{MxTls, catalogue};

    #[test]
    fn words_say_what_they_rest_on() {
        let nothing = Asked::default();
        assert_eq!(nothing.basis(), "by policy; MX hosts not tested");
        assert_eq!(nothing.exception(), "unless DANE protects it, which was not looked up");
        assert_eq!(
            nothing.specify("Mail is open, unless DANE protects it."),
            "Mail is open, unless DANE protects it, which was not looked up."
        );
        let both = Asked::of_scan(true, true);
        assert!(!both.note().contains("not tested") && !both.note().contains("not looked up"));
        assert!(Asked::of_scan(false, true).note().ends_with("; TLSA records are published, not tested"));
    }

    #[test]
    fn what_was_asked_stands_in_the_columns() {
        let assessed = |mx_tls, dane_state| Asked::of(&Assessment { mx_tls, dane_state, ..Assessment::default() });
        let nothing = assessed(None, None);
        assert_eq!(nothing, Asked::default());
        let published = assessed(None, Some(DaneState::Valid));
        assert_eq!(published.exception(), "except from senders that validate DANE (TLSA records published, not tested)");
        let tested = assessed(Some(MxTls::All), Some(DaneState::Valid));
        assert_eq!((tested.basis(), tested.exception()), ("as tested with the MX hosts", "except from senders that validate DANE"));
        assert_eq!(Asked::everywhere([published, tested]), Asked::of_scan(false, true));
        assert_eq!(Asked::everywhere([nothing, tested]), Asked::default());
        assert_eq!(Asked::everywhere([]), Asked::default());
        for state in DaneState::ALL {
            let open = assessed(None, Some(*state)).specify("Mail is not protected, unless DANE protects it.");
            assert!(open.starts_with("Mail is not protected, ") && !open.contains("not looked up"), "{open}");
        }
    }

    #[test]
    fn the_catalogue_says_of_no_mail_that_nothing_protects_it() {
        let claims = ["not protected", "accept any certificate", "read the mail", "unprotected", "without protection"];
        for code in catalogue() {
            let rule = code.rule();
            for text in [rule.summary, rule.effect, rule.remedy] {
                let claimed = claims.iter().any(|claim| text.contains(claim));
                assert!(!claimed || text.contains(UNLESS_DANE), "{code}: {text}");
            }
        }
    }
}
