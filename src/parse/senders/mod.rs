//! Senders as they are: a table of how eight implementations read a record and a policy, and two a record of TLS reporting, and the interpreter of that table.
//!
//! Each quirk was observed by giving the implementation's own parser the vectors in `tests/vectors`, or is written in its source.
//! What is modelled is which texts are used and what is read from them; caching, retries and the comparison of certificates are not.

mod fields;
mod policy;
mod quirks;
mod record;
mod reports;
mod table;
mod text;

pub use self::table::Sender;
use self::table::profile;
use super::policy::LenientPolicy;
use crate::evidence::Txt;

impl Sender {
    /// Whether these TXT records at `_mta-sts` make it ask for a policy (RFC 8461 section 3.1 says when it should).
    pub fn finds_record(self, records: &[Txt]) -> bool {
        record::finds(profile(self), records)
    }

    /// The policy it reads from the body of a response with status 200 and this Content-Type; `None` if it uses none.
    pub fn reads_policy(self, body: &[u8], content_type: Option<&[u8]>) -> Option<LenientPolicy> {
        policy::read(profile(self), body, content_type)
    }

    /// Where it would send reports, by these TXT records at `_smtp._tls` (RFC 8460 section 3); empty if it uses none of them, `None` if
    /// how it reads them is not known.
    pub fn sends_reports_to(self, records: &[Txt]) -> Option<Vec<String>> {
        reports::destinations(profile(self), records)
    }

    /// Whether it holds a pattern to cover an MX host; `None` where it leaves the comparison to another program.
    pub fn covers(self, pattern: &str, host: &str) -> Option<bool> {
        profile(self).matching.map(|matching| policy::covers(matching, pattern, host))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts near a record or a policy, with what makes readers stumble.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let pieces = &[
            "v=STSv1",
            "id=1",
            "v=TLSRPTv1",
            "rua",
            "mailto:a",
            ",",
            ";",
            "=",
            ":",
            " ",
            "\t",
            "\r",
            "\n",
            "\r\n",
            "version: STSv1\n",
            "mode: enforce\n",
            "mode: none\n",
            "mx: *.example\n",
            "max_age: 1\n",
            "max_age: 0x",
            "e9",
            "_",
            "\u{85}",
            "\u{feff}",
            "\u{e9}",
        ];
        let piece = prop_oneof![6 => proptest::sample::select(&pieces[..]).prop_map(|p| p.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|b| vec![b])];
        proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(texts in proptest::collection::vec(bytes(), 0..3), body in bytes(), media in bytes(), host in ".{0,9}") {
            let records: Vec<Txt> = texts.into_iter().map(|text| Txt(vec![text])).collect();
            for sender in Sender::ALL {
                sender.finds_record(&records);
                assert!(sender.sends_reports_to(&records).is_none_or(|found| found.iter().all(|uri| uri.contains(':'))));
                for policy in [sender.reads_policy(&body, Some(&media)), sender.reads_policy(&body, Some(b"text/plain"))].into_iter().flatten() {
                    policy.mx.iter().for_each(|pattern| _ = sender.covers(pattern, &host));
                }
            }
        }

        /// The two strict ones accept what the grammar accepts, but for what the table says of them.
        #[test]
        fn who_is_strict_follows_the_grammar(body in bytes()) {
            let parsed = crate::parse::policy::parse(&body);
            let tlspol = Sender::PostfixTlspol.reads_policy(&body, Some(b"text/plain"));
            if let Some(policy) = &tlspol {
                prop_assert!(parsed.valid, "{policy:?}");
            } else if parsed.valid && !body.windows(2).any(|pair| pair == "\u{85}".as_bytes()) {
                prop_assert!(false, "refused");
            }
        }
    }
}
