
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'stscan' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'stscan'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'stscan' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Scan lists of domains into a Parquet dataset')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Probe a few domains and explain what is wrong and what to publish instead')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Check the text of a record or a policy, offline')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a finding code')
            [CompletionResult]::new('codes', 'codes', [CompletionResultType]::ParameterValue, 'List all finding codes')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Print tables of adoption and misconfiguration from datasets')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what changed between two scans, per domain and in sum')
            [CompletionResult]::new('reclassify', 'reclassify', [CompletionResultType]::ParameterValue, 'Judge the evidence of a dataset again by today''s rules, into a new dataset; sends no packet')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs')
            [CompletionResult]::new('publish', 'publish', [CompletionResultType]::ParameterValue, 'Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset')
            [CompletionResult]::new('tlsrpt', 'tlsrpt', [CompletionResultType]::ParameterValue, 'Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Join the shards of a list (scan --shard) into one dataset; sends no packet')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that a dataset is whole: hash, length, rows, ordinals and origin of every part')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the dataset''s columns with their types and meanings')
            [CompletionResult]::new('lab', 'lab', [CompletionResultType]::ParameterValue, 'Run the built-in Internet on loopback, list its cases or write its list and truth')
            [CompletionResult]::new('manual', 'manual', [CompletionResultType]::ParameterValue, 'Read the manual: without a chapter the list of them')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'stscan;scan' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with any of these options, as TOML')
            [CompletionResult]::new('--column', '--column', [CompletionResultType]::ParameterName, 'Column of a CSV list that holds the domain: a header''s name, or a number from 1')
            [CompletionResult]::new('--carry', '--carry', [CompletionResultType]::ParameterName, 'Copy these further columns of a CSV list with a header into the dataset, e.g. owner,unit')
            [CompletionResult]::new('--list-name', '--list-name', [CompletionResultType]::ParameterName, 'What the list is called in the dataset [default: the file''s name]')
            [CompletionResult]::new('--list-id', '--list-id', [CompletionResultType]::ParameterName, 'The list''s citable id, for the manifest [default: what the file''s name says, as of tranco_K25GW.csv.zip]')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'Only the first N names of the list')
            [CompletionResult]::new('--sample', '--sample', [CompletionResultType]::ParameterName, 'Only N names drawn at random')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Seed of --sample and of the lab [default: 1]')
            [CompletionResult]::new('--skip', '--skip', [CompletionResultType]::ParameterName, 'Leave out the first N names')
            [CompletionResult]::new('--shard', '--shard', [CompletionResultType]::ParameterName, 'Only the I-th of N parts (from 0), cut by a stable hash of the name; auto: by the task of a Slurm array or Kubernetes Indexed Job [default: 0/1]')
            [CompletionResult]::new('--vantage', '--vantage', [CompletionResultType]::ParameterName, 'Where the scan runs, in words for the readers of the dataset, e.g. "AS64500, Frankfurt"')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder of the dataset, or a prefix of an object store (s3://BUCKET/PREFIX, gs://, az://); with --format jsonl or csv a new file, or - for standard output; - with --format arrow-stream')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Folder of the dataset, or a prefix of an object store (s3://BUCKET/PREFIX, gs://, az://); with --format jsonl or csv a new file, or - for standard output; - with --format arrow-stream')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'parquet: files, which a stopped scan goes on with; arrow-stream: one Arrow IPC stream on standard output; jsonl, csv: a line a domain, to a file or standard output, which begins again when it is stopped [default: parquet]')
            [CompletionResult]::new('--columns', '--columns', [CompletionResultType]::ParameterName, 'With --format jsonl or csv: columns, as domain,posture,findings.code,evidence.fetch.status; flat stands for all but evidence [default: flat]')
            [CompletionResult]::new('--layout', '--layout', [CompletionResultType]::ParameterName, 'plain: DIR is the dataset; hive: the dataset is DIR/list=NAME/date=YYYY-MM-DD, which engines read as one table [default: plain]')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'With --layout hive: keep the last N finished scans of the list and remove older ones; nothing is removed but whole scans')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'When the dataset is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas')
            [CompletionResult]::new('--part-rows', '--part-rows', [CompletionResultType]::ParameterName, 'Rows in a part, the unit that a crash can lose [default: 50000]')
            [CompletionResult]::new('--workers', '--workers', [CompletionResultType]::ParameterName, 'Worker threads, each with its own sockets and its share of --concurrency [default: one per core]')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'What is shown on standard error: auto, bar, json or none [default: auto]')
            [CompletionResult]::new('--status-file', '--status-file', [CompletionResultType]::ParameterName, 'File that holds the scan''s state as JSON, written once per second')
            [CompletionResult]::new('--metrics-file', '--metrics-file', [CompletionResultType]::ParameterName, 'File to which the figures of the scan are written at its end for Prometheus, e.g. for the node exporter''s textfile collector')
            [CompletionResult]::new('--notify-exec', '--notify-exec', [CompletionResultType]::ParameterName, 'Program to run when the scan has ended; it reads a JSON object about it from standard input')
            [CompletionResult]::new('--notify-timeout', '--notify-timeout', [CompletionResultType]::ParameterName, 'How long that program may take before it is killed [default: 60s]')
            [CompletionResult]::new('--resolver', '--resolver', [CompletionResultType]::ParameterName, 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system''s]')
            [CompletionResult]::new('--resolvers', '--resolvers', [CompletionResultType]::ParameterName, 'File with resolvers as for --resolver, one per line')
            [CompletionResult]::new('--root-hints', '--root-hints', [CompletionResultType]::ParameterName, 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA''s, built in]')
            [CompletionResult]::new('--dns-port', '--dns-port', [CompletionResultType]::ParameterName, 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]')
            [CompletionResult]::new('--retry-rounds', '--retry-rounds', [CompletionResultType]::ParameterName, 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]')
            [CompletionResult]::new('--resolver-rate', '--resolver-rate', [CompletionResultType]::ParameterName, 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]')
            [CompletionResult]::new('--fetch-rate', '--fetch-rate', [CompletionResultType]::ParameterName, 'HTTPS fetches per second in all, 0 for no limit [default: 200]')
            [CompletionResult]::new('--host-rate', '--host-rate', [CompletionResultType]::ParameterName, 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]')
            [CompletionResult]::new('--contact', '--contact', [CompletionResultType]::ParameterName, 'Put into the User-Agent so that operators can reach you: an address or URL')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted')
            [CompletionResult]::new('--asn-db', '--asn-db', [CompletionResultType]::ParameterName, 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Domains in flight [default: from the limit of file descriptors]')
            [CompletionResult]::new('--fetch-concurrency', '--fetch-concurrency', [CompletionResultType]::ParameterName, 'HTTPS fetches in flight [default: from the limit of file descriptors]')
            [CompletionResult]::new('--dns-timeout', '--dns-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]')
            [CompletionResult]::new('--dns-tries', '--dns-tries', [CompletionResultType]::ParameterName, 'DNS questions sent for one lookup before it counts as failed [default: 3]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a TCP connection [default: 10s]')
            [CompletionResult]::new('--fetch-timeout', '--fetch-timeout', [CompletionResultType]::ParameterName, 'How long a whole fetch may take [default: 60s]')
            [CompletionResult]::new('--https-port', '--https-port', [CompletionResultType]::ParameterName, 'Port of policy hosts; other than 443 only for labs [default: 443]')
            [CompletionResult]::new('--http-port', '--http-port', [CompletionResultType]::ParameterName, 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]')
            [CompletionResult]::new('--source-ip', '--source-ip', [CompletionResultType]::ParameterName, 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Interface of this machine by which everything leaves, e.g. eth1; Linux only')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'File with further trusted root certificates, PEM; may be repeated')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]')
            [CompletionResult]::new('--dane', '--dane', [CompletionResultType]::ParameterName, 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]')
            [CompletionResult]::new('--ehlo', '--ehlo', [CompletionResultType]::ParameterName, 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]')
            [CompletionResult]::new('--smtp-rate', '--smtp-rate', [CompletionResultType]::ParameterName, 'Connections to mail servers per second in all, 0 for no limit [default: 20]')
            [CompletionResult]::new('--smtp-host-rate', '--smtp-host-rate', [CompletionResultType]::ParameterName, 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]')
            [CompletionResult]::new('--smtp-canary', '--smtp-canary', [CompletionResultType]::ParameterName, 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]')
            [CompletionResult]::new('--smtp-canary-dead', '--smtp-canary-dead', [CompletionResultType]::ParameterName, 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]')
            [CompletionResult]::new('--smtp-port', '--smtp-port', [CompletionResultType]::ParameterName, 'Port of mail servers; other than 25 only for labs [default: 25]')
            [CompletionResult]::new('--smtp-greeting-timeout', '--smtp-greeting-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a greeting; less than 60s only for labs [default: 60s]')
            [CompletionResult]::new('--lab', '--lab', [CompletionResultType]::ParameterName, 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'Drop the unfinished scan that the folder holds and start again; a finished one is never dropped')
            [CompletionResult]::new('--registrable', '--registrable', [CompletionResultType]::ParameterName, 'Fold every name to its registrable domain (public suffix list), best rank kept')
            [CompletionResult]::new('--iterative', '--iterative', [CompletionResultType]::ParameterName, 'Resolve from the root, without a resolver; for some ten thousand names')
            [CompletionResult]::new('--trust-resolvers', '--trust-resolvers', [CompletionResultType]::ParameterName, 'Use the resolvers without checking at the start whether they answer, and answer truthfully')
            [CompletionResult]::new('--0x20', '--0x20', [CompletionResultType]::ParameterName, 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery')
            [CompletionResult]::new('--platform-roots', '--platform-roots', [CompletionResultType]::ParameterName, 'Trust the root certificates of this machine instead of the built-in ones')
            [CompletionResult]::new('--allow-private', '--allow-private', [CompletionResultType]::ParameterName, 'Allow connections to loopback, private, link-local and other special-use addresses')
            [CompletionResult]::new('--look-around', '--look-around', [CompletionResultType]::ParameterName, 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists')
            [CompletionResult]::new('--smtp-all-addresses', '--smtp-all-addresses', [CompletionResultType]::ParameterName, 'Ask every address of an MX host instead of one per family')
            [CompletionResult]::new('--smtp-every-name', '--smtp-every-name', [CompletionResultType]::ParameterName, 'Ask under every name, even if address and certificate are known from three others')
            [CompletionResult]::new('--no-prune', '--no-prune', [CompletionResultType]::ParameterName, 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;check' {
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'End with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas; high is always among them')
            [CompletionResult]::new('--rua', '--rua', [CompletionResultType]::ParameterName, 'Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed; may be repeated')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with any of these options, as TOML')
            [CompletionResult]::new('--resolver', '--resolver', [CompletionResultType]::ParameterName, 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system''s]')
            [CompletionResult]::new('--resolvers', '--resolvers', [CompletionResultType]::ParameterName, 'File with resolvers as for --resolver, one per line')
            [CompletionResult]::new('--root-hints', '--root-hints', [CompletionResultType]::ParameterName, 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA''s, built in]')
            [CompletionResult]::new('--dns-port', '--dns-port', [CompletionResultType]::ParameterName, 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]')
            [CompletionResult]::new('--retry-rounds', '--retry-rounds', [CompletionResultType]::ParameterName, 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]')
            [CompletionResult]::new('--resolver-rate', '--resolver-rate', [CompletionResultType]::ParameterName, 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]')
            [CompletionResult]::new('--fetch-rate', '--fetch-rate', [CompletionResultType]::ParameterName, 'HTTPS fetches per second in all, 0 for no limit [default: 200]')
            [CompletionResult]::new('--host-rate', '--host-rate', [CompletionResultType]::ParameterName, 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]')
            [CompletionResult]::new('--contact', '--contact', [CompletionResultType]::ParameterName, 'Put into the User-Agent so that operators can reach you: an address or URL')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted')
            [CompletionResult]::new('--asn-db', '--asn-db', [CompletionResultType]::ParameterName, 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Domains in flight [default: from the limit of file descriptors]')
            [CompletionResult]::new('--fetch-concurrency', '--fetch-concurrency', [CompletionResultType]::ParameterName, 'HTTPS fetches in flight [default: from the limit of file descriptors]')
            [CompletionResult]::new('--dns-timeout', '--dns-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]')
            [CompletionResult]::new('--dns-tries', '--dns-tries', [CompletionResultType]::ParameterName, 'DNS questions sent for one lookup before it counts as failed [default: 3]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a TCP connection [default: 10s]')
            [CompletionResult]::new('--fetch-timeout', '--fetch-timeout', [CompletionResultType]::ParameterName, 'How long a whole fetch may take [default: 60s]')
            [CompletionResult]::new('--https-port', '--https-port', [CompletionResultType]::ParameterName, 'Port of policy hosts; other than 443 only for labs [default: 443]')
            [CompletionResult]::new('--http-port', '--http-port', [CompletionResultType]::ParameterName, 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]')
            [CompletionResult]::new('--source-ip', '--source-ip', [CompletionResultType]::ParameterName, 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Interface of this machine by which everything leaves, e.g. eth1; Linux only')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'File with further trusted root certificates, PEM; may be repeated')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]')
            [CompletionResult]::new('--dane', '--dane', [CompletionResultType]::ParameterName, 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]')
            [CompletionResult]::new('--ehlo', '--ehlo', [CompletionResultType]::ParameterName, 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]')
            [CompletionResult]::new('--smtp-rate', '--smtp-rate', [CompletionResultType]::ParameterName, 'Connections to mail servers per second in all, 0 for no limit [default: 20]')
            [CompletionResult]::new('--smtp-host-rate', '--smtp-host-rate', [CompletionResultType]::ParameterName, 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]')
            [CompletionResult]::new('--smtp-canary', '--smtp-canary', [CompletionResultType]::ParameterName, 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]')
            [CompletionResult]::new('--smtp-canary-dead', '--smtp-canary-dead', [CompletionResultType]::ParameterName, 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]')
            [CompletionResult]::new('--smtp-port', '--smtp-port', [CompletionResultType]::ParameterName, 'Port of mail servers; other than 25 only for labs [default: 25]')
            [CompletionResult]::new('--smtp-greeting-timeout', '--smtp-greeting-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a greeting; less than 60s only for labs [default: 60s]')
            [CompletionResult]::new('--lab', '--lab', [CompletionResultType]::ParameterName, 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print evidence and judgement as JSON, one object per domain')
            [CompletionResult]::new('--iterative', '--iterative', [CompletionResultType]::ParameterName, 'Resolve from the root, without a resolver; for some ten thousand names')
            [CompletionResult]::new('--trust-resolvers', '--trust-resolvers', [CompletionResultType]::ParameterName, 'Use the resolvers without checking at the start whether they answer, and answer truthfully')
            [CompletionResult]::new('--0x20', '--0x20', [CompletionResultType]::ParameterName, 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery')
            [CompletionResult]::new('--platform-roots', '--platform-roots', [CompletionResultType]::ParameterName, 'Trust the root certificates of this machine instead of the built-in ones')
            [CompletionResult]::new('--allow-private', '--allow-private', [CompletionResultType]::ParameterName, 'Allow connections to loopback, private, link-local and other special-use addresses')
            [CompletionResult]::new('--look-around', '--look-around', [CompletionResultType]::ParameterName, 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists')
            [CompletionResult]::new('--smtp-all-addresses', '--smtp-all-addresses', [CompletionResultType]::ParameterName, 'Ask every address of an MX host instead of one per family')
            [CompletionResult]::new('--smtp-every-name', '--smtp-every-name', [CompletionResultType]::ParameterName, 'Ask under every name, even if address and certificate are known from three others')
            [CompletionResult]::new('--no-prune', '--no-prune', [CompletionResultType]::ParameterName, 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;lint' {
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'The text of the TXT record at _mta-sts')
            [CompletionResult]::new('--tlsrpt', '--tlsrpt', [CompletionResultType]::ParameterName, 'The text of the TXT record at _smtp._tls')
            [CompletionResult]::new('--policy', '--policy', [CompletionResultType]::ParameterName, 'The body of /.well-known/mta-sts.txt')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Write the corrected text to the file, or print it if FILE is -')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;explain' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;codes' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON array')
            [CompletionResult]::new('--markdown', '--markdown', [CompletionResultType]::ParameterName, 'Print a Markdown table')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;stats' {
            [CompletionResult]::new('--tls-reports', '--tls-reports', [CompletionResultType]::ParameterName, 'Tables of the TLS reports that `stscan tlsrpt` read into this folder (R1 to R7); R5 to R7 need the dataset of a scan, too')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it')
            [CompletionResult]::new('--table', '--table', [CompletionResultType]::ParameterName, 'Which tables, e.g. T3,T9; study: those of Ashiq et al. (IMC 2025); all [default: all but study]')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Group by tld, suffix, rank, list, provider (of mail), policy-host, posture or carried:COLUMN [default: list for several datasets]')
            [CompletionResult]::new('--compare', '--compare', [CompletionResultType]::ParameterName, 'Put the published figures of a study beside those of the dataset: imc2025')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'How many groups, or names in a table, are shown one by one at most')
            [CompletionResult]::new('--rank-bin', '--rank-bin', [CompletionResultType]::ParameterName, 'Ranks in a bin of --by rank [default: 10000]')
            [CompletionResult]::new('--third-party', '--third-party', [CompletionResultType]::ParameterName, 'A host that serves this many domains or more belongs to a third party')
            [CompletionResult]::new('--self-managed', '--self-managed', [CompletionResultType]::ParameterName, 'A policy host that serves this many domains or fewer is self-managed')
            [CompletionResult]::new('--one-administrator', '--one-administrator', [CompletionResultType]::ParameterName, 'A host between the two is self-managed if this percentage of its domains share policy host and MX hosts; 0: no host is')
            [CompletionResult]::new('--series', '--series', [CompletionResultType]::ParameterName, 'Treat the datasets as a series of scans, ordered by time')
            [CompletionResult]::new('--bare', '--bare', [CompletionResultType]::ParameterName, 'Leave out where the figures come from, which stands at the head, for programs that take no comments')
            [CompletionResult]::new('--ignore-addresses', '--ignore-addresses', [CompletionResultType]::ParameterName, 'Count hosts with the same address as different hosts')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'stscan;diff' {
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Output format')
            [CompletionResult]::new('--changes', '--changes', [CompletionResultType]::ParameterName, 'List only domains with one of these changes, e.g. newly-broken,mx-stale [default: all; as text all but unknown]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'End with exit status 6 if a domain has one of these changes, a new finding so severe (high, or finding-gone:medium) or with this code (sts-fetch-cert-*); with 7 if unknown is named and nothing else is met. Repeatable, or with commas')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'How many domains the text shows one by one at most; csv and json have all of them [default: 50]')
            [CompletionResult]::new('--notify-exec', '--notify-exec', [CompletionResultType]::ParameterName, 'Program to run at the end; it reads a JSON object about what changed from standard input')
            [CompletionResult]::new('--notify-timeout', '--notify-timeout', [CompletionResultType]::ParameterName, 'How long that program may take before it is killed [default: 60s]')
            [CompletionResult]::new('--bare', '--bare', [CompletionResultType]::ParameterName, 'Leave out where the figures come from, which stands at the head, for programs that take no comments')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'stscan;reclassify' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder of the new dataset')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Folder of the new dataset')
            [CompletionResult]::new('--asn-db', '--asn-db', [CompletionResultType]::ParameterName, 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated [default: what the dataset says of each address is kept]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary of what changed as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;export' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder of the copy')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Folder of the copy')
            [CompletionResult]::new('--mailboxes', '--mailboxes', [CompletionResultType]::ParameterName, 'What becomes of the local parts of mailboxes: hash, drop or keep')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Key of the hashes, 64 hexadecimal digits [default: a random one]')
            [CompletionResult]::new('--asn-db', '--asn-db', [CompletionResultType]::ParameterName, 'Database of autonomous systems, or of countries, for column policy_hosts, as of reclassify; may be repeated')
            [CompletionResult]::new('--flat', '--flat', [CompletionResultType]::ParameterName, 'Companion tables without lists, a row for each finding, MX host and destination of reports: flat/findings, flat/mx and flat/rua, as parquet or, with =csv, as CSV')
            [CompletionResult]::new('--licence', '--licence', [CompletionResultType]::ParameterName, 'Licence of the copy: an SPDX identifier or a URL; without it none is stated')
            [CompletionResult]::new('--show-key', '--show-key', [CompletionResultType]::ParameterName, 'Print the key, so that a later copy can have the same hashes; keep it secret')
            [CompletionResult]::new('--keep-carried', '--keep-carried', [CompletionResultType]::ParameterName, 'Keep the columns that --carry brought from the list')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;report' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'File to write, or - for standard output [default: standard output, but not for html]; with --split-by a folder')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'File to write, or - for standard output [default: standard output, but not for html]; with --split-by a folder')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it')
            [CompletionResult]::new('--tls-reports', '--tls-reports', [CompletionResultType]::ParameterName, 'TLS reports that `stscan tlsrpt` read into this folder: what senders saw, beside the findings')
            [CompletionResult]::new('--split-by', '--split-by', [CompletionResultType]::ParameterName, 'Write a folder (-o) with a page, a CSV and what to publish for each value of this carried column, and an index.html')
            [CompletionResult]::new('--rua', '--rua', [CompletionResultType]::ParameterName, 'Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed (html, json); may be repeated')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Which kind of page: portfolio or adoption [default: portfolio up to 5000 domains, adoption above]')
            [CompletionResult]::new('--domains', '--domains', [CompletionResultType]::ParameterName, 'How many domains the page lists one by one at most, the most urgent first [default: 100000]')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'When the report is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas')
            [CompletionResult]::new('--expect', '--expect', [CompletionResultType]::ParameterName, 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding')
            [CompletionResult]::new('--bare', '--bare', [CompletionResultType]::ParameterName, 'Leave out the lines at the head of csv that say where the findings come from, for programs that take no comments')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'stscan;publish' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder to write')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Folder to write')
            [CompletionResult]::new('--mx', '--mx', [CompletionResultType]::ParameterName, 'MX host of the domains, or a pattern such as *.mx.example.net, instead of what DNS says; may be repeated')
            [CompletionResult]::new('--mode', '--mode', [CompletionResultType]::ParameterName, 'Mode of the policies: enforce, testing or none [default: the published one; a new policy begins with testing, later enforce]')
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'How long senders may keep the policies, in seconds [default: the published one, a week at least; for mode none a day]')
            [CompletionResult]::new('--rua', '--rua', [CompletionResultType]::ParameterName, 'Where TLS reports go, a mailbox or an https URL: for TLSRPT records that are missing or faulty, of named domains for all; may be repeated')
            [CompletionResult]::new('--web-server', '--web-server', [CompletionResultType]::ParameterName, 'Where the tree is served, a name or addresses: the policy hosts get a CNAME or A and AAAA records; may be repeated')
            [CompletionResult]::new('--root', '--root', [CompletionResultType]::ParameterName, 'Path of the tree on the web server, for the server configuration [default: the folder itself]')
            [CompletionResult]::new('--where', '--where', [CompletionResultType]::ParameterName, 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'File with any of the options below, as TOML')
            [CompletionResult]::new('--resolver', '--resolver', [CompletionResultType]::ParameterName, 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system''s]')
            [CompletionResult]::new('--resolvers', '--resolvers', [CompletionResultType]::ParameterName, 'File with resolvers as for --resolver, one per line')
            [CompletionResult]::new('--root-hints', '--root-hints', [CompletionResultType]::ParameterName, 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA''s, built in]')
            [CompletionResult]::new('--dns-port', '--dns-port', [CompletionResultType]::ParameterName, 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]')
            [CompletionResult]::new('--retry-rounds', '--retry-rounds', [CompletionResultType]::ParameterName, 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]')
            [CompletionResult]::new('--resolver-rate', '--resolver-rate', [CompletionResultType]::ParameterName, 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]')
            [CompletionResult]::new('--fetch-rate', '--fetch-rate', [CompletionResultType]::ParameterName, 'HTTPS fetches per second in all, 0 for no limit [default: 200]')
            [CompletionResult]::new('--host-rate', '--host-rate', [CompletionResultType]::ParameterName, 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]')
            [CompletionResult]::new('--contact', '--contact', [CompletionResultType]::ParameterName, 'Put into the User-Agent so that operators can reach you: an address or URL')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted')
            [CompletionResult]::new('--asn-db', '--asn-db', [CompletionResultType]::ParameterName, 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA''s pfx2as, iptoasn), also gz; may be repeated')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Domains in flight [default: from the limit of file descriptors]')
            [CompletionResult]::new('--fetch-concurrency', '--fetch-concurrency', [CompletionResultType]::ParameterName, 'HTTPS fetches in flight [default: from the limit of file descriptors]')
            [CompletionResult]::new('--dns-timeout', '--dns-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]')
            [CompletionResult]::new('--dns-tries', '--dns-tries', [CompletionResultType]::ParameterName, 'DNS questions sent for one lookup before it counts as failed [default: 3]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a TCP connection [default: 10s]')
            [CompletionResult]::new('--fetch-timeout', '--fetch-timeout', [CompletionResultType]::ParameterName, 'How long a whole fetch may take [default: 60s]')
            [CompletionResult]::new('--https-port', '--https-port', [CompletionResultType]::ParameterName, 'Port of policy hosts; other than 443 only for labs [default: 443]')
            [CompletionResult]::new('--http-port', '--http-port', [CompletionResultType]::ParameterName, 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]')
            [CompletionResult]::new('--source-ip', '--source-ip', [CompletionResultType]::ParameterName, 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Interface of this machine by which everything leaves, e.g. eth1; Linux only')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'File with further trusted root certificates, PEM; may be repeated')
            [CompletionResult]::new('--smtp', '--smtp', [CompletionResultType]::ParameterName, 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]')
            [CompletionResult]::new('--dane', '--dane', [CompletionResultType]::ParameterName, 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]')
            [CompletionResult]::new('--ehlo', '--ehlo', [CompletionResultType]::ParameterName, 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]')
            [CompletionResult]::new('--smtp-rate', '--smtp-rate', [CompletionResultType]::ParameterName, 'Connections to mail servers per second in all, 0 for no limit [default: 20]')
            [CompletionResult]::new('--smtp-host-rate', '--smtp-host-rate', [CompletionResultType]::ParameterName, 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]')
            [CompletionResult]::new('--smtp-canary', '--smtp-canary', [CompletionResultType]::ParameterName, 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]')
            [CompletionResult]::new('--smtp-canary-dead', '--smtp-canary-dead', [CompletionResultType]::ParameterName, 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]')
            [CompletionResult]::new('--smtp-port', '--smtp-port', [CompletionResultType]::ParameterName, 'Port of mail servers; other than 25 only for labs [default: 25]')
            [CompletionResult]::new('--smtp-greeting-timeout', '--smtp-greeting-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a greeting; less than 60s only for labs [default: 60s]')
            [CompletionResult]::new('--lab', '--lab', [CompletionResultType]::ParameterName, 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]')
            [CompletionResult]::new('--iterative', '--iterative', [CompletionResultType]::ParameterName, 'Resolve from the root, without a resolver; for some ten thousand names')
            [CompletionResult]::new('--trust-resolvers', '--trust-resolvers', [CompletionResultType]::ParameterName, 'Use the resolvers without checking at the start whether they answer, and answer truthfully')
            [CompletionResult]::new('--0x20', '--0x20', [CompletionResultType]::ParameterName, 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery')
            [CompletionResult]::new('--platform-roots', '--platform-roots', [CompletionResultType]::ParameterName, 'Trust the root certificates of this machine instead of the built-in ones')
            [CompletionResult]::new('--allow-private', '--allow-private', [CompletionResultType]::ParameterName, 'Allow connections to loopback, private, link-local and other special-use addresses')
            [CompletionResult]::new('--look-around', '--look-around', [CompletionResultType]::ParameterName, 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists')
            [CompletionResult]::new('--smtp-all-addresses', '--smtp-all-addresses', [CompletionResultType]::ParameterName, 'Ask every address of an MX host instead of one per family')
            [CompletionResult]::new('--smtp-every-name', '--smtp-every-name', [CompletionResultType]::ParameterName, 'Ask under every name, even if address and certificate are known from three others')
            [CompletionResult]::new('--no-prune', '--no-prune', [CompletionResultType]::ParameterName, 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;tlsrpt' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder of the dataset')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Folder of the dataset')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;merge' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Folder of the new dataset')
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Folder of the new dataset')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;verify' {
            [CompletionResult]::new('--repair', '--repair', [CompletionResultType]::ParameterName, 'Scan the rows of damaged parts again, and move aside what is no part')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print what is wrong as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;schema' {
            [CompletionResult]::new('--table', '--table', [CompletionResultType]::ParameterName, 'Which table: domains (of scan) or reports (of tlsrpt)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print JSON')
            [CompletionResult]::new('--markdown', '--markdown', [CompletionResultType]::ParameterName, 'Print a Markdown table')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Print the JSON Schema of manifest.json instead')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;lab' {
            [CompletionResult]::new('--world', '--world', [CompletionResultType]::ParameterName, 'Which world: zoo, census, imc2025 or hostile')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'How many names the world''s own list has [default: each case once, or 10000]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Seed of the world')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the cases with what is expected of them')
            [CompletionResult]::new('write', 'write', [CompletionResultType]::ParameterValue, 'Write the world''s list and truth into a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'stscan;lab;list' {
            [CompletionResult]::new('--world', '--world', [CompletionResultType]::ParameterName, 'Which world: zoo, census, imc2025 or hostile')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'How many names the world''s own list has [default: each case once, or 10000]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Seed of the world')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON array')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;lab;write' {
            [CompletionResult]::new('--world', '--world', [CompletionResultType]::ParameterName, 'Which world: zoo, census, imc2025 or hostile')
            [CompletionResult]::new('--names', '--names', [CompletionResultType]::ParameterName, 'How many names the world''s own list has [default: each case once, or 10000]')
            [CompletionResult]::new('--seed', '--seed', [CompletionResultType]::ParameterName, 'Seed of the world')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;lab;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the cases with what is expected of them')
            [CompletionResult]::new('write', 'write', [CompletionResultType]::ParameterValue, 'Write the world''s list and truth into a folder')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'stscan;lab;help;list' {
            break
        }
        'stscan;lab;help;write' {
            break
        }
        'stscan;lab;help;help' {
            break
        }
        'stscan;manual' {
            [CompletionResult]::new('--html', '--html', [CompletionResultType]::ParameterName, 'Print one page of HTML that needs nothing but itself, with all chapters or the one that is named')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'stscan;help' {
            [CompletionResult]::new('scan', 'scan', [CompletionResultType]::ParameterValue, 'Scan lists of domains into a Parquet dataset')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Probe a few domains and explain what is wrong and what to publish instead')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Check the text of a record or a policy, offline')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Explain a finding code')
            [CompletionResult]::new('codes', 'codes', [CompletionResultType]::ParameterValue, 'List all finding codes')
            [CompletionResult]::new('stats', 'stats', [CompletionResultType]::ParameterValue, 'Print tables of adoption and misconfiguration from datasets')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Show what changed between two scans, per domain and in sum')
            [CompletionResult]::new('reclassify', 'reclassify', [CompletionResultType]::ParameterValue, 'Judge the evidence of a dataset again by today''s rules, into a new dataset; sends no packet')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums')
            [CompletionResult]::new('report', 'report', [CompletionResultType]::ParameterValue, 'Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs')
            [CompletionResult]::new('publish', 'publish', [CompletionResultType]::ParameterValue, 'Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset')
            [CompletionResult]::new('tlsrpt', 'tlsrpt', [CompletionResultType]::ParameterValue, 'Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own')
            [CompletionResult]::new('merge', 'merge', [CompletionResultType]::ParameterValue, 'Join the shards of a list (scan --shard) into one dataset; sends no packet')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Check that a dataset is whole: hash, length, rows, ordinals and origin of every part')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the dataset''s columns with their types and meanings')
            [CompletionResult]::new('lab', 'lab', [CompletionResultType]::ParameterValue, 'Run the built-in Internet on loopback, list its cases or write its list and truth')
            [CompletionResult]::new('manual', 'manual', [CompletionResultType]::ParameterValue, 'Read the manual: without a chapter the list of them')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'stscan;help;scan' {
            break
        }
        'stscan;help;check' {
            break
        }
        'stscan;help;lint' {
            break
        }
        'stscan;help;explain' {
            break
        }
        'stscan;help;codes' {
            break
        }
        'stscan;help;stats' {
            break
        }
        'stscan;help;diff' {
            break
        }
        'stscan;help;reclassify' {
            break
        }
        'stscan;help;export' {
            break
        }
        'stscan;help;report' {
            break
        }
        'stscan;help;publish' {
            break
        }
        'stscan;help;tlsrpt' {
            break
        }
        'stscan;help;merge' {
            break
        }
        'stscan;help;verify' {
            break
        }
        'stscan;help;schema' {
            break
        }
        'stscan;help;lab' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the cases with what is expected of them')
            [CompletionResult]::new('write', 'write', [CompletionResultType]::ParameterValue, 'Write the world''s list and truth into a folder')
            break
        }
        'stscan;help;lab;list' {
            break
        }
        'stscan;help;lab;write' {
            break
        }
        'stscan;help;manual' {
            break
        }
        'stscan;help;completions' {
            break
        }
        'stscan;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
