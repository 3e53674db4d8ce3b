//! `DATASHEET.md`: the headings of Gebru et al., Datasheets for Datasets (2021), filled with what the manifest knows; the rest is
//! marked as blank, since only the publisher can say it.

use std::fmt::Write;

use super::description::{Described, Mailboxes, Publication, citation, summary};
use crate::analyse::provenance::Provenance;
use crate::dataset::reports::ReportsManifest;
use crate::dataset::{Manifest, Tally};

/// What stands where the publisher has to write.
const BLANK: &str = "**[blank: to be filled in by the publisher]**";

/// The datasheet.
pub(super) fn datasheet(manifest: &Manifest, publication: &Publication) -> String {
    let sections = [
        ("Motivation", motivation()),
        ("Composition", composition(manifest, publication)),
        ("Collection process", collection(manifest)),
        ("Preprocessing, cleaning, labelling", preprocessing(manifest, publication)),
        ("Uses", uses()),
        ("Distribution", distribution(publication, &bibtex(&manifest.run.run_id, &citation(manifest), &of_list(manifest), publication))),
        ("Maintenance", maintenance()),
    ];
    sheet(&manifest.run.run_id, &summary(manifest), &Provenance::of(&manifest.run.run_id, manifest), sections)
}

/// The datasheet of a dataset of TLS reports.
pub(super) fn datasheet_of_reports(manifest: &ReportsManifest, publication: &Publication) -> String {
    let of = Described::reports(manifest);
    let sections = [
        ("Motivation", motivation()),
        ("Composition", composition_of_reports(manifest, publication)),
        ("Collection process", collection_of_reports(manifest)),
        ("Preprocessing, cleaning, labelling", preprocessing_of_reports(publication)),
        ("Uses", uses_of_reports()),
        ("Distribution", distribution(publication, &bibtex(&manifest.run_id, &of.citation, "", publication))),
        ("Maintenance", maintenance()),
    ];
    sheet(&manifest.run_id, &of.summary, &of.provenance, sections)
}

fn composition_of_reports(manifest: &ReportsManifest, publication: &Publication) -> Answers {
    let tally = &manifest.accounting;
    let personal = match publication.mailboxes {
        Mailboxes::Hash => "Mailboxes (contacts of senders above all) stand in it as keyed hashes in place of their local parts.",
        Mailboxes::Drop => "The local parts of mailboxes (contacts of senders above all) were replaced by a fixed word.",
        Mailboxes::Keep => "Yes: contacts of senders, and whatever mailboxes stand in the texts of reports.",
    };
    vec![
        ("What do the instances represent?", "What a mail sender saw of one policy in the range of one report, mostly a day.".to_owned()),
        ("How many instances are there?", format!("{} rows of {} reports.", manifest.rows, tally.reports)),
        (
            "Does it contain all possible instances or a sample?",
            format!(
                "The reports that arrived and were found; {} files or parts of files were refused, as `rejected.csv` says.",
                tally.refused
            ),
        ),
        ("What data does each instance consist of?", "The columns that `datapackage.json` and `croissant.json` describe.".to_owned()),
        ("Is there a label?", "Column `failures[].code` says which finding of stscan a failure points to, where it tells.".to_owned()),
        ("Is any information missing?", "Counts that a report does not give are null, which is not 0.".to_owned()),
        (
            "Are there errors, sources of noise, or redundancies?",
            "Nothing in a report is verified; one session may be counted under several policy types, and failures overlap.".to_owned(),
        ),
        ("Does it contain personal data?", personal.to_owned()),
    ]
}

fn collection_of_reports(manifest: &ReportsManifest) -> Answers {
    vec![
        ("How was the data acquired?", "From TLS reports (RFC 8460) that mail senders sent to the domains.".to_owned()),
        (
            "With what software?",
            format!(
                "stscan {} (revision {}), {}.",
                code(&manifest.tool.version),
                code(manifest.tool.git_revision.as_deref().unwrap_or("unknown")),
                code(&manifest.public_suffix_list)
            ),
        ),
        (
            "Over what timeframe?",
            format!(
                "Read {} to {}; column `day` says of which day a report is.",
                manifest.started_at,
                manifest.finished_at.as_deref().unwrap_or("(unfinished)")
            ),
        ),
        ("Were ethical review processes conducted?", blank()),
        ("Do the senders agree to the publication?", blank()),
    ]
}

fn preprocessing_of_reports(publication: &Publication) -> Answers {
    let removed = format!(
        "Mailboxes: {}; contacts without one are left out unless mailboxes are kept. Addresses of senders and MX hosts stand for their network (/24, /48), those in texts are left out. Paths of files are cut to their last part.",
        publication.mailboxes
    );
    vec![
        ("Was any preprocessing done?", "Reports that came twice are in it once; policies were read as senders read them.".to_owned()),
        ("What was removed for publication?", removed),
        ("Is the raw data kept?", blank()),
    ]
}

fn uses_of_reports() -> Answers {
    vec![
        ("Has it been used already?", blank()),
        ("What could it be used for?", "Failures of TLS as senders meet them, and the policies that they hold in their caches.".to_owned()),
        (
            "For what should it not be used?",
            "For finding out who writes to whom, or for contacting the people behind mailboxes.".to_owned(),
        ),
    ]
}

fn sheet(run_id: &str, summary: &str, provenance: &Provenance, sections: [(&'static str, Answers); 7]) -> String {
    let lines = provenance.whole_lines().into_iter().map(|(label, text)| format!("* {label}: {}\n", code(&text)));
    let mut out = format!("# Datasheet: {}\n\n{}\n\n{}", code(run_id), plain(summary), lines.collect::<String>());
    for (heading, answers) in sections {
        let _ = write!(out, "\n## {heading}\n\n"); // Writing to a String cannot fail.
        for (question, answer) in answers {
            let _ = write!(out, "**{question}** {answer}\n\n");
        }
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

type Answers = Vec<(&'static str, String)>;

fn blank() -> String {
    BLANK.to_owned()
}

fn motivation() -> Answers {
    vec![
        ("For what purpose was the dataset created?", blank()),
        ("Who created it, and on behalf of which entity?", blank()),
        ("Who funded its creation?", blank()),
    ]
}

fn composition(manifest: &Manifest, publication: &Publication) -> Answers {
    let tally = |tally: &Tally| tally.iter().map(|(word, rows)| format!("{} {rows}", code(word))).collect::<Vec<_>>().join(", ");
    let of_servers =
        [("MX hosts", &manifest.counts.mx_tls), ("DANE", &manifest.counts.dane_state), ("DNSSEC of MX", &manifest.counts.mx_dnssec)];
    let of_servers = of_servers.into_iter().filter(|(_, counts)| !counts.is_empty());
    let mail_servers: String = of_servers.map(|(what, counts)| format!(" {what}: {}.", tally(counts))).collect();
    let accounting = manifest.accounting.map_or_else(blank, |a| {
        format!(
            "Lines of the list: {}. Rows: {}. Not a domain name: {}. Duplicates: {}. Excluded on request: {}. Not selected: {}. Not a name (blank, comment, header or other zone record): {}.",
            a.lines, a.rows, a.rejected, a.duplicates, a.excluded, a.not_selected, a.blank
        )
    });
    let personal = match publication.mailboxes {
        Mailboxes::Hash => {
            "Mailboxes (of report addresses above all) stand in it as keyed hashes in place of their local parts, in every column and in the recorded bytes."
        }
        Mailboxes::Drop => {
            "The local parts of mailboxes (of report addresses above all) were replaced by a fixed word, in every column and in the recorded bytes."
        }
        Mailboxes::Keep => {
            "Yes: report addresses, and whatever mailboxes stand in records and policies, are in it as published by the domains."
        }
    };
    vec![
        ("What do the instances represent?", "Domain names; each row is one domain at one time.".to_owned()),
        ("How many instances are there?", manifest.counts.rows.to_string()),
        ("Does it contain all possible instances or a sample?", accounting),
        ("What data does each instance consist of?", "The columns that `datapackage.json` and `croissant.json` describe: the judgement in flat columns, everything that was seen in column `evidence`.".to_owned()),
        ("Is there a label?", format!("Posture: {}. Delivery: {} ({}).{}", tally(&manifest.counts.posture), tally(&manifest.counts.delivery), manifest.counts.asked().note(), mail_servers)),
        ("Is any information missing?", "What could not be found out is `unknown`, never `absent`; the outcome of every lookup says why.".to_owned()),
        ("Are there errors, sources of noise, or redundancies?", "Lookups can fail for reasons of the network in between; figures of toplists over-estimate adoption among all domains.".to_owned()),
        ("Does it contain personal data?", personal.to_owned()),
    ]
}

fn collection(manifest: &Manifest) -> Answers {
    let list = &manifest.run.list;
    let id = list.id.as_deref().map_or_else(String::new, |id| format!(", id {}", code(id)));
    let hash = list.sha256.as_deref().map_or_else(String::new, |hash| format!(", SHA-256 {}", code(hash)));
    let resolvers = manifest.run.resolvers.iter().map(|resolver| code(resolver)).collect::<Vec<_>>().join(", ");
    let activity = &manifest.activity;
    vec![
        (
            "How was the data acquired?",
            format!(
                "By DNS lookups (MX, TXT at `_mta-sts` and `_smtp._tls`, addresses{}) and one HTTPS GET of each policy; {}.",
                if manifest.counts.dane_state.is_empty() { "" } else { ", TLSA" },
                manifest.counts.asked().conduct()
            ),
        ),
        (
            "With what software?",
            format!(
                "stscan {} (revision {}), catalogue of findings {}, {}, {}.",
                code(&manifest.run.tool.version),
                code(manifest.run.tool.git_revision.as_deref().unwrap_or("unknown")),
                code(&manifest.run.catalogue_version),
                code(&manifest.run.public_suffix_list),
                code(&manifest.run.root_store)
            ),
        ),
        ("From which list?", format!("{}{id}{hash}.", code(&list.name))),
        (
            "Over what timeframe?",
            format!(
                "{} to {}; {} DNS queries, {} HTTPS exchanges and {} connections to mail servers in {:.0} seconds of scanning.",
                manifest.started_at,
                manifest.finished_at.as_deref().unwrap_or("(unfinished)"),
                activity.dns_queries,
                activity.fetches,
                activity.smtp.connections,
                activity.seconds
            ),
        ),
        ("By way of which resolvers, under which name?", format!("{resolvers}; User-Agent {}.", code(&manifest.run.user_agent))),
        ("Were ethical review processes conducted?", blank()),
        ("Were the operators notified, and could they opt out?", blank()),
    ]
}

fn preprocessing(manifest: &Manifest, publication: &Publication) -> Answers {
    let judged = match manifest.made_from.as_ref().and_then(|export| export.made_from.as_ref()) {
        Some(earlier) => format!(
            "The evidence was judged again with catalogue {}, after {} of the scan itself.",
            code(&manifest.run.catalogue_version),
            code(&earlier.catalogue_version)
        ),
        None => "None beyond the judgement that the program makes of the evidence; the evidence is kept, so that it can be made again."
            .to_owned(),
    };
    let removed = format!(
        "Mailboxes: {}. Further columns of the list: {}. Hashes of bodies in which a mailbox was replaced are left out. In replies of mail servers every address, the name that the scanner gave and what a server greets it with are masked.",
        publication.mailboxes,
        if publication.keep_carried { "kept" } else { "left out" }
    );
    vec![("Was any preprocessing done?", judged), ("What was removed for publication?", removed), ("Is the raw data kept?", blank())]
}

fn uses() -> Answers {
    vec![
        ("Has it been used already?", blank()),
        (
            "What could it be used for?",
            "Adoption and misconfiguration of MTA-STS and TLS reporting, and their change over time.".to_owned(),
        ),
        ("For what should it not be used?", "For contacting the owners of mailboxes other than to tell of a fault.".to_owned()),
    ]
}

fn distribution(publication: &Publication, bibtex: &str) -> Answers {
    let licence = publication.licence.as_deref().map_or_else(blank, code);
    vec![
        ("How will it be distributed?", blank()),
        ("When?", format!("This copy was made on {}.", publication.date)),
        ("Under what licence?", licence),
        ("How is it cited?", format!("With author, publisher and DOI filled in:\n\n```bibtex\n{bibtex}\n```")),
    ]
}

/// An entry of BibTeX; who made the dataset and where it is published is for the publisher to add.
fn bibtex(run_id: &str, citation: &str, of_list: &str, publication: &Publication) -> String {
    let year = publication.date.get(..4).unwrap_or(&publication.date);
    let key: String = run_id.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(
        "@misc{{stscan-{key},\n  title  = {{{{{}}}}},\n  author = {{}},\n  year   = {{{year}}},\n  publisher = {{}},\n  doi    = {{}},\n  note   = {{Dataset{of_list}}},\n}}",
        tex(citation),
    )
}

/// Which list it was, for the note of an entry.
fn of_list(manifest: &Manifest) -> String {
    format!(", list SHA-256 {}", manifest.run.list.sha256.as_deref().map_or_else(|| "unknown".to_owned(), tex))
}

/// Text of a list or a manifest inside the braces of an entry: nothing of it ends them, the fence around them, or is a command.
fn tex(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() && !"\\{}~^`".contains(*c));
    kept.flat_map(|c| if "%&#_$".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}

fn maintenance() -> Answers {
    vec![
        ("Who maintains it, and how can they be reached?", blank()),
        ("Will it be updated, and is there an erratum?", blank()),
        ("How is it checked?", "`sha256sum -c SHA256SUMS`; `manifest.json` lists every part with its rows and SHA-256.".to_owned()),
    ]
}

/// Text of a list or a manifest as code, so that nothing in it is Markdown or HTML.
fn code(text: &str) -> String {
    format!("`{}`", text.chars().filter(|c| !c.is_control() && *c != '`').collect::<String>())
}

/// The same as plain text.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).flat_map(|c| if "\\`*_<>[]#|".contains(c) { vec!['\\', c] } else { vec![c] }).collect()
}
