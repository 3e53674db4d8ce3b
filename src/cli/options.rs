//! What was typed: the options of `scan` and `check`, on the command line or in a TOML file.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser as _};

use super::values::{
    Pauses, address, dataset_path, decimal_rate, duration, in_flight, layout, local_path, names, names_or_none, pauses, port, rate, scope,
    whole,
};
use crate::dataset::Layout;
use crate::observe::scope::Scope;

/// Declares the options once, for the command line (`--config` reads them as if typed) and for laying one over the other.
macro_rules! options {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Args, Clone, Debug, Default, PartialEq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)+ }

        impl $name {
            /// These options, and where one is not given the other's.
            pub fn or(self, other: Self) -> Self {
                Self { $($field: self.$field.or_else_from(other.$field),)+ }
            }
        }
    };
}

/// An option that may be left out.
trait Layer {
    fn or_else_from(self, other: Self) -> Self;
}

impl<T> Layer for Option<T> {
    fn or_else_from(self, other: Self) -> Self {
        self.or(other)
    }
}

impl<T> Layer for Vec<T> {
    fn or_else_from(self, other: Self) -> Self {
        if self.is_empty() { other } else { self }
    }
}

impl Layer for bool {
    fn or_else_from(self, other: Self) -> Self {
        self || other
    }
}

options! {
    /// How names are resolved and policies fetched; `scan` and `check` have these in common.
    pub struct NetworkOptions {
        /// Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be
        /// repeated [default: the system's]
        #[arg(long, value_name = "ADDR[:PORT]", help_heading = "Resolving")]
        pub resolver: Vec<String>,
        /// File with resolvers as for --resolver, one per line
        #[arg(long, value_name = "FILE", help_heading = "Resolving")]
        pub resolvers: Option<PathBuf>,
        /// Resolve from the root, without a resolver; for some ten thousand names
        #[arg(long, help_heading = "Resolving")]
        pub iterative: bool,
        /// Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA's, built in]
        #[arg(long, value_name = "FILE", help_heading = "Resolving")]
        pub root_hints: Option<PathBuf>,
        /// Port of the name servers for --iterative; other than 53 only in labs [default: 53]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = port, help_heading = "Resolving")]
        pub dns_port: Option<u16>,
        /// Use the resolvers without checking at the start whether they answer, and answer truthfully
        #[arg(long, help_heading = "Resolving")]
        pub trust_resolvers: bool,
        /// Ask for names in random case, which answers have to repeat: a further safeguard against forgery
        #[arg(long = "0x20", help_heading = "Resolving")]
        pub mix_case: bool,
        /// When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]
        #[arg(long, value_name = "LIST", value_parser = pauses, help_heading = "Resolving")]
        pub retry_rounds: Option<Pauses>,
        /// DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = rate, help_heading = "Politeness")]
        pub rate: Option<u32>,
        /// DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server
        /// [default: 100, no limit with --lab]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = rate, help_heading = "Politeness")]
        pub resolver_rate: Option<u32>,
        /// HTTPS fetches per second in all, 0 for no limit [default: 200]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = rate, help_heading = "Politeness")]
        pub fetch_rate: Option<u32>,
        /// HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = rate, help_heading = "Politeness")]
        pub host_rate: Option<u32>,
        /// Put into the User-Agent so that operators can reach you: an address or URL
        #[arg(long, value_name = "TEXT", help_heading = "Politeness")]
        pub contact: Option<String>,
        /// Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted
        #[arg(long, value_name = "FILE", help_heading = "Politeness")]
        pub exclude: Option<PathBuf>,
        /// Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA's
        /// pfx2as, iptoasn), also gz; may be repeated
        #[arg(long, value_name = "FILE", help_heading = "Output")]
        pub asn_db: Vec<PathBuf>,
        /// Domains in flight [default: from the limit of file descriptors]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = in_flight, help_heading = "Limits")]
        pub concurrency: Option<u32>,
        /// HTTPS fetches in flight [default: from the limit of file descriptors]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = in_flight, help_heading = "Limits")]
        pub fetch_concurrency: Option<u32>,
        /// How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]
        #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration, help_heading = "Limits")]
        pub dns_timeout: Option<Duration>,
        /// DNS questions sent for one lookup before it counts as failed [default: 3]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |text: &str| whole(text, 1..=100_u16), help_heading = "Limits")]
        pub dns_tries: Option<u16>,
        /// How long to wait for a TCP connection [default: 10s]
        #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration, help_heading = "Limits")]
        pub connect_timeout: Option<Duration>,
        /// How long a whole fetch may take [default: 60s]
        #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration, help_heading = "Limits")]
        pub fetch_timeout: Option<Duration>,
        /// Port of policy hosts; other than 443 only for labs [default: 443]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = port, help_heading = "Fetching")]
        pub https_port: Option<u16>,
        /// Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = port, help_heading = "Fetching")]
        pub http_port: Option<u16>,
        /// Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]
        #[arg(long, value_name = "ADDR", value_parser = address, help_heading = "Network")]
        pub source_ip: Vec<IpAddr>,
        /// Interface of this machine by which everything leaves, e.g. eth1; Linux only
        #[arg(long, value_name = "NAME", help_heading = "Network")]
        pub interface: Option<String>,
        /// Trust the root certificates of this machine instead of the built-in ones
        #[arg(long, help_heading = "Fetching")]
        pub platform_roots: bool,
        /// File with further trusted root certificates, PEM; may be repeated
        #[arg(long, value_name = "PEM", help_heading = "Fetching")]
        pub ca_file: Vec<PathBuf>,
        /// Allow connections to loopback, private, link-local and other special-use addresses
        #[arg(long, help_heading = "Fetching")]
        pub allow_private: bool,
        /// Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports:
        /// at least six more questions for each domain that exists
        #[arg(long, help_heading = "Resolving")]
        pub look_around: bool,
        /// Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all
        /// [default: none; check: all]
        #[arg(long, value_name = "WHOSE", value_parser = scope, help_heading = "Mail servers")]
        pub smtp: Option<Scope>,
        /// Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver
        /// validates; else none]
        #[arg(long, value_name = "WHOSE", value_parser = scope, help_heading = "Mail servers")]
        pub dane: Option<Scope>,
        /// Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]
        #[arg(long, value_name = "NAME", help_heading = "Mail servers")]
        pub ehlo: Option<String>,
        /// Connections to mail servers per second in all, 0 for no limit [default: 20]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = decimal_rate, help_heading = "Mail servers")]
        pub smtp_rate: Option<f64>,
        /// Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many
        /// [default: 0.5; no limit for loopback addresses]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = decimal_rate, help_heading = "Mail servers")]
        pub smtp_host_rate: Option<f64>,
        /// Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of
        /// the list in three networks]
        #[arg(long, value_name = "HOST", help_heading = "Mail servers")]
        pub smtp_canary: Vec<String>,
        /// Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]
        #[arg(long, value_name = "ADDR", help_heading = "Mail servers")]
        pub smtp_canary_dead: Option<std::net::IpAddr>,
        /// Ask every address of an MX host instead of one per family
        #[arg(long, help_heading = "Mail servers")]
        pub smtp_all_addresses: bool,
        /// Ask under every name, even if address and certificate are known from three others
        #[arg(long, help_heading = "Mail servers")]
        pub smtp_every_name: bool,
        /// Port of mail servers; other than 25 only for labs [default: 25]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = port, help_heading = "Mail servers")]
        pub smtp_port: Option<u16>,
        /// How long to wait for a greeting; less than 60s only for labs [default: 60s]
        #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration, help_heading = "Mail servers")]
        pub smtp_greeting_timeout: Option<Duration>,
        /// Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)
        #[arg(long, help_heading = "Resolving")]
        pub no_prune: bool,
        /// Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]
        #[arg(long, value_name = "WORLD", num_args = 0..=1, require_equals = true, default_missing_value = "census", help_heading = "Lab")]
        pub lab: Option<String>,
    }
}

options! {
    /// What is scanned and where it is written.
    pub struct ScanOptions {
        /// Column of a CSV list that holds the domain: a header's name, or a number from 1
        #[arg(long, value_name = "NAME|N", help_heading = "List")]
        pub column: Option<String>,
        /// Copy these further columns of a CSV list with a header into the dataset, e.g. owner,unit
        #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "List")]
        pub carry: Vec<String>,
        /// What the list is called in the dataset [default: the file's name]
        #[arg(long, value_name = "TEXT", help_heading = "List")]
        pub list_name: Option<String>,
        /// The list's citable id, for the manifest [default: what the file's name says, as of tranco_K25GW.csv.zip]
        #[arg(long, value_name = "TEXT", help_heading = "List")]
        pub list_id: Option<String>,
        /// Fold every name to its registrable domain (public suffix list), best rank kept
        #[arg(long, help_heading = "List")]
        pub registrable: bool,
        /// Only the first N names of the list
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = names, help_heading = "List")]
        pub top: Option<u64>,
        /// Only N names drawn at random
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = names, help_heading = "List")]
        pub sample: Option<u64>,
        /// Seed of --sample and of the lab [default: 1]
        #[arg(long, value_name = "S", allow_negative_numbers = true, value_parser = |text: &str| whole(text, 0..=u64::MAX), help_heading = "List")]
        pub seed: Option<u64>,
        /// Leave out the first N names
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = names_or_none, help_heading = "List")]
        pub skip: Option<u64>,
        /// Only the I-th of N parts (from 0), cut by a stable hash of the name; auto: by the task of a Slurm array or Kubernetes Indexed
        /// Job [default: 0/1]
        #[arg(long, value_name = "I/N", help_heading = "List")]
        pub shard: Option<String>,
        /// Where the scan runs, in words for the readers of the dataset, e.g. "AS64500, Frankfurt"
        #[arg(long, value_name = "TEXT", help_heading = "Output")]
        pub vantage: Option<String>,
        /// Folder of the dataset, or a prefix of an object store (s3://BUCKET/PREFIX, gs://, az://); with --format jsonl or csv a new file, or - for
        /// standard output; - with --format arrow-stream
        #[arg(short, long, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(dataset_path), help_heading = "Output")]
        pub out: Option<PathBuf>,
        /// parquet: files, which a stopped scan goes on with; arrow-stream: one Arrow IPC stream on standard output; jsonl, csv: a line a
        /// domain, to a file or standard output, which begins again when it is stopped [default: parquet]
        #[arg(long, value_name = "FORMAT", help_heading = "Output")]
        pub format: Option<String>,
        /// With --format jsonl or csv: columns, as domain,posture,findings.code,evidence.fetch.status; flat stands for all but evidence
        /// [default: flat]
        #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Output")]
        pub columns: Vec<String>,
        /// plain: DIR is the dataset; hive: the dataset is DIR/list=NAME/date=YYYY-MM-DD, which engines read as one table [default: plain]
        #[arg(long, value_name = "LAYOUT", value_parser = layout, help_heading = "Output")]
        pub layout: Option<Layout>,
        /// With --layout hive: keep the last N finished scans of the list and remove older ones; nothing is removed but whole scans
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |text: &str| whole(text, 1..=100_000_u32), help_heading = "Output")]
        pub keep: Option<u32>,
        /// When the dataset is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or
        /// a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas
        #[arg(long, value_name = "WORDS", help_heading = "Output")]
        pub fail_on: Vec<String>,
        /// Rows in a part, the unit that a crash can lose [default: 50000]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |text: &str| whole(text, 1..=1_000_000_u64), help_heading = "Output")]
        pub part_rows: Option<u64>,
        /// Worker threads, each with its own sockets and its share of --concurrency [default: one per core]
        #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = |text: &str| whole(text, 1..=256_u32), help_heading = "Limits")]
        pub workers: Option<u32>,
        /// What is shown on standard error: auto, bar, json or none [default: auto]
        #[arg(long, value_name = "KIND", help_heading = "Output")]
        pub progress: Option<String>,
        /// File that holds the scan's state as JSON, written once per second
        #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(local_path), help_heading = "Output")]
        pub status_file: Option<PathBuf>,
        /// File to which the figures of the scan are written at its end for Prometheus, e.g. for the node exporter's textfile collector
        #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(local_path), help_heading = "Output")]
        pub metrics_file: Option<PathBuf>,
        /// Program to run when the scan has ended; it reads a JSON object about it from standard input
        #[arg(long, value_name = "PROGRAM", help_heading = "Output")]
        pub notify_exec: Option<PathBuf>,
        /// How long that program may take before it is killed [default: 60s]
        #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration, help_heading = "Output")]
        pub notify_timeout: Option<Duration>,
    }
}
