//! What was asked of the MX hosts, and so how far a word on the protection of mail goes. The only place that knows these words.

use super::assessment::Assessment;

/// Whether the MX hosts themselves were asked. A figure or sentence on protection says by these words what it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// Over SMTP: whether they offer TLS with a valid certificate.
    pub smtp: bool,
    /// For TLSA records: whether DANE protects mail to them.
    pub dane: bool,
}

/// How the catalogue, which is about no scan, words the exception that DANE makes.
const UNLESS_DANE: &str = "unless DANE protects it";

impl Asked {
    /// What a scan asked of MX hosts: nothing, since the probe looks up their addresses only.
    pub const fn of_scans() -> Self {
        Self { smtp: false, dane: false }
    }

    /// What was asked of the MX hosts of one domain.
    pub const fn of(_: &Assessment) -> Self {
        Self::of_scans()
    }

    /// What a verdict rests on that says that senders deliver under the policy.
    pub const fn basis(self) -> &'static str {
        if self.smtp { "as tested with the MX hosts" } else { "by policy; MX hosts not tested" }
    }

    /// What a verdict has to leave open that says that MTA-STS does not protect.
    pub const fn exception(self) -> &'static str {
        if self.dane { "unless DANE protects it" } else { "unless DANE protects it, which was not looked up" }
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
        format!("protected means {}; a domain that is not protected by MTA-STS is open to attack {}", self.basis(), self.exception())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::catalogue;

    #[test]
    fn words_say_what_they_rest_on() {
        let nothing = Asked::of_scans();
        assert_eq!(nothing.basis(), "by policy; MX hosts not tested");
        assert_eq!(nothing.exception(), "unless DANE protects it, which was not looked up");
        assert_eq!(
            nothing.specify("Mail is open, unless DANE protects it."),
            "Mail is open, unless DANE protects it, which was not looked up."
        );
        let both = Asked { smtp: true, dane: true };
        assert!(!both.note().contains("not tested") && !both.note().contains("not looked up"));
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
