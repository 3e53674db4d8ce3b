//! What can be typed: the commands and their arguments.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

use super::expect::ExpectArguments;
use super::filter::{FilterArguments, with_grammar};
use super::options::{NetworkOptions, ScanOptions};
use super::values::{dataset_path, duration, lab_names, local_path};
use crate::classify::CATALOGUE_VERSION;
use crate::dataset::{SCHEMA_VERSION, Tool};
use crate::scan::built_in;

/// What `--version` says: the program, by what it judges, and of when is what is built in and ages.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let Tool { version, git_revision, rules } = Tool::of_this_build();
    let revision = git_revision.map_or(String::new(), |revision| format!(", revision {revision}"));
    let rules = rules.map_or(String::new(), |rules| format!(", rules {rules}"));
    let mut text = format!("{version}{revision}\ncatalogue {CATALOGUE_VERSION}{rules}, schema version {SCHEMA_VERSION}");
    for built_in in built_in() {
        text += &format!("\n{}: {}, of {}", built_in.what, built_in.version, built_in.date);
    }
    text
});

/// Bulk scanner for MTA-STS (RFC 8461) and SMTP TLS reporting (RFC 8460).
#[derive(Parser, Debug)]
#[command(
    name = "stscan",
    version,
    long_version = LONG_VERSION.as_str(),
    about = "Bulk scanner and research-dataset generator for MTA-STS (RFC 8461) and SMTP TLS reporting (RFC 8460)",
    after_help = "Exit status: 0 done, 1 fault of stscan, 2 bad usage, 3 input unreadable,\n4 dataset refused or not whole, 5 stopped (the same command continues), 6 judged bad (check, lint, --fail-on),\n7 undetermined (--fail-on unknown), 8 network not usable here.\n\nThe manual: stscan manual.",
    max_term_width = 110
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Scan lists of domains into a Parquet dataset
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(Box<ScanArguments>),
    /// Probe a few domains and explain what is wrong and what to publish instead
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Box<CheckArguments>),
    /// Check the text of a record or a policy, offline
    #[command(after_help = LINT_EXAMPLES)]
    Lint(LintArguments),
    /// Explain a finding code
    #[command(after_help = "Example:\n  stscan explain sts-fetch-redirect")]
    Explain(ExplainArguments),
    /// List all finding codes
    Codes(FormatArguments),
    /// Print tables of adoption and misconfiguration from datasets
    #[command(after_help = with_grammar(STATS_EXAMPLES))]
    Stats(StatsArguments),
    /// Show what changed between two scans, per domain and in sum
    #[command(after_help = with_grammar(DIFF_EXAMPLES))]
    Diff(DiffArguments),
    /// Judge the evidence of a dataset again by today's rules, into a new dataset; sends no packet
    #[command(after_help = RECLASSIFY_EXAMPLES)]
    Reclassify(ReclassifyArguments),
    /// Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArguments),
    /// Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs
    #[command(after_help = with_grammar(REPORT_EXAMPLES))]
    Report(ReportArguments),
    /// Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset
    #[command(after_help = with_grammar(PUBLISH_EXAMPLES))]
    Publish(Box<PublishArguments>),
    /// Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own
    #[command(after_help = TLSRPT_EXAMPLES)]
    Tlsrpt(TlsrptArguments),
    /// Join the shards of a list (scan --shard) into one dataset; sends no packet
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(MergeArguments),
    /// Check that a dataset is whole: hash, length, rows, ordinals and origin of every part
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArguments),
    /// Print the dataset's columns with their types and meanings
    Schema(SchemaArguments),
    /// Run the built-in Internet on loopback, list its cases or write its list and truth
    #[command(after_help = LAB_EXAMPLES)]
    Lab(LabArguments),
    /// Read the manual: without a chapter the list of them
    #[command(after_help = MANUAL_EXAMPLES)]
    Manual(ManualArguments),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  stscan completions bash > ~/.local/share/bash-completion/completions/stscan")]
    Completions(CompletionArguments),
}

const SCAN_EXAMPLES: &str = "Examples:
  stscan scan --lab data/opendns-top-domains.txt -o census    # no network: the built-in Internet
  stscan scan tranco.csv.gz --contact https://example.org/scan --exclude optout.txt -o week-47
  zcat se.zone.gz | stscan scan - --list-name se -o se --resolver 192.0.2.53
  stscan scan list.txt --shard 0/4 -o quarter-0              # one of four machines

The same command continues a stopped or killed scan.";

const CHECK_EXAMPLES: &str = "Examples:
  stscan check example.com
  stscan check example.com example.org --json
  stscan check example.com --fail-on medium,sts-fetch-cert-expiring,unknown    # for CI
  stscan check --lab=zoo redirect-301.test";

const LINT_EXAMPLES: &str = "Examples:
  stscan lint --policy mta-sts.txt
  dig +short TXT _mta-sts.example.com | tr -d '\"' | stscan lint --record -
  stscan lint --json mta-sts.txt

Without --record, --tlsrpt or --policy the kind is detected from the content.";

const STATS_EXAMPLES: &str = "Examples:
  stscan stats week-47
  stscan stats week-47 --table T3,T9 --by tld
  stscan stats audit --by carried:owner              # by a column that scan --carry brought along
  stscan stats week-47 --where posture=enforce --where 'rank<=10000'
  stscan stats se nu --format csv > tables.csv       # two lists, side by side
  stscan stats --series week-45 week-46 week-47      # adoption over time
  stscan stats week-47 --compare imc2025             # beside a study's published figures
  stscan stats --tls-reports tls-reports             # what senders report: by day, sender, MX host, address
  stscan stats week-47 --tls-reports tls-reports     # and beside a scan: stale policies, domains without reports

Every share has its 95 % Wilson interval. What is unknown stands in a row or column of its own.";

const DIFF_EXAMPLES: &str = "Examples:
  stscan diff week-46 week-47
  stscan diff week-46 week-47 --changes newly-broken,newly-refused,mx-stale
  stscan diff yesterday today --fail-on newly-broken,newly-refused,dropped-abruptly     # exit status 6 if there is one
  stscan diff yesterday today --fail-on high,cert-expiring                              # a new finding of severity high
  stscan diff week-46 week-47 --where carried.owner=ops   # in either scan
  stscan diff week-46 week-47 --format csv > changes.csv

Domains are joined by name: lists, their order and parts may differ. What is unknown in one of the scans is no change.";

const RECLASSIFY_EXAMPLES: &str = "Example:
  stscan reclassify week-30 -o week-30-today

Run, times, list, parts and ordinals stay; the same rules give the same files, byte for byte. The new manifest names its origin. The same command restarts an interrupted run.";

const EXPORT_EXAMPLES: &str = "Examples:
  stscan export week-47 -o week-47-public --licence CC-BY-4.0
  stscan export week-47 -o week-47-public --mailboxes drop
  stscan export week-48 -o week-48-public --key HEX        # the same mailbox has the same hash as under that key before

The key of the hashes is forgotten unless --show-key prints it. Beside the parts are croissant.json, datapackage.json, \
DATASHEET.md with blanks to fill in, and SHA256SUMS.";

const REPORT_EXAMPLES: &str = "Examples:
  stscan scan domains.csv --carry owner,unit -o audit
  stscan report audit -o audit.html                     # one page, works offline
  stscan report week-47 -o adoption.html --kind adoption
  stscan report audit -o ops.html --where carried.owner=ops --where 'worst>=medium'
  stscan report audit --split-by owner -o pages         # a page and a CSV for each owner
  stscan report audit --format csv -o findings.csv      # one line per finding
  stscan report audit --format junit -o - > junit.xml   # one test case per domain
  stscan report audit -o audit.html --fail-on high      # exit status 6 if there is one
  stscan report audit -o audit.html --expect expect.toml --fail-on expect-*   # what the portfolio demands

The page is one file: it loads nothing, sends nothing, and runs no script but its own. CSV, JSON, SARIF 2.1.0 and JUnit XML have \
all domains of the dataset, or those of --where, in its order.";

const PUBLISH_EXAMPLES: &str = "Examples:
  stscan publish example.com --rua mailto:tls-reports@example.com -o fixes    # for what DNS says, asked as check asks
  stscan publish example.com --mx mx1.example.com --mx mx2.example.com -o fixes    # for these MX hosts, without the network
  stscan publish audit --rua mailto:tls-reports@example.com --web-server web.example.com -o fixes    # for a whole dataset
  stscan publish audit --where carried.owner=ops --where posture=broken -o fixes
  stscan publish audit --where posture=testing --mode enforce -o fixes    # to enforce, except where an MX host is known to fail

Begin with fixes/plan.txt. A policy lies at DOMAIN/.well-known/mta-sts.txt, the records in dns/, configuration of nginx, Caddy, Apache and \
a Cloudflare Worker in server/, and in later/ what is put in place on the day named in the plan. The same command refreshes a folder that \
it wrote; a folder with other files, or with files that were changed since, is refused (exit status 4).";

const TLSRPT_EXAMPLES: &str = "Examples:
  stscan tlsrpt ~/Maildir/.TLS-Reports -o tls-reports        # a Maildir, as mbsync or offlineimap fetch it
  stscan tlsrpt reports.mbox archive.tar.gz 2026-11/ -o tls-reports
  stscan stats --tls-reports tls-reports                     # who reports, sessions, failures
  stscan report audit --tls-reports tls-reports -o audit.html

Read are JSON, gzip, zip, tar, mails, mbox and Maildirs, whatever they are called. Duplicate reports count once. What could not \
be read is in rejected.csv with the reason. Exit status 3 if there was no report.";

const MERGE_EXAMPLES: &str = "Examples:
  stscan scan list.txt --shard 0/2 -o shard-0        # on one machine
  stscan scan list.txt --shard 1/2 -o shard-1        # on another one
  stscan merge shard-0 shard-1 -o whole
  stscan merge shard-* -o whole                      # in whatever order

All shards have to be there, finished, each once, of the same list, by the same options and version. Ordinals and parts are renumbered, \
shard after shard; the same shards give the same files, byte for byte. The same command continues an interrupted merge.";

const VERIFY_EXAMPLES: &str = "Examples:
  stscan verify week-47                # 0: whole; 4: not, and what is wrong with which file
  stscan verify week-47 --json
  stscan verify week-47 --repair       # scans the rows of damaged parts again, by the command that made the dataset
  zcat se.zone.gz | stscan verify se --repair    # where that command read the list from standard input

An unfinished scan is whole if every part that it has so far is. --repair needs the list as it was. Files among the parts that do not \
belong there are moved to the folder aside.";

const LAB_EXAMPLES: &str = "Examples:
  stscan lab                       # serve the zoo until Ctrl-C, for other tools
  stscan lab --world census --names 1000
  stscan lab list                  # all cases with what is expected of them
  stscan lab write DIR             # the world's list and truth as files";

const MANUAL_EXAMPLES: &str = "Examples:
  stscan manual                    # the chapters, one line each
  stscan manual resolving          # on a terminal by $PAGER, or less
  stscan manual --html > manual.html

Without a terminal there is no pager and no colour.";

/// Arguments of `scan`.
#[derive(Args, Debug)]
pub struct ScanArguments {
    /// Lists: files, - for standard input, or https URLs; plain names, rank,domain, origin,rank, Majestic's CSV or a zone
    /// file; .gz, .zst and .zip (all files in it) are unpacked
    #[arg(value_name = "LIST")]
    pub lists: Vec<String>,
    /// File with any of these options, as TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Drop the unfinished scan that the folder holds and start again; a finished one is never dropped
    #[arg(long)]
    pub restart: bool,
    /// Which part of the list and where to.
    #[command(flatten)]
    pub scan: ScanOptions,
    /// How the network is asked.
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Arguments of `check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// Domains to probe; - for names on standard input, one per line, each answered by a line of JSON as soon as it is known
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// Print evidence and judgement as JSON, one object per domain
    #[arg(long)]
    pub json: bool,
    /// End with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state
    /// (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas; high is always among them
    #[arg(long, value_name = "WORDS")]
    pub fail_on: Vec<String>,
    /// Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed; may be repeated
    #[arg(long, value_name = "URI")]
    pub rua: Vec<String>,
    /// What is demanded.
    #[command(flatten)]
    pub expect: ExpectArguments,
    /// File with any of these options, as TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How the network is asked.
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Arguments of `lint`.
#[derive(Args, Debug)]
pub struct LintArguments {
    /// File to read, or - for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The text of the TXT record at _mta-sts
    #[arg(long, group = "kind")]
    pub record: bool,
    /// The text of the TXT record at _smtp._tls
    #[arg(long, group = "kind")]
    pub tlsrpt: bool,
    /// The body of /.well-known/mta-sts.txt
    #[arg(long, group = "kind")]
    pub policy: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Write the corrected text to the file, or print it if FILE is -
    #[arg(long, conflicts_with = "json")]
    pub fix: bool,
}

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArguments {
    /// Finding code
    #[arg(value_name = "CODE")]
    pub code: String,
}

/// Output formats of `codes`.
#[derive(Args, Debug)]
pub struct FormatArguments {
    /// Print a JSON array
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long)]
    pub markdown: bool,
}

/// Arguments of `stats`.
#[derive(Args, Debug)]
pub struct StatsArguments {
    /// Dataset folders; none is needed with --tls-reports
    #[arg(value_name = "DIR", required_unless_present = "tls_reports")]
    pub datasets: Vec<PathBuf>,
    /// Tables of the TLS reports that `stscan tlsrpt` read into this folder (R1 to R7); R5 to R7 need the dataset of a scan, too
    #[arg(long, value_name = "DIR", conflicts_with_all = ["by", "series", "compare"])]
    pub tls_reports: Option<PathBuf>,
    /// Which domains.
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Which tables, e.g. T3,T9; study: those of Ashiq et al. (IMC 2025); all [default: all but study]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub table: Vec<String>,
    /// Group by tld, suffix, rank, list, provider (of mail), policy-host, posture or carried:COLUMN [default: list for several datasets]
    #[arg(long, value_name = "WHAT", conflicts_with = "series")]
    pub by: Option<String>,
    /// Treat the datasets as a series of scans, ordered by time
    #[arg(long)]
    pub series: bool,
    /// Put the published figures of a study beside those of the dataset: imc2025
    #[arg(long, value_name = "STUDY", conflicts_with_all = ["by", "series", "table"])]
    pub compare: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
    /// Leave out where the figures come from, which stands at the head, for programs that take no comments
    #[arg(long)]
    pub bare: bool,
    /// How many groups, or names in a table, are shown one by one at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    pub top: usize,
    /// Ranks in a bin of --by rank [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rank_bin: Option<u32>,
    /// A host that serves this many domains or more belongs to a third party
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub third_party: u32,
    /// A policy host that serves this many domains or fewer is self-managed
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub self_managed: u32,
    /// A host between the two is self-managed if this percentage of its domains share policy host and MX hosts; 0: no host is
    #[arg(long, value_name = "PERCENT", default_value_t = 90, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub one_administrator: u32,
    /// Count hosts with the same address as different hosts
    #[arg(long)]
    pub ignore_addresses: bool,
}

/// Output formats of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// For a terminal.
    Text,
    /// Markdown.
    Markdown,
    /// One line per figure.
    Csv,
    /// One object.
    Json,
}

/// Arguments of `diff`.
#[derive(Args, Debug)]
pub struct DiffArguments {
    /// Dataset folder of the earlier scan
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// Dataset folder of the later scan
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Which domains.
    #[command(flatten)]
    pub filter: FilterArguments,
    /// Output format
    #[arg(long, value_enum, default_value_t = ChangeFormat::Text)]
    pub format: ChangeFormat,
    /// Leave out where the figures come from, which stands at the head, for programs that take no comments
    #[arg(long)]
    pub bare: bool,
    /// List only domains with one of these changes, e.g. newly-broken,mx-stale [default: all; as text all but unknown]
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub changes: Vec<String>,
    /// End with exit status 6 if a domain has one of these changes, a new finding so severe (high, or finding-gone:medium) or with this code
    /// (sts-fetch-cert-*); with 7 if unknown is named and nothing else is met. Repeatable, or with commas
    #[arg(long, value_name = "WORDS")]
    pub fail_on: Vec<String>,
    /// What is demanded.
    #[command(flatten)]
    pub expect: ExpectArguments,
    /// How many domains the text shows one by one at most; csv and json have all of them [default: 50]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Program to run at the end; it reads a JSON object about what changed from standard input
    #[arg(long, value_name = "PROGRAM")]
    pub notify_exec: Option<PathBuf>,
    /// How long that program may take before it is killed [default: 60s]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = duration, requires = "notify_exec")]
    pub notify_timeout: Option<Duration>,
}

/// Output formats of `diff`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ChangeFormat {
    /// For a terminal.
    Text,
    /// One line per change.
    Csv,
    /// One object.
    Json,
}

/// Arguments of `reclassify`.
#[derive(Args, Debug)]
pub struct ReclassifyArguments {
    /// Dataset folder
    #[arg(value_name = "DIR")]
    pub dataset: PathBuf,
    /// Folder of the new dataset
    #[arg(short, long, value_name = "DIR2", value_parser = PathBufValueParser::new().try_map(dataset_path))]
    pub out: PathBuf,
    /// Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA's pfx2as,
    /// iptoasn), also gz; may be repeated [default: what the dataset says of each address is kept]
    #[arg(long, value_name = "FILE")]
    pub asn_db: Vec<PathBuf>,
    /// Print the summary of what changed as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `merge`.
#[derive(Args, Debug)]
pub struct MergeArguments {
    /// Dataset folders, one per shard of the list
    #[arg(value_name = "DIR", required = true)]
    pub datasets: Vec<PathBuf>,
    /// Folder of the new dataset
    #[arg(short, long, value_name = "OUT", value_parser = PathBufValueParser::new().try_map(dataset_path))]
    pub out: PathBuf,
}

/// Arguments of `export`.
#[derive(Args, Debug)]
pub struct ExportArguments {
    /// Dataset folder
    #[arg(value_name = "DIR")]
    pub dataset: PathBuf,
    /// Folder of the copy
    #[arg(short, long, value_name = "DIR2", value_parser = PathBufValueParser::new().try_map(dataset_path))]
    pub out: PathBuf,
    /// What becomes of the local parts of mailboxes: hash, drop or keep
    #[arg(long, value_name = "HOW", default_value = "hash")]
    pub mailboxes: String,
    /// Key of the hashes, 64 hexadecimal digits [default: a random one]
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
    /// Print the key, so that a later copy can have the same hashes; keep it secret
    #[arg(long)]
    pub show_key: bool,
    /// Keep the columns that --carry brought from the list
    #[arg(long)]
    pub keep_carried: bool,
    /// Database of autonomous systems, or of countries, for column policy_hosts, as of reclassify; may be repeated
    #[arg(long, value_name = "FILE")]
    pub asn_db: Vec<PathBuf>,
    /// Companion tables without lists, a row for each finding, MX host and destination of reports: flat/findings, flat/mx and flat/rua, as
    /// parquet or, with =csv, as CSV
    #[arg(long, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "parquet")]
    pub flat: Option<String>,
    /// Licence of the copy: an SPDX identifier or a URL; without it none is stated
    #[arg(long, value_name = "ID|URL")]
    pub licence: Option<String>,
}

/// Arguments of `report`.
#[derive(Args, Debug)]
pub struct ReportArguments {
    /// Dataset folder
    #[arg(value_name = "DIR")]
    pub dataset: PathBuf,
    /// File to write, or - for standard output [default: standard output, but not for html]; with --split-by a folder
    #[arg(short, long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(local_path))]
    pub out: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value_t = ReportFormat::Html)]
    pub format: ReportFormat,
    /// Which domains.
    #[command(flatten)]
    pub filter: FilterArguments,
    /// TLS reports that `stscan tlsrpt` read into this folder: what senders saw, beside the findings
    #[arg(long, value_name = "DIR")]
    pub tls_reports: Option<PathBuf>,
    /// Write a folder (-o) with a page, a CSV and what to publish for each value of this carried column, and an index.html
    #[arg(long, value_name = "COLUMN")]
    pub split_by: Option<String>,
    /// Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed (html, json); may be repeated
    #[arg(long, value_name = "URI")]
    pub rua: Vec<String>,
    /// Leave out the lines at the head of csv that say where the findings come from, for programs that take no comments
    #[arg(long)]
    pub bare: bool,
    /// Which kind of page: portfolio or adoption [default: portfolio up to 5000 domains, adoption above]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// How many domains the page lists one by one at most, the most urgent first [default: 100000]
    #[arg(long, value_name = "N")]
    pub domains: Option<usize>,
    /// When the report is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a
    /// domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas
    #[arg(long, value_name = "WORDS")]
    pub fail_on: Vec<String>,
    /// What is demanded.
    #[command(flatten)]
    pub expect: ExpectArguments,
}

/// Formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportFormat {
    /// One page that needs nothing but a browser.
    Html,
    /// One line per finding.
    Csv,
    /// One object.
    Json,
    /// SARIF 2.1.0: one result per finding.
    Sarif,
    /// JUnit XML: one test case per domain.
    Junit,
}

/// Arguments of `publish`.
#[derive(Args, Debug)]
pub struct PublishArguments {
    /// Domains, or the folder of one dataset: every domain of it that wants a record or a repair
    #[arg(value_name = "DOMAIN|DATASET", required = true)]
    pub targets: Vec<String>,
    /// Folder to write
    #[arg(short, long, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(local_path))]
    pub out: PathBuf,
    /// MX host of the domains, or a pattern such as *.mx.example.net, instead of what DNS says; may be repeated
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub mx: Vec<String>,
    /// Mode of the policies: enforce, testing or none [default: the published one; a new policy begins with testing, later enforce]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// How long senders may keep the policies, in seconds [default: the published one, a week at least; for mode none a day]
    #[arg(long, value_name = "SECONDS")]
    pub max_age: Option<u64>,
    /// Where TLS reports go, a mailbox or an https URL: for TLSRPT records that are missing or faulty, of named domains for all; may be
    /// repeated
    #[arg(long, value_name = "URI")]
    pub rua: Vec<String>,
    /// Where the tree is served, a name or addresses: the policy hosts get a CNAME or A and AAAA records; may be repeated
    #[arg(long, value_name = "NAME|ADDRESS")]
    pub web_server: Vec<String>,
    /// Path of the tree on the web server, for the server configuration [default: the folder itself]
    #[arg(long, value_name = "PATH")]
    pub root: Option<PathBuf>,
    /// Which domains of the dataset.
    #[command(flatten)]
    pub filter: FilterArguments,
    /// File with any of the options below, as TOML
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How the network is asked.
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// Arguments of `tlsrpt`.
#[derive(Args, Debug)]
pub struct TlsrptArguments {
    /// Files and folders with reports, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Folder of the dataset
    #[arg(short, long, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(local_path))]
    pub out: PathBuf,
    /// Print the summary as JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `verify`.
#[derive(Args, Debug)]
pub struct VerifyArguments {
    /// Dataset folder
    #[arg(value_name = "DIR")]
    pub dataset: PathBuf,
    /// Scan the rows of damaged parts again, and move aside what is no part
    #[arg(long)]
    pub repair: bool,
    /// Print what is wrong as JSON
    #[arg(long, conflicts_with = "repair")]
    pub json: bool,
}

/// Arguments of `schema`.
#[derive(Args, Debug)]
pub struct SchemaArguments {
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print a Markdown table
    #[arg(long)]
    pub markdown: bool,
    /// Print the JSON Schema of manifest.json instead
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    pub manifest: bool,
    /// Which table: domains (of scan) or reports (of tlsrpt)
    #[arg(long, value_name = "TABLE", default_value = "domains")]
    pub table: String,
}

/// Arguments of `lab`.
#[derive(Args, Debug)]
pub struct LabArguments {
    /// Which world: zoo, census, imc2025 or hostile
    #[arg(long, value_name = "WORLD", default_value = "zoo", global = true)]
    pub world: String,
    /// How many names the world's own list has [default: each case once, or 10000]
    #[arg(long, value_name = "N", value_parser = lab_names, global = true)]
    pub names: Option<u64>,
    /// Seed of the world
    #[arg(long, value_name = "S", default_value_t = 1, global = true)]
    pub seed: u64,
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<LabCommand>,
}

/// What `lab` can do besides serving.
#[derive(Subcommand, Debug)]
pub enum LabCommand {
    /// List the cases with what is expected of them
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Write the world's list and truth into a folder
    Write {
        /// Folder to write into
        #[arg(value_name = "DIR", value_parser = PathBufValueParser::new().try_map(local_path))]
        dir: PathBuf,
    },
}

/// Arguments of `manual`.
#[derive(Args, Debug)]
pub struct ManualArguments {
    /// Chapter to read
    #[arg(value_name = "CHAPTER")]
    pub chapter: Option<String>,
    /// Print one page of HTML that needs nothing but itself, with all chapters or the one that is named
    #[arg(long)]
    pub html: bool,
}

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct CompletionArguments {
    /// Shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}
