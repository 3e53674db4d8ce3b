//! From what was typed to what is to be done: every option checked, defaults filled in.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::exit::{Exit, Failure};
use super::lab::{LabChoice, World, world};
use super::options::{NetworkOptions, ScanOptions};
use super::shard;
use super::values::{Pauses, lab_names, shown};
use crate::dataset::{Layout, RowColumns, RowForm, SHARD_ROWS};
use crate::input::{Column, InputOptions, Sample};
use crate::networks::Databases;
use crate::observe::dns::{
    EncryptedResolver, RetryConfig, built_in_root_hints, is_encrypted_resolver, parse_encrypted_resolver, parse_resolver, read_resolvers,
    read_root_hints,
};
use crate::observe::fetch::FetchConfig;
use crate::observe::scope::Scope;
use crate::observe::smtp::{SmtpConfig, check_ehlo_name};
use crate::observe::source::Source;
use crate::place;
use crate::scan::{Contents, IterativePlan, NetworkPlan, Output, ScanPlan};

/// What a scan does, and in which lab if any.
pub(super) fn scan(lists: Vec<String>, options: ScanOptions, network: &NetworkOptions) -> Result<(ScanPlan, Option<LabChoice>), Failure> {
    let (plan, lab) = self::network(network, options.seed)?;
    if lists.is_empty() && lab.is_none() {
        return Err(Failure::usage(
            "no list: name a file, an https URL or - for standard input, or use --lab to scan the built-in Internet",
        ));
    }
    if lists.iter().filter(|list| *list == "-").count() > 1 {
        return Err(Failure::usage("standard input (-) can be only one of the lists"));
    }
    let out = options.out.as_deref().ok_or_else(|| Failure::usage("no output: name the dataset's folder with -o DIR"))?;
    let output = output(out, options.format.as_deref(), options.layout.unwrap_or(Layout::Plain), &options.columns)?;
    needs_partner(&options, network, lab, &output)?;
    if plan.smtp == Scope::None && shapes_conversations(network) {
        return Err(Failure::usage(
            "options that begin with --smtp- say how mail servers are asked, and none is: add --smtp adopters or --smtp all, or leave them out",
        ));
    }
    let input = InputOptions {
        sources: lists,
        column: parsed::<Column>("--column", options.column.as_deref())?,
        carry: options.carry.clone(),
        list_name: options.list_name.clone(),
        registrable: options.registrable,
        skip: options.skip.unwrap_or(0),
        top: options.top,
        sample: options.sample.map(|size| Sample { size, seed: options.seed.unwrap_or(1) }),
        shard: options.shard.as_deref().map(shard::shard).transpose()?.unwrap_or_default(),
        user_agent: plan.fetch.user_agent(),
        ..InputOptions::default()
    };
    let shard_rows = options.part_rows.unwrap_or(SHARD_ROWS);
    let workers = options.workers.map(|workers| workers as usize);
    let stand_in = lab.map(serde_json::to_value).transpose();
    let stand_in = stand_in.map_err(|error| Failure::new(Exit::Fault, format!("the options cannot be written down: {error}")))?;
    let (list_name, list_id, vantage) = (options.list_name, options.list_id, options.vantage);
    Ok((ScanPlan { input, network: plan, stand_in, output, shard_rows, workers, list_name, list_id, vantage, ..ScanPlan::default() }, lab))
}

/// Refuses what would do nothing: options that say something about another one, without that one.
fn needs_partner(options: &ScanOptions, network: &NetworkOptions, lab: Option<LabChoice>, output: &Output) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::usage(text));
    let drawn_lab = lab.is_some_and(|lab| lab.world == World::Census);
    let stream = matches!(output, Output::ArrowStream | Output::Text { .. });
    match options {
        options if options.seed.is_some() && options.sample.is_none() && !drawn_lab => {
            refuse("--seed is the seed of --sample, and of the world census of the lab: add --sample N, or leave --seed out")
        }
        options if stream && options.list_id.is_some() => {
            refuse("--list-id goes into the manifest, which a stream does not have: leave it out")
        }
        options if options.keep.is_some() && options.layout != Some(Layout::Hive) => {
            refuse("--keep applies to the dated folders of --layout hive: add that, or leave out --keep")
        }
        options if stream && !options.fail_on.is_empty() => {
            refuse("--fail-on judges the dataset when it is written, and a stream leaves none: write to a folder, or leave it out")
        }
        options if stream && options.metrics_file.is_some() => {
            refuse("--metrics-file has the figures of a folder, and a stream has none: leave it out")
        }
        options if stream && options.part_rows.is_some() => {
            refuse("--part-rows applies to folders, and a stream has no parts: leave it out")
        }
        options if options.notify_timeout.is_some() && options.notify_exec.is_none() => {
            refuse("--notify-timeout applies to --notify-exec PROGRAM: add that, or leave out --notify-timeout")
        }
        _ if network.http_port.is_some() && !network.look_around => {
            refuse("--http-port applies to --look-around, which asks over plain HTTP: add that, or leave out --http-port")
        }
        _ => Ok(()),
    }
}

/// How the network is asked, and the lab that stands in for it if there is one, whose `seed` this is.
pub(super) fn network(options: &NetworkOptions, seed: Option<u64>) -> Result<(NetworkPlan, Option<LabChoice>), Failure> {
    let lab = options.lab.as_deref().map(|world| lab(world, seed)).transpose()?;
    let default = defaults(lab.map(|lab| lab.world));
    let (resolvers, encrypted) = resolvers(options)?;
    let iterative = iterative(options, lab.is_some())?;
    if lab.is_some() && !(resolvers.is_empty() && encrypted.is_empty()) {
        return Err(Failure::usage("--lab brings its own resolver: leave out --resolver and --resolvers, or --lab"));
    }
    check_way(options, lab.is_some(), !encrypted.is_empty())?;
    check_mail(options, lab.is_some())?;
    let plan = NetworkPlan {
        resolvers,
        encrypted,
        iterative,
        trust_resolvers: options.trust_resolvers,
        retry_rounds: options.retry_rounds.clone().map_or(default.retry_rounds, |Pauses(pauses)| pauses),
        rate: options.rate.or(default.rate),
        resolver_rate: options.resolver_rate.or(default.resolver_rate),
        dns_retry: RetryConfig {
            timeout: options.dns_timeout.unwrap_or(default.dns_retry.timeout),
            tries: options.dns_tries.unwrap_or(default.dns_retry.tries),
            ..default.dns_retry
        },
        mix_case: options.mix_case,
        concurrency: options.concurrency.map(|limit| limit as usize),
        fetch_concurrency: options.fetch_concurrency.map(|limit| limit as usize).or(default.fetch_concurrency),
        fetch: FetchConfig {
            https_port: options.https_port.unwrap_or(default.fetch.https_port),
            http_port: options.http_port.unwrap_or(default.fetch.http_port),
            connect_timeout: options.connect_timeout.unwrap_or(default.fetch.connect_timeout),
            total_timeout: options.fetch_timeout.unwrap_or(default.fetch.total_timeout),
            fetch_rate: options.fetch_rate.unwrap_or(default.fetch.fetch_rate),
            host_rate: options.host_rate.unwrap_or(default.fetch.host_rate),
            allow_private: options.allow_private || default.fetch.allow_private,
            contact: options.contact.clone(),
            ..default.fetch
        },
        smtp: options.smtp.unwrap_or(default.smtp),
        // Whoever resolves from the root does not validate.
        dane: options.dane.or(default.dane.map(|dane| if options.iterative { Scope::None } else { dane })),
        mail: SmtpConfig {
            smtp_port: options.smtp_port.unwrap_or(default.mail.smtp_port),
            ehlo: options.ehlo.clone(),
            smtp_rate: options.smtp_rate.unwrap_or(default.mail.smtp_rate),
            smtp_host_rate: options.smtp_host_rate.or(default.mail.smtp_host_rate),
            smtp_canary: options.smtp_canary.clone(),
            smtp_canary_dead: options.smtp_canary_dead,
            smtp_all_addresses: options.smtp_all_addresses,
            smtp_every_name: options.smtp_every_name,
            smtp_greeting_timeout: options.smtp_greeting_timeout.unwrap_or(default.mail.smtp_greeting_timeout),
            ..default.mail
        },
        platform_roots: options.platform_roots,
        source: Source::new(&options.source_ip, options.interface.as_deref()).map_err(Failure::usage)?,
        ca_files: options.ca_file.iter().map(|path| contents("--ca-file", path)).collect::<Result<_, _>>()?,
        no_prune: options.no_prune,
        look_around: options.look_around || default.look_around,
        exclude: options.exclude.as_deref().map(|path| contents("the opt-out list", path)).transpose()?,
        asn_db: Arc::new(databases(&options.asn_db)?),
        ..default
    };
    let (connect, total) = (plan.fetch.connect_timeout, plan.fetch.total_timeout);
    if options.connect_timeout.is_some() && connect > total {
        let text =
            format!("--connect-timeout {connect:?} is longer than the whole fetch may take (--fetch-timeout {total:?}): give it less");
        return Err(Failure::usage(text));
    }
    Ok((plan, lab))
}

/// Whether an option says how mail servers are asked, and nothing else.
pub(super) fn shapes_conversations(options: &NetworkOptions) -> bool {
    options.smtp_rate.is_some()
        || options.smtp_host_rate.is_some()
        || options.smtp_port.is_some()
        || options.smtp_greeting_timeout.is_some()
        || options.smtp_canary_dead.is_some()
        || options.smtp_all_addresses
        || options.smtp_every_name
        || !options.smtp_canary.is_empty()
}

/// Refuses a name that cannot stand behind EHLO, a greeting that is not waited for, and canaries that nobody would ask.
fn check_mail(options: &NetworkOptions, lab: bool) -> Result<(), Failure> {
    if let Some(name) = &options.ehlo
        && let Err(why) = check_ehlo_name(name)
    {
        let text = format!("--ehlo {name:?}: {why}; give the name of this machine, e.g. scanner.example.org");
        return Err(Failure::usage(text));
    }
    let own_port = lab || options.smtp_port.is_some_and(|port| port != 25);
    if options.smtp_greeting_timeout.is_some_and(|limit| limit < Duration::from_secs(60)) && !own_port {
        return Err(Failure::usage(
            "--smtp-greeting-timeout: mail servers delay their greeting on purpose; give at least 60 seconds, or leave it out",
        ));
    }
    if options.smtp_canary_dead.is_some() && own_port && options.smtp_canary.is_empty() {
        return Err(Failure::usage(
            "--smtp-canary-dead is asked where there is a doubt, which another port than 25 and the lab do not raise: add --smtp-canary HOST",
        ));
    }
    Ok(())
}

/// Refuses what the way in which names are resolved, or the lab, would silently leave aside.
fn check_way(options: &NetworkOptions, lab: bool, encrypted: bool) -> Result<(), Failure> {
    let refuse = |text: &str| Err(Failure::usage(text));
    match options {
        options if lab && options.interface.as_deref().is_some_and(|name| name != "lo") => {
            refuse("--lab is on loopback, which no other interface leads to: leave out --interface, or --lab")
        }
        options if lab && options.trust_resolvers => {
            refuse("--lab brings its own resolver, which is not checked: leave out --trust-resolvers, or --lab")
        }
        options if lab && (options.https_port.is_some() || options.http_port.is_some() || options.smtp_port.is_some()) => {
            refuse("--lab brings its own ports: leave out --https-port, --http-port and --smtp-port, or --lab")
        }
        options if options.mix_case && (options.iterative || encrypted) => {
            refuse("--0x20 applies to resolvers that are asked over UDP: leave it out, or --iterative and encrypted resolvers")
        }
        _ => Ok(()),
    }
}

/// Defaults on the real Internet, or in a world on loopback, where nobody has to be spared and nothing is far away.
fn defaults(world: Option<World>) -> NetworkPlan {
    let real = NetworkPlan::default();
    let Some(world) = world else { return real };
    let (dns_timeout, connect_timeout, total_timeout, greeting_timeout, fetch_concurrency) = match world {
        // One of its hosts takes eleven seconds, which is slow but not too late, even where many of it share a busy machine; likewise one
        // of its mail servers eight.
        World::Zoo => (0.5, 1.0, 18.0, 12.0, Some(96)),
        // Its figures must not depend on how busy the machine is, and whoever waits behind hundreds of others is slow.
        World::Imc2025 => (2.0, 10.0, 60.0, 60.0, Some(64)),
        World::Census | World::Hostile => (0.5, 1.0, 2.0, 10.0, None),
    };
    let times = [dns_timeout, connect_timeout, total_timeout, greeting_timeout];
    let [dns_timeout, connect_timeout, total_timeout, smtp_greeting_timeout] = times.map(Duration::from_secs_f64);
    // The zoo has cases that show only so, and nobody there to spare.
    let asked = if world == World::Zoo { Scope::All } else { Scope::None };
    NetworkPlan {
        // Some mail servers of the zoo are otherwise the second time.
        retry_rounds: if world == World::Zoo { vec![Duration::from_millis(500)] } else { Vec::new() },
        rate: Some(0),
        resolver_rate: Some(0),
        dns_retry: RetryConfig { timeout: dns_timeout, ..real.dns_retry },
        fetch_concurrency,
        look_around: world == World::Zoo,
        smtp: asked,
        dane: Some(asked),
        mail: SmtpConfig { smtp_rate: 0.0, smtp_greeting_timeout, ..real.mail },
        fetch: FetchConfig { connect_timeout, total_timeout, fetch_rate: 0, host_rate: 0, allow_private: true, ..real.fetch },
        ..real
    }
}

/// The databases of `--asn-db`.
pub(super) fn databases(files: &[PathBuf]) -> Result<Databases, Failure> {
    Databases::open(files).map_err(|why| Failure::usage(format!("--asn-db: {why}")))
}

fn contents(option: &str, path: &Path) -> Result<Contents, Failure> {
    let unreadable = |error| Failure::usage(format!("{option} {} cannot be read: {error}", shown(path)));
    Contents::read(path).map_err(unreadable)
}

/// A world and, after a colon, how many names its own list has.
fn lab(text: &str, seed: Option<u64>) -> Result<LabChoice, Failure> {
    let (word, names) = text.split_once(':').map_or((text, None), |(word, names)| (word, Some(names)));
    let world = world(word)?;
    let names =
        names.map(|names| lab_names(names).map_err(|expected| Failure::usage(format!("--lab={text:?}: {expected} after the colon"))));
    Ok(LabChoice { world, names: names.transpose()?, seed: seed.unwrap_or(1) })
}

/// The resolvers given: those asked in the clear, and those asked over TLS. They cannot be mixed: what is asked in the clear can be read
/// and forged on the way, whoever else is asked.
fn resolvers(options: &NetworkOptions) -> Result<(Vec<SocketAddr>, Vec<EncryptedResolver>), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
    let (mut resolvers, mut encrypted) = (Vec::new(), Vec::new());
    for text in &options.resolver {
        if is_encrypted_resolver(text) {
            encrypted.push(parse_encrypted_resolver(text).map_err(|error| usage(&format_args!("--resolver {error}")))?)
        } else {
            resolvers.push(parse_resolver(text).map_err(|error| usage(&format_args!("--resolver {error}")))?)
        }
    }
    if let Some(path) = &options.resolvers {
        let file = read_resolvers(path).map_err(|error| usage(&error))?;
        resolvers.extend(file.plain);
        encrypted.extend(file.encrypted);
    }
    resolvers.dedup();
    encrypted.dedup();
    if !resolvers.is_empty() && !encrypted.is_empty() {
        return Err(Failure::usage("encrypted resolvers (tls://, https://) and others cannot be mixed: name only one kind"));
    }
    Ok((resolvers, encrypted))
}

/// Where resolving from the root begins, if that is asked for.
fn iterative(options: &NetworkOptions, lab: bool) -> Result<Option<IterativePlan>, Failure> {
    let refuse = |text: &str| Err(Failure::usage(text));
    match (options.iterative, &options.root_hints, options.dns_port) {
        (false, None, None) => return Ok(None),
        (false, ..) => return refuse("--root-hints and --dns-port say where --iterative begins: add --iterative, or leave them out"),
        (true, ..) if !options.resolver.is_empty() || options.resolvers.is_some() => {
            return refuse("--iterative asks name servers itself: leave out --resolver and --resolvers, or --iterative");
        }
        (true, None, None) => {}
        (true, ..) if lab => return refuse("--lab brings its own root: leave out --root-hints and --dns-port, or --lab"),
        (true, ..) => {}
    }
    let roots = match &options.root_hints {
        Some(path) => read_root_hints(path).map_err(|error| Failure::usage(error.to_string()))?,
        None => built_in_root_hints(),
    };
    Ok(Some(IterativePlan { roots, port: options.dns_port.unwrap_or(53) }))
}

fn output(out: &Path, format: Option<&str>, layout: Layout, columns: &[String]) -> Result<Output, Failure> {
    let is_stdout = out == Path::new("-");
    if let Some(form) = format.and_then(RowForm::from_word) {
        if layout == Layout::Hive {
            return Err(Failure::usage(format!("--layout hive is of Parquet files: leave it out, or --format {form}")));
        }
        if place::is_far(out) {
            return Err(Failure::usage(format!(
                "--format {form} is written to a file of this machine: name one, or - for standard output"
            )));
        }
        let columns = RowColumns::chosen(columns).map_err(|why| Failure::usage(format!("--columns: {why}")))?;
        return Ok(Output::Text { file: (!is_stdout).then(|| out.to_owned()), form, columns });
    }
    if !columns.is_empty() {
        return Err(Failure::usage("--columns chooses what rows of text have: add --format jsonl or csv, or leave it out"));
    }
    match (format.unwrap_or("parquet"), is_stdout, layout) {
        ("parquet", false, Layout::Plain) => Ok(Output::Folder(out.to_owned())),
        ("parquet", false, Layout::Hive) => Ok(Output::Tree(out.to_owned())),
        ("parquet", true, _) => {
            Err(Failure::usage("-o -: standard output takes one stream, not a folder of files; add --format jsonl, csv or arrow-stream"))
        }
        ("arrow-stream", _, Layout::Hive) => Err(Failure::usage("--layout hive applies to files, not to a stream: leave it out")),
        ("arrow-stream", true, _) => Ok(Output::ArrowStream),
        ("arrow-stream", false, _) => Err(Failure::usage("--format arrow-stream goes to standard output; write -o -")),
        (other, ..) => Err(Failure::usage(format!("--format {other:?}: parquet, arrow-stream, jsonl and csv are possible"))),
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(option: &str, text: Option<&str>) -> Result<Option<T>, Failure> {
    text.map(|text| text.parse().map_err(|error| Failure::usage(format!("{option}: {error}")))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_done_names_the_option() {
        let typed = |change: &dyn Fn(&mut ScanOptions)| {
            let mut options = ScanOptions { out: Some("x".into()), ..ScanOptions::default() };
            change(&mut options);
            scan(vec!["list".into()], options, &NetworkOptions::default()).map(|_| ()).unwrap_err().to_string()
        };
        assert!(typed(&|o| o.seed = Some(4)).contains("--seed"));
        assert!(typed(&|o| o.shard = Some("4/4".into())).contains("--shard"));
        assert!(typed(&|o| o.out = None).contains("-o DIR"));
        assert!(typed(&|o| o.out = Some("-".into())).contains("arrow-stream"));
        assert!(typed(&|o| o.format = Some("xlsx".into())).contains("xlsx"));
        assert!(typed(&|o| o.columns = vec!["domain".into()]).contains("--format jsonl or csv"));
    }

    #[test]
    fn options_of_mail_servers_that_make_no_sense_are_refused() {
        let typed = |change: &dyn Fn(&mut NetworkOptions)| {
            let mut network = NetworkOptions::default();
            change(&mut network);
            let options = ScanOptions { out: Some("x".into()), ..ScanOptions::default() };
            scan(vec!["list".into()], options, &network).map(|_| ()).err().map(|failure| failure.to_string()).unwrap_or_default()
        };
        let asking = |o: &mut NetworkOptions| o.smtp = Some(Scope::All);
        assert!(typed(&|o| o.smtp_rate = Some(1.0)).contains("add --smtp adopters"));
        assert!(typed(&|o| o.smtp_canary = vec!["mx.example".into()]).contains("add --smtp adopters"));
        assert!(typed(&|o| (asking(o), o.smtp_greeting_timeout = Some(Duration::from_secs(5))).0).contains("at least 60 seconds"));
        assert!(typed(&|o| (asking(o), o.ehlo = Some("a b".into())).0).contains("--ehlo"));
        assert!(typed(&|o| o.ehlo = Some("a\r\nQUIT".into())).contains("\\r\\n"));
        assert!(
            typed(&|o| (asking(o), o.smtp_port = Some(2525), o.smtp_canary_dead = Some([192, 0, 2, 1].into())).0)
                .contains("add --smtp-canary")
        );
        assert_eq!(typed(&|o| (asking(o), o.smtp_rate = Some(1.0), o.ehlo = Some("scanner.example.org".into())).0), "");
    }
}
