//! What was asked of the MX hosts, and so how far a word on the protection of mail goes. The only place that knows these words.

use super::assessment::Assessment;

/// Of how many domains something was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Of none.
    #[default]
    None,
    /// Of some, not of others.
    Some,
    /// Of all that it matters for.
    All,
}

impl Reach {
    /// Of one domain.
    const fn of(asked: bool) -> Self {
        if asked { Self::All } else { Self::None }
    }

    /// Of the domains of two sets together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Some }
    }
}

/// Whether the MX hosts themselves were asked. A figure or sentence on protection says by these words what it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// Over SMTP, of the domains with an MTA-STS record: whether they offer TLS with a valid certificate.
    pub smtp: Reach,
    /// For TLSA records, of all domains: whether DANE protects mail to them.
    pub dane: Reach,
}

/// How the catalogue, which is about no scan, words the exception that DANE makes.
const UNLESS_DANE: &str = "unless DANE protects it";

impl Asked {
    /// What was asked of the MX hosts of many domains.
    pub const fn new(smtp: Reach, dane: Reach) -> Self {
        Self { smtp, dane }
    }

    /// What was asked of the MX hosts of one domain.
    pub const fn of(assessment: &Assessment) -> Self {
        Self { smtp: Reach::of(assessment.mx_tls.is_some()), dane: Reach::of(assessment.dane_state.is_some()) }
    }

    /// What was asked of several sets of domains together; nothing of none.
    pub fn all(each: impl IntoIterator<Item = Self>) -> Self {
        each.into_iter().reduce(|a, b| Self { smtp: a.smtp.and(b.smtp), dane: a.dane.and(b.dane) }).unwrap_or_default()
    }

    /// What a verdict rests on that says that senders deliver under the policy.
    pub const fn basis(self) -> &'static str {
        match self.smtp {
            Reach::None => "by policy; MX hosts not tested",
            Reach::Some => "as tested with the MX hosts where these were asked, else by policy",
            Reach::All => "as tested with the MX hosts",
        }
    }

    /// What a verdict has to leave open that says that MTA-STS does not protect.
    pub const fn exception(self) -> &'static str {
        match self.dane {
            Reach::None => "unless DANE protects it, which was not looked up",
            Reach::Some => "unless DANE protects it, which was not looked up of all domains",
            Reach::All => UNLESS_DANE,
        }
    }

    /// A text of the catalogue where it is shown of a scan: the exception that it makes for DANE becomes that of the scan.
    pub fn specify(self, text: &str) -> String {
        text.replace(UNLESS_DANE, self.exception())
    }

    /// How far a scan went towards the mail servers.
    pub const fn conduct(self) -> &'static str {
        match self.smtp {
            Reach::None => "no mail was sent and no connection made to port 25",
            Reach::Some | Reach::All => "no mail was sent; MX hosts were asked on port 25 for TLS only",
        }
    }

    /// What has to be known of figures on what senders do with mail.
    pub fn figures(self) -> String {
        format!("what senders do with mail: {}", self.basis())
    }

    /// What has to be known of all figures on protection.
    pub fn note(self) -> String {
        format!("protected means {}; a domain that is not protected by MTA-STS is open to attack {}", self.basis(), self.exception())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{DaneState, MxTls, catalogue};

    #[test]
    fn words_say_what_they_rest_on() {
        let nothing = Asked::default();
        assert_eq!(nothing.basis(), "by policy; MX hosts not tested");
        assert_eq!(nothing.exception(), "unless DANE protects it, which was not looked up");
        assert_eq!(
            nothing.specify("Mail is open, unless DANE protects it."),
            "Mail is open, unless DANE protects it, which was not looked up."
        );
        let both = Asked::new(Reach::All, Reach::All);
        assert!(!both.note().contains("not tested") && !both.note().contains("not looked up"));
        assert_eq!((Asked::all([both, both]), Asked::all([])), (both, nothing));
        let mixed = Asked::all([both, nothing]);
        assert!(mixed.note().contains("else by policy") && mixed.note().contains("not looked up of all domains"));
    }

    #[test]
    fn a_domain_is_asked_where_its_columns_say_so() {
        let mut assessment = Assessment::default();
        assert_eq!(Asked::of(&assessment), Asked::default());
        assessment.mx_tls = Some(MxTls::Unknown);
        assert_eq!(Asked::of(&assessment), Asked::new(Reach::All, Reach::None));
        assessment.dane_state = Some(DaneState::Unknown);
        assert_eq!(Asked::of(&assessment), Asked::new(Reach::All, Reach::All));
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
