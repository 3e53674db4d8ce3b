//! Whether a resolver validates DNSSEC, which no resolver says of itself: it is asked for a signed, an unsigned and a bogus name before a scan
//! (RFC 4035 section 3.2.3, RFC 6840 section 5.7).

use std::net::SocketAddr;

use futures_util::future::join_all;

use super::attempt::RetryConfig;
use super::exchange::{Channel, is_local, rcode_name};
use super::message::{NOERROR, NXDOMAIN, Question, SERVFAIL};
use crate::words;

const TYPE_NS: u16 = 2;
const TYPE_SOA: u16 = 6;

/// Names by which it shows whether a resolver validates. Of each kind one is enough, in case that another is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationNames {
    /// Zones that are signed.
    pub signed: Vec<String>,
    /// Zones that are not.
    pub unsigned: Vec<String>,
    /// Zones whose signatures are wrong on purpose.
    pub bogus: Vec<String>,
}

impl Default for ValidationNames {
    fn default() -> Self {
        let names = |names: [&str; 2]| names.map(str::to_owned).into();
        Self {
            signed: names([".", "com"]),
            unsigned: names(["google.com", "amazon.com"]),
            bogus: names(["dnssec-failed.org", "rhybar.cz"]),
        }
    }
}

/// By what it is told whether a resolver validates.
#[derive(Clone, Copy, Debug)]
pub enum ValidationTest<'n> {
    /// By three names.
    Names(&'n ValidationNames),
    /// By one question, to a resolver that is trusted: the AD bit in its answer for the root's name servers.
    Root,
}

/// What a resolver says of a name, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Response code.
    pub(super) rcode: u16,
    /// AD bit.
    pub(super) authenticated: bool,
}

impl ValidationTest<'_> {
    /// What shows that a resolver does not validate, if something does; `ask` asks it for records of a type.
    pub(super) async fn run(self, ask: impl AsyncFn(&str, u16) -> Result<Said, String>) -> Result<(), String> {
        let names = match self {
            Self::Root => return Kind::Signed.try_name(".", TYPE_NS, &ask).await,
            Self::Names(names) => names,
        };
        let (signed, unsigned, bogus) = tokio::join!(
            Kind::Signed.try_any(&names.signed, &ask),
            Kind::Unsigned.try_any(&names.unsigned, &ask),
            Kind::Bogus.try_any(&names.bogus, &ask),
        );
        signed.and(bogus).and(unsigned)
    }
}

/// How a name is signed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Signed,
    Unsigned,
    Bogus,
}

impl Kind {
    /// What is wrong with what a resolver says of the last of these names, unless it is right for one of them.
    async fn try_any(self, names: &[String], ask: &impl AsyncFn(&str, u16) -> Result<Said, String>) -> Result<(), String> {
        let mut verdict = Ok(());
        for name in names {
            verdict = self.try_name(name, TYPE_SOA, ask).await;
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }

    async fn try_name(self, name: &str, record_type: u16, ask: &impl AsyncFn(&str, u16) -> Result<Said, String>) -> Result<(), String> {
        let Said { rcode, authenticated } = ask(name, record_type).await.map_err(|why| format!("{why} when asked for {name}"))?;
        let answers = matches!(rcode, NOERROR | NXDOMAIN);
        match self {
            Self::Signed if answers && authenticated => Ok(()),
            Self::Unsigned if answers && !authenticated => Ok(()),
            Self::Bogus if rcode == SERVFAIL => Ok(()),
            Self::Signed if answers => Err(format!("does not validate DNSSEC: no AD bit in its answer for {name}, which is signed")),
            Self::Unsigned if answers => Err(format!("sets the AD bit for {name}, which is not signed")),
            Self::Bogus if rcode == NXDOMAIN => Err(format!(
                "says that {name} does not exist, so that it does not show whether it validates; --trust-resolvers asks for less"
            )),
            Self::Bogus if answers => Err(format!("does not validate DNSSEC: it answers for {name}, whose signatures are wrong")),
            _ => Err(format!("answers {} when asked for {name}", rcode_name(rcode))),
        }
    }
}

/// Tries each of some resolvers that are asked in the clear; with what shows that one does not validate. Runs in any tokio runtime with IO and
/// time.
pub async fn validate(resolvers: &[SocketAddr], retry: RetryConfig, test: ValidationTest<'_>) -> Vec<(SocketAddr, Result<(), String>)> {
    let each = resolvers.iter().map(async |&resolver| {
        let ask = async |name: &str, record_type: u16| said(resolver, retry, &Question::new(name, record_type)?).await;
        (resolver, test.run(ask).await)
    });
    join_all(each).await
}

/// What a resolver says, over TCP where it does not fit a datagram; as often and as long as `retry` says.
async fn said(resolver: SocketAddr, retry: RetryConfig, question: &Question) -> Result<Said, String> {
    let (mut channel, mut why) = (Channel::Udp, String::new());
    for _ in 0..=retry.tries {
        match channel.ask_within(retry.timeout, resolver, question, false).await {
            Ok(message) if message.header.is_truncated() && channel == Channel::Udp => channel = Channel::Tcp,
            Ok(message) => return Ok(Said { rcode: message.rcode, authenticated: message.header.is_authenticated() }),
            Err(error) => {
                why = words::system(&error);
                if is_local(&error) {
                    break;
                }
            }
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::message::REFUSED;
    use super::*;

    fn names(signed: &[&str], unsigned: &[&str], bogus: &[&str]) -> ValidationNames {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        ValidationNames { signed: owned(signed), unsigned: owned(unsigned), bogus: owned(bogus) }
    }

    async fn verdict(test: ValidationTest<'_>, said: impl Fn(&str) -> Result<(u16, bool), String>) -> (Result<(), String>, Vec<String>) {
        let asked = RefCell::new(Vec::new());
        let ask = async |name: &str, _: u16| {
            asked.borrow_mut().push(name.to_owned());
            said(name).map(|(rcode, authenticated)| Said { rcode, authenticated })
        };
        (test.run(ask).await, asked.into_inner())
    }

    /// What a resolver that validates says.
    fn right(name: &str) -> Result<(u16, bool), String> {
        Ok(match name {
            "." | "com" | "signed.test" => (NOERROR, true),
            "google.com" | "amazon.com" | "unsigned.test" => (NOERROR, false),
            _ => (SERVFAIL, false),
        })
    }

    #[tokio::test]
    async fn who_validates_is_asked_three_questions() {
        let names = ValidationNames::default();
        let (validates, mut asked) = verdict(ValidationTest::Names(&names), right).await;
        asked.sort();
        assert_eq!((validates, asked), (Ok(()), [".", "dnssec-failed.org", "google.com"].map(str::to_owned).into()));
    }

    #[tokio::test]
    async fn who_does_not_validate_is_found_out() {
        let names = names(&["signed.test"], &["unsigned.test"], &["bogus.test"]);
        let said = async |name: &'static str, says: Result<(u16, bool), String>| {
            let said = |asked: &str| if asked == name { says.clone() } else { right(asked) };
            verdict(ValidationTest::Names(&names), said).await.0.unwrap_err()
        };
        assert_eq!(
            said("signed.test", Ok((NOERROR, false))).await,
            "does not validate DNSSEC: no AD bit in its answer for signed.test, which is signed"
        );
        assert_eq!(said("unsigned.test", Ok((NOERROR, true))).await, "sets the AD bit for unsigned.test, which is not signed");
        assert!(said("bogus.test", Ok((NOERROR, false))).await.contains("it answers for bogus.test, whose signatures are wrong"));
        assert!(said("bogus.test", Ok((NXDOMAIN, true))).await.starts_with("says that bogus.test does not exist"));
        assert_eq!(said("bogus.test", Ok((REFUSED, false))).await, "answers REFUSED when asked for bogus.test");
        assert_eq!(said("signed.test", Ok((SERVFAIL, false))).await, "answers SERVFAIL when asked for signed.test");
        assert_eq!(said("unsigned.test", Err("no answer in time".to_owned())).await, "no answer in time when asked for unsigned.test");
    }

    #[tokio::test]
    async fn a_name_that_is_not_what_it_was_has_another_behind_it() {
        let names = names(&["gone.test", "signed.test"], &["signed.test", "unsigned.test"], &["unsigned.test", "bogus.test"]);
        let (validates, asked) = verdict(ValidationTest::Names(&names), right).await;
        assert_eq!((validates, asked.len()), (Ok(()), 6));
    }

    #[tokio::test]
    async fn whom_the_user_trusts_is_asked_one_question() {
        assert_eq!(verdict(ValidationTest::Root, right).await, (Ok(()), vec![".".to_owned()]));
        assert!(verdict(ValidationTest::Root, |_| Ok((NOERROR, false))).await.0.is_err());
    }
}
