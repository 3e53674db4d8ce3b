//! The records of a decision: as a BIND snippet, and as lines of CSV for the APIs of DNS providers.

use std::fmt;
use std::net::IpAddr;

use super::decision::{Aliases, Decision, Stage};
use super::reports::Reports;
use crate::escape::csv_field;
use crate::name::{Domain, suffix};

/// Seconds that a record may be cached: an hour is the shortest that RFC 8460 section 7 finds sensible.
const TTL: u32 = 3_600;
/// Octets of a character-string (RFC 1035 section 3.3).
const MAX_STRING: usize = 255;

/// The heading of the CSV.
pub const COLUMNS: &str = "domain,zone,order,action,name,type,ttl,value";

/// Where the tree is served: what the policy hosts lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebServer {
    /// By a name.
    Name(Domain),
    /// By an address.
    Address(IpAddr),
}

impl WebServer {
    /// Reads an address or a name.
    ///
    /// # Errors
    /// Says what is wrong with the name.
    pub fn read(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(address) => Ok(Self::Address(address)),
            Err(_) => match Domain::from_input(text) {
                Ok(name) if name.tld().bytes().all(|byte| byte.is_ascii_digit()) => {
                    Err("neither an address nor a name, whose last label is no number".to_owned())
                }
                Ok(name) => Ok(Self::Name(name)),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

/// What is done with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// It takes the place of whatever has its name and type.
    Set,
    /// It is there already.
    Keep,
    /// It has to go, as nothing else may stand beside it.
    Delete,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set => "set",
            Self::Keep => "keep",
            Self::Delete => "delete",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Data {
    Txt(String),
    Cname(Domain),
    Address(IpAddr),
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Record {
    name: String,
    data: Data,
    change: Change,
}

/// The records of a stage in the order in which they are published. Those of the day on which to go on take what was done for granted.
fn records(decision: &Decision, stage: &Stage, is_later: bool, servers: &[WebServer]) -> Vec<Record> {
    let domain = &decision.domain;
    let unless_later = |change| if is_later { Change::Keep } else { change };
    let aliases = if is_later { Aliases::default() } else { decision.aliases.clone() };
    let mut records = Vec::new();
    let reports = if matches!(decision.reports, Reports::Kept(_)) { Change::Keep } else { Change::Set };
    add_txt(&mut records, domain.tlsrpt_record_name(), decision.reports.record(), unless_later(reports), aliases.reports.as_ref());
    add_servers(&mut records, domain, servers, unless_later(Change::Set), aliases.policy_host.as_ref());
    let change = if is_later || decision.record_changes { Change::Set } else { Change::Keep };
    add_txt(&mut records, domain.sts_record_name(), Some(&stage.record), change, aliases.record.as_ref());
    records
}

fn add_txt(records: &mut Vec<Record>, name: String, text: Option<&str>, change: Change, alias: Option<&Domain>) {
    let Some(text) = text else { return };
    if let Some(alias) = alias {
        // What is kept is kept where it is.
        let change = if change == Change::Set { Change::Delete } else { Change::Keep };
        records.push(Record { name: name.clone(), data: Data::Cname(alias.clone()), change });
        if change == Change::Keep {
            return;
        }
    }
    records.push(Record { name, data: Data::Txt(text.to_owned()), change });
}

fn add_servers(records: &mut Vec<Record>, domain: &Domain, servers: &[WebServer], change: Change, alias: Option<&Domain>) {
    let name = domain.policy_host();
    let has_address = servers.iter().any(|server| matches!(server, WebServer::Address(_)));
    if let Some(alias) = alias.filter(|_| has_address) {
        records.push(Record { name: name.clone(), data: Data::Cname(alias.clone()), change: Change::Delete });
    }
    for server in servers {
        let data = match server {
            WebServer::Name(target) => Data::Cname(target.clone()),
            WebServer::Address(address) => Data::Address(*address),
        };
        records.push(Record { name: name.clone(), data, change });
    }
}

impl Record {
    fn is_alias_of_text(&self) -> bool {
        self.name.starts_with('_') && matches!(self.data, Data::Cname(_))
    }

    fn kind(&self) -> &'static str {
        match self.data {
            Data::Txt(_) => "TXT",
            Data::Cname(_) => "CNAME",
            Data::Address(IpAddr::V4(_)) => "A",
            Data::Address(IpAddr::V6(_)) => "AAAA",
        }
    }

    /// As a provider takes it: text without quotes, names without a final dot.
    fn plain(&self) -> String {
        match &self.data {
            Data::Txt(text) => text.clone(),
            Data::Cname(target) => target.to_string(),
            Data::Address(address) => address.to_string(),
        }
    }

    /// As it stands in a zone file.
    fn line(&self) -> String {
        let data = match &self.data {
            Data::Txt(text) => character_strings(text.as_bytes()),
            Data::Cname(target) => format!("{target}."),
            Data::Address(address) => address.to_string(),
        };
        format!("{}. {TTL} IN {} {data}", self.name, self.kind())
    }
}

/// Strings of 255 octets at most, each in quotes, with everything escaped that a zone file would read otherwise (RFC 1035 section 5.1).
fn character_strings(text: &[u8]) -> String {
    let octet = |&octet: &u8| match octet {
        b'"' | b'\\' => format!("\\{}", char::from(octet)),
        b' '..=b'~' => char::from(octet).to_string(),
        _ => format!("\\{octet:03}"),
    };
    let string = |chunk: &[u8]| format!("\"{}\"", chunk.iter().map(octet).collect::<String>());
    text.chunks(MAX_STRING).map(string).collect::<Vec<_>>().join(" ")
}

/// The snippet for the zone of a domain; `later` is that of the day on which to go on.
pub fn bind(decision: &Decision, stage: &Stage, is_later: bool, servers: &[WebServer]) -> String {
    let domain = &decision.domain;
    let mut text = format!("; {domain}: the order of the steps stands in plan.txt.\n");
    if !is_later && matches!(decision.reports, Reports::Unnamed) {
        text.push_str(&format!("; {}: no mailbox for TLS reports is named (--rua).\n", domain.tlsrpt_record_name()));
    }
    if !is_later && servers.is_empty() && decision.policy_changes {
        text.push_str(&format!("; {}: has to lead to the web server (--web-server).\n", domain.policy_host()));
    }
    for record in records(decision, stage, is_later, servers) {
        match record.change {
            Change::Set => text.push_str(&format!("{}\n", record.line())),
            // What is kept by an alias is kept where the alias leads to.
            Change::Keep if record.is_alias_of_text() => text.push_str(&format!("; Stays as it is: {}\n", record.line())),
            Change::Keep => text.push_str(&format!("; Stays as it is:\n{}\n", record.line())),
            Change::Delete => text.push_str(&format!("; Has to go: {}\n", record.line())),
        }
    }
    text
}

/// The lines of the CSV about a domain.
pub fn csv(decision: &Decision, stage: &Stage, is_later: bool, servers: &[WebServer]) -> String {
    let domain = decision.domain.as_str();
    let zone = suffix::registrable(domain).unwrap_or(domain);
    let line = |(order, record): (usize, Record)| {
        let value = csv_field(&record.plain());
        let kind = record.kind();
        format!("{domain},{zone},{},{},{},{kind},{TTL},{value}\n", order + 1, record.change, record.name)
    };
    records(decision, stage, is_later, servers).into_iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_survive_a_zone_file() {
        assert_eq!(character_strings(b"v=STSv1; id=1;"), "\"v=STSv1; id=1;\"");
        assert_eq!(character_strings(b"a\"b\\c\n\xff"), "\"a\\\"b\\\\c\\010\\255\"");
        let long = character_strings("x".repeat(300).as_bytes());
        assert_eq!(long, format!("\"{}\" \"{}\"", "x".repeat(255), "x".repeat(45)));
    }

    #[test]
    fn a_web_server_is_a_name_or_an_address() {
        assert_eq!(WebServer::read("2001:db8::1"), Ok(WebServer::Address("2001:db8::1".parse().unwrap())));
        assert_eq!(WebServer::read("Web.Example."), Ok(WebServer::Name(Domain::from_a_labels("web.example").unwrap())));
        assert!(WebServer::read("web example").is_err() && WebServer::read("a\nb").is_err());
    }
}
