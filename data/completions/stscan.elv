
use builtin;
use str;

set edit:completion:arg-completer[stscan] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'stscan'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'stscan'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand scan 'Scan lists of domains into a Parquet dataset'
            cand check 'Probe a few domains and explain what is wrong and what to publish instead'
            cand lint 'Check the text of a record or a policy, offline'
            cand explain 'Explain a finding code'
            cand codes 'List all finding codes'
            cand stats 'Print tables of adoption and misconfiguration from datasets'
            cand diff 'Show what changed between two scans, per domain and in sum'
            cand reclassify 'Judge the evidence of a dataset again by today''s rules, into a new dataset; sends no packet'
            cand export 'Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums'
            cand report 'Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs'
            cand publish 'Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset'
            cand tlsrpt 'Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own'
            cand merge 'Join the shards of a list (scan --shard) into one dataset; sends no packet'
            cand verify 'Check that a dataset is whole: hash, length, rows, ordinals and origin of every part'
            cand schema 'Print the dataset''s columns with their types and meanings'
            cand lab 'Run the built-in Internet on loopback, list its cases or write its list and truth'
            cand manual 'Read the manual: without a chapter the list of them'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'stscan;scan'= {
            cand --config 'File with any of these options, as TOML'
            cand --column 'Column of a CSV list that holds the domain: a header''s name, or a number from 1'
            cand --carry 'Copy these further columns of a CSV list with a header into the dataset, e.g. owner,unit'
            cand --list-name 'What the list is called in the dataset [default: the file''s name]'
            cand --list-id 'The list''s citable id, for the manifest [default: what the file''s name says, as of tranco_K25GW.csv.zip]'
            cand --top 'Only the first N names of the list'
            cand --sample 'Only N names drawn at random'
            cand --seed 'Seed of --sample and of the lab [default: 1]'
            cand --skip 'Leave out the first N names'
            cand --shard 'Only the I-th of N parts (from 0), cut by a stable hash of the name; auto: by the task of a Slurm array or Kubernetes Indexed Job [default: 0/1]'
            cand --vantage 'Where the scan runs, in words for the readers of the dataset, e.g. "AS64500, Frankfurt"'
            cand -o 'Folder of the dataset, or a prefix of an object store (s3://BUCKET/PREFIX, gs://, az://); with --format jsonl or csv a new file, or - for standard output; - with --format arrow-stream'
            cand --out 'Folder of the dataset, or a prefix of an object store (s3://BUCKET/PREFIX, gs://, az://); with --format jsonl or csv a new file, or - for standard output; - with --format arrow-stream'
            cand --format 'parquet: files, which a stopped scan goes on with; arrow-stream: one Arrow IPC stream on standard output; jsonl, csv: a line a domain, to a file or standard output, which begins again when it is stopped [default: parquet]'
            cand --columns 'With --format jsonl or csv: columns, as domain,posture,findings.code,evidence.fetch.status; flat stands for all but evidence [default: flat]'
            cand --layout 'plain: DIR is the dataset; hive: the dataset is DIR/list=NAME/date=YYYY-MM-DD, which engines read as one table [default: plain]'
            cand --keep 'With --layout hive: keep the last N finished scans of the list and remove older ones; nothing is removed but whole scans'
            cand --fail-on 'When the dataset is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas'
            cand --part-rows 'Rows in a part, the unit that a crash can lose [default: 50000]'
            cand --workers 'Worker threads, each with its own sockets and its share of --concurrency [default: one per core]'
            cand --progress 'What is shown on standard error: auto, bar, json or none [default: auto]'
            cand --status-file 'File that holds the scan''s state as JSON, written once per second'
            cand --metrics-file 'File to which the figures of the scan are written at its end for Prometheus, e.g. for the node exporter''s textfile collector'
            cand --notify-exec 'Program to run when the scan has ended; it reads a JSON object about it from standard input'
            cand --notify-timeout 'How long that program may take before it is killed [default: 60s]'
            cand --resolver 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system''s]'
            cand --resolvers 'File with resolvers as for --resolver, one per line'
            cand --root-hints 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA''s, built in]'
            cand --dns-port 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]'
            cand --retry-rounds 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]'
            cand --rate 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]'
            cand --resolver-rate 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]'
            cand --fetch-rate 'HTTPS fetches per second in all, 0 for no limit [default: 200]'
            cand --host-rate 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]'
            cand --contact 'Put into the User-Agent so that operators can reach you: an address or URL'
            cand --exclude 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted'
            cand --asn-db 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated'
            cand --concurrency 'Domains in flight [default: from the limit of file descriptors]'
            cand --fetch-concurrency 'HTTPS fetches in flight [default: from the limit of file descriptors]'
            cand --dns-timeout 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]'
            cand --dns-tries 'DNS questions sent for one lookup before it counts as failed [default: 3]'
            cand --connect-timeout 'How long to wait for a TCP connection [default: 10s]'
            cand --fetch-timeout 'How long a whole fetch may take [default: 60s]'
            cand --https-port 'Port of policy hosts; other than 443 only for labs [default: 443]'
            cand --http-port 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]'
            cand --source-ip 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]'
            cand --interface 'Interface of this machine by which everything leaves, e.g. eth1; Linux only'
            cand --ca-file 'File with further trusted root certificates, PEM; may be repeated'
            cand --smtp 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]'
            cand --dane 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]'
            cand --ehlo 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]'
            cand --smtp-rate 'Connections to mail servers per second in all, 0 for no limit [default: 20]'
            cand --smtp-host-rate 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]'
            cand --smtp-canary 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]'
            cand --smtp-canary-dead 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]'
            cand --smtp-port 'Port of mail servers; other than 25 only for labs [default: 25]'
            cand --smtp-greeting-timeout 'How long to wait for a greeting; less than 60s only for labs [default: 60s]'
            cand --lab 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]'
            cand --restart 'Drop the unfinished scan that the folder holds and start again; a finished one is never dropped'
            cand --registrable 'Fold every name to its registrable domain (public suffix list), best rank kept'
            cand --iterative 'Resolve from the root, without a resolver; for some ten thousand names'
            cand --trust-resolvers 'Use the resolvers without checking at the start whether they answer, and answer truthfully'
            cand --0x20 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery'
            cand --platform-roots 'Trust the root certificates of this machine instead of the built-in ones'
            cand --allow-private 'Allow connections to loopback, private, link-local and other special-use addresses'
            cand --look-around 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists'
            cand --smtp-all-addresses 'Ask every address of an MX host instead of one per family'
            cand --smtp-every-name 'Ask under every name, even if address and certificate are known from three others'
            cand --no-prune 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;check'= {
            cand --fail-on 'End with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas; high is always among them'
            cand --rua 'Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed; may be repeated'
            cand --expect 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding'
            cand --config 'File with any of these options, as TOML'
            cand --resolver 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system''s]'
            cand --resolvers 'File with resolvers as for --resolver, one per line'
            cand --root-hints 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA''s, built in]'
            cand --dns-port 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]'
            cand --retry-rounds 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]'
            cand --rate 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]'
            cand --resolver-rate 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]'
            cand --fetch-rate 'HTTPS fetches per second in all, 0 for no limit [default: 200]'
            cand --host-rate 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]'
            cand --contact 'Put into the User-Agent so that operators can reach you: an address or URL'
            cand --exclude 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted'
            cand --asn-db 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated'
            cand --concurrency 'Domains in flight [default: from the limit of file descriptors]'
            cand --fetch-concurrency 'HTTPS fetches in flight [default: from the limit of file descriptors]'
            cand --dns-timeout 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]'
            cand --dns-tries 'DNS questions sent for one lookup before it counts as failed [default: 3]'
            cand --connect-timeout 'How long to wait for a TCP connection [default: 10s]'
            cand --fetch-timeout 'How long a whole fetch may take [default: 60s]'
            cand --https-port 'Port of policy hosts; other than 443 only for labs [default: 443]'
            cand --http-port 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]'
            cand --source-ip 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]'
            cand --interface 'Interface of this machine by which everything leaves, e.g. eth1; Linux only'
            cand --ca-file 'File with further trusted root certificates, PEM; may be repeated'
            cand --smtp 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]'
            cand --dane 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]'
            cand --ehlo 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]'
            cand --smtp-rate 'Connections to mail servers per second in all, 0 for no limit [default: 20]'
            cand --smtp-host-rate 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]'
            cand --smtp-canary 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]'
            cand --smtp-canary-dead 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]'
            cand --smtp-port 'Port of mail servers; other than 25 only for labs [default: 25]'
            cand --smtp-greeting-timeout 'How long to wait for a greeting; less than 60s only for labs [default: 60s]'
            cand --lab 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]'
            cand --json 'Print evidence and judgement as JSON, one object per domain'
            cand --iterative 'Resolve from the root, without a resolver; for some ten thousand names'
            cand --trust-resolvers 'Use the resolvers without checking at the start whether they answer, and answer truthfully'
            cand --0x20 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery'
            cand --platform-roots 'Trust the root certificates of this machine instead of the built-in ones'
            cand --allow-private 'Allow connections to loopback, private, link-local and other special-use addresses'
            cand --look-around 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists'
            cand --smtp-all-addresses 'Ask every address of an MX host instead of one per family'
            cand --smtp-every-name 'Ask under every name, even if address and certificate are known from three others'
            cand --no-prune 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;lint'= {
            cand --record 'The text of the TXT record at _mta-sts'
            cand --tlsrpt 'The text of the TXT record at _smtp._tls'
            cand --policy 'The body of /.well-known/mta-sts.txt'
            cand --json 'Print one JSON object'
            cand --fix 'Write the corrected text to the file, or print it if FILE is -'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;explain'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;codes'= {
            cand --json 'Print a JSON array'
            cand --markdown 'Print a Markdown table'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;stats'= {
            cand --tls-reports 'Tables of the TLS reports that `stscan tlsrpt` read into this folder (R1 to R7); R5 to R7 need the dataset of a scan, too'
            cand --where 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it'
            cand --table 'Which tables, e.g. T3,T9; study: those of Ashiq et al. (IMC 2025); all [default: all but study]'
            cand --by 'Group by tld, suffix, rank, list, provider (of mail), policy-host, posture or carried:COLUMN [default: list for several datasets]'
            cand --compare 'Put the published figures of a study beside those of the dataset: imc2025'
            cand --format 'Output format'
            cand --top 'How many groups, or names in a table, are shown one by one at most'
            cand --rank-bin 'Ranks in a bin of --by rank [default: 10000]'
            cand --third-party 'A host that serves this many domains or more belongs to a third party'
            cand --self-managed 'A policy host that serves this many domains or fewer is self-managed'
            cand --one-administrator 'A host between the two is self-managed if this percentage of its domains share policy host and MX hosts; 0: no host is'
            cand --series 'Treat the datasets as a series of scans, ordered by time'
            cand --bare 'Leave out where the figures come from, which stands at the head, for programs that take no comments'
            cand --ignore-addresses 'Count hosts with the same address as different hosts'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'stscan;diff'= {
            cand --where 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it'
            cand --format 'Output format'
            cand --changes 'List only domains with one of these changes, e.g. newly-broken,mx-stale [default: all; as text all but unknown]'
            cand --fail-on 'End with exit status 6 if a domain has one of these changes, a new finding so severe (high, or finding-gone:medium) or with this code (sts-fetch-cert-*); with 7 if unknown is named and nothing else is met. Repeatable, or with commas'
            cand --expect 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding'
            cand --top 'How many domains the text shows one by one at most; csv and json have all of them [default: 50]'
            cand --notify-exec 'Program to run at the end; it reads a JSON object about what changed from standard input'
            cand --notify-timeout 'How long that program may take before it is killed [default: 60s]'
            cand --bare 'Leave out where the figures come from, which stands at the head, for programs that take no comments'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'stscan;reclassify'= {
            cand -o 'Folder of the new dataset'
            cand --out 'Folder of the new dataset'
            cand --asn-db 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated [default: what the dataset says of each address is kept]'
            cand --json 'Print the summary of what changed as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;export'= {
            cand -o 'Folder of the copy'
            cand --out 'Folder of the copy'
            cand --mailboxes 'What becomes of the local parts of mailboxes: hash, drop or keep'
            cand --key 'Key of the hashes, 64 hexadecimal digits [default: a random one]'
            cand --asn-db 'Database of autonomous systems, or of countries, for column policy_hosts, as of reclassify; may be repeated'
            cand --flat 'Companion tables without lists, a row for each finding, MX host and destination of reports: flat/findings, flat/mx and flat/rua, as parquet or, with =csv, as CSV'
            cand --licence 'Licence of the copy: an SPDX identifier or a URL; without it none is stated'
            cand --show-key 'Print the key, so that a later copy can have the same hashes; keep it secret'
            cand --keep-carried 'Keep the columns that --carry brought from the list'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;report'= {
            cand -o 'File to write, or - for standard output [default: standard output, but not for html]; with --split-by a folder'
            cand --out 'File to write, or - for standard output [default: standard output, but not for html]; with --split-by a folder'
            cand --format 'What to write'
            cand --where 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it'
            cand --tls-reports 'TLS reports that `stscan tlsrpt` read into this folder: what senders saw, beside the findings'
            cand --split-by 'Write a folder (-o) with a page, a CSV and what to publish for each value of this carried column, and an index.html'
            cand --rua 'Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed (html, json); may be repeated'
            cand --kind 'Which kind of page: portfolio or adoption [default: portfolio up to 5000 domains, adoption above]'
            cand --domains 'How many domains the page lists one by one at most, the most urgent first [default: 100000]'
            cand --fail-on 'When the report is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas'
            cand --expect 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding'
            cand --bare 'Leave out the lines at the head of csv that say where the findings come from, for programs that take no comments'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'stscan;publish'= {
            cand -o 'Folder to write'
            cand --out 'Folder to write'
            cand --mx 'MX host of the domains, or a pattern such as *.mx.example.net, instead of what DNS says; may be repeated'
            cand --mode 'Mode of the policies: enforce, testing or none [default: the published one; a new policy begins with testing, later enforce]'
            cand --max-age 'How long senders may keep the policies, in seconds [default: the published one, a week at least; for mode none a day]'
            cand --rua 'Where TLS reports go, a mailbox or an https URL: for TLSRPT records that are missing or faulty, of named domains for all; may be repeated'
            cand --web-server 'Where the tree is served, a name or addresses: the policy hosts get a CNAME or A and AAAA records; may be repeated'
            cand --root 'Path of the tree on the web server, for the server configuration [default: the folder itself]'
            cand --where 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it'
            cand --config 'File with any of the options below, as TOML'
            cand --resolver 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system''s]'
            cand --resolvers 'File with resolvers as for --resolver, one per line'
            cand --root-hints 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA''s, built in]'
            cand --dns-port 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]'
            cand --retry-rounds 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]'
            cand --rate 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]'
            cand --resolver-rate 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]'
            cand --fetch-rate 'HTTPS fetches per second in all, 0 for no limit [default: 200]'
            cand --host-rate 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]'
            cand --contact 'Put into the User-Agent so that operators can reach you: an address or URL'
            cand --exclude 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted'
            cand --asn-db 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated'
            cand --concurrency 'Domains in flight [default: from the limit of file descriptors]'
            cand --fetch-concurrency 'HTTPS fetches in flight [default: from the limit of file descriptors]'
            cand --dns-timeout 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]'
            cand --dns-tries 'DNS questions sent for one lookup before it counts as failed [default: 3]'
            cand --connect-timeout 'How long to wait for a TCP connection [default: 10s]'
            cand --fetch-timeout 'How long a whole fetch may take [default: 60s]'
            cand --https-port 'Port of policy hosts; other than 443 only for labs [default: 443]'
            cand --http-port 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]'
            cand --source-ip 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]'
            cand --interface 'Interface of this machine by which everything leaves, e.g. eth1; Linux only'
            cand --ca-file 'File with further trusted root certificates, PEM; may be repeated'
            cand --smtp 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]'
            cand --dane 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]'
            cand --ehlo 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]'
            cand --smtp-rate 'Connections to mail servers per second in all, 0 for no limit [default: 20]'
            cand --smtp-host-rate 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]'
            cand --smtp-canary 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]'
            cand --smtp-canary-dead 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]'
            cand --smtp-port 'Port of mail servers; other than 25 only for labs [default: 25]'
            cand --smtp-greeting-timeout 'How long to wait for a greeting; less than 60s only for labs [default: 60s]'
            cand --lab 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]'
            cand --iterative 'Resolve from the root, without a resolver; for some ten thousand names'
            cand --trust-resolvers 'Use the resolvers without checking at the start whether they answer, and answer truthfully'
            cand --0x20 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery'
            cand --platform-roots 'Trust the root certificates of this machine instead of the built-in ones'
            cand --allow-private 'Allow connections to loopback, private, link-local and other special-use addresses'
            cand --look-around 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists'
            cand --smtp-all-addresses 'Ask every address of an MX host instead of one per family'
            cand --smtp-every-name 'Ask under every name, even if address and certificate are known from three others'
            cand --no-prune 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;tlsrpt'= {
            cand -o 'Folder of the dataset'
            cand --out 'Folder of the dataset'
            cand --json 'Print the summary as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;merge'= {
            cand -o 'Folder of the new dataset'
            cand --out 'Folder of the new dataset'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;verify'= {
            cand --repair 'Scan the rows of damaged parts again, and move aside what is no part'
            cand --json 'Print what is wrong as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;schema'= {
            cand --table 'Which table: domains (of scan) or reports (of tlsrpt)'
            cand --json 'Print JSON'
            cand --markdown 'Print a Markdown table'
            cand --manifest 'Print the JSON Schema of manifest.json instead'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;lab'= {
            cand --world 'Which world: zoo, census, imc2025 or hostile'
            cand --names 'How many names the world''s own list has [default: each case once, or 10000]'
            cand --seed 'Seed of the world'
            cand -h 'Print help'
            cand --help 'Print help'
            cand list 'List the cases with what is expected of them'
            cand write 'Write the world''s list and truth into a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'stscan;lab;list'= {
            cand --world 'Which world: zoo, census, imc2025 or hostile'
            cand --names 'How many names the world''s own list has [default: each case once, or 10000]'
            cand --seed 'Seed of the world'
            cand --json 'Print a JSON array'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;lab;write'= {
            cand --world 'Which world: zoo, census, imc2025 or hostile'
            cand --names 'How many names the world''s own list has [default: each case once, or 10000]'
            cand --seed 'Seed of the world'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;lab;help'= {
            cand list 'List the cases with what is expected of them'
            cand write 'Write the world''s list and truth into a folder'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'stscan;lab;help;list'= {
        }
        &'stscan;lab;help;write'= {
        }
        &'stscan;lab;help;help'= {
        }
        &'stscan;manual'= {
            cand --html 'Print one page of HTML that needs nothing but itself, with all chapters or the one that is named'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'stscan;help'= {
            cand scan 'Scan lists of domains into a Parquet dataset'
            cand check 'Probe a few domains and explain what is wrong and what to publish instead'
            cand lint 'Check the text of a record or a policy, offline'
            cand explain 'Explain a finding code'
            cand codes 'List all finding codes'
            cand stats 'Print tables of adoption and misconfiguration from datasets'
            cand diff 'Show what changed between two scans, per domain and in sum'
            cand reclassify 'Judge the evidence of a dataset again by today''s rules, into a new dataset; sends no packet'
            cand export 'Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums'
            cand report 'Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs'
            cand publish 'Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset'
            cand tlsrpt 'Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own'
            cand merge 'Join the shards of a list (scan --shard) into one dataset; sends no packet'
            cand verify 'Check that a dataset is whole: hash, length, rows, ordinals and origin of every part'
            cand schema 'Print the dataset''s columns with their types and meanings'
            cand lab 'Run the built-in Internet on loopback, list its cases or write its list and truth'
            cand manual 'Read the manual: without a chapter the list of them'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'stscan;help;scan'= {
        }
        &'stscan;help;check'= {
        }
        &'stscan;help;lint'= {
        }
        &'stscan;help;explain'= {
        }
        &'stscan;help;codes'= {
        }
        &'stscan;help;stats'= {
        }
        &'stscan;help;diff'= {
        }
        &'stscan;help;reclassify'= {
        }
        &'stscan;help;export'= {
        }
        &'stscan;help;report'= {
        }
        &'stscan;help;publish'= {
        }
        &'stscan;help;tlsrpt'= {
        }
        &'stscan;help;merge'= {
        }
        &'stscan;help;verify'= {
        }
        &'stscan;help;schema'= {
        }
        &'stscan;help;lab'= {
            cand list 'List the cases with what is expected of them'
            cand write 'Write the world''s list and truth into a folder'
        }
        &'stscan;help;lab;list'= {
        }
        &'stscan;help;lab;write'= {
        }
        &'stscan;help;manual'= {
        }
        &'stscan;help;completions'= {
        }
        &'stscan;help;help'= {
        }
    ]
    $completions[$command]
}
