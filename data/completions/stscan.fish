# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_stscan_global_optspecs
    string join \n h/help V/version
end

function __fish_stscan_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_stscan_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_stscan_using_subcommand
    set -l cmd (__fish_stscan_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c stscan -n "__fish_stscan_needs_command" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_needs_command" -s V -l version -d 'Print version'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "scan" -d 'Scan lists of domains into a Parquet dataset'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "check" -d 'Probe a few domains and explain what is wrong and what to publish instead'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "lint" -d 'Check the text of a record or a policy, offline'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "explain" -d 'Explain a finding code'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "codes" -d 'List all finding codes'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "stats" -d 'Print tables of adoption and misconfiguration from datasets'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "diff" -d 'Show what changed between two scans, per domain and in sum'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "reclassify" -d 'Judge the evidence of a dataset again by today\'s rules, into a new dataset; sends no packet'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "export" -d 'Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "report" -d 'Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "publish" -d 'Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "tlsrpt" -d 'Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "merge" -d 'Join the shards of a list (scan --shard) into one dataset; sends no packet'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "verify" -d 'Check that a dataset is whole: hash, length, rows, ordinals and origin of every part'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "schema" -d 'Print the dataset\'s columns with their types and meanings'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "lab" -d 'Run the built-in Internet on loopback, list its cases or write its list and truth'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "manual" -d 'Read the manual: without a chapter the list of them'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c stscan -n "__fish_stscan_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l config -d 'File with any of these options, as TOML' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l column -d 'Column of a CSV list that holds the domain: a header\'s name, or a number from 1' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l carry -d 'Copy these further columns of a CSV list with a header into the dataset, e.g. owner,unit' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l list-name -d 'What the list is called in the dataset [default: the file\'s name]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l list-id -d 'The list\'s citable id, for the manifest [default: what the file\'s name says, as of tranco_K25GW.csv.zip]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l top -d 'Only the first N names of the list' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l sample -d 'Only N names drawn at random' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l seed -d 'Seed of --sample and of the lab [default: 1]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l skip -d 'Leave out the first N names' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l shard -d 'Only the I-th of N parts (from 0), cut by a stable hash of the name; auto: by the task of a Slurm array or Kubernetes Indexed Job [default: 0/1]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l vantage -d 'Where the scan runs, in words for the readers of the dataset, e.g. "AS64500, Frankfurt"' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -s o -l out -d 'Folder of the dataset, or a prefix of an object store (s3://BUCKET/PREFIX, gs://, az://); with --format jsonl or csv a new file, or - for standard output; - with --format arrow-stream' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l format -d 'parquet: files, which a stopped scan goes on with; arrow-stream: one Arrow IPC stream on standard output; jsonl, csv: a line a domain, to a file or standard output, which begins again when it is stopped [default: parquet]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l columns -d 'With --format jsonl or csv: columns, as domain,posture,findings.code,evidence.fetch.status; flat stands for all but evidence [default: flat]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l layout -d 'plain: DIR is the dataset; hive: the dataset is DIR/list=NAME/date=YYYY-MM-DD, which engines read as one table [default: plain]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l keep -d 'With --layout hive: keep the last N finished scans of the list and remove older ones; nothing is removed but whole scans' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l fail-on -d 'When the dataset is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l part-rows -d 'Rows in a part, the unit that a crash can lose [default: 50000]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l workers -d 'Worker threads, each with its own sockets and its share of --concurrency [default: one per core]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l progress -d 'What is shown on standard error: auto, bar, json or none [default: auto]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l status-file -d 'File that holds the scan\'s state as JSON, written once per second' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l metrics-file -d 'File to which the figures of the scan are written at its end for Prometheus, e.g. for the node exporter\'s textfile collector' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l notify-exec -d 'Program to run when the scan has ended; it reads a JSON object about it from standard input' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l notify-timeout -d 'How long that program may take before it is killed [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l resolver -d 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system\'s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l resolvers -d 'File with resolvers as for --resolver, one per line' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l root-hints -d 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA\'s, built in]' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l dns-port -d 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l retry-rounds -d 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l rate -d 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l resolver-rate -d 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l fetch-rate -d 'HTTPS fetches per second in all, 0 for no limit [default: 200]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l host-rate -d 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l contact -d 'Put into the User-Agent so that operators can reach you: an address or URL' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l exclude -d 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l asn-db -d 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA\'s pfx2as, iptoasn), also gz; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l concurrency -d 'Domains in flight [default: from the limit of file descriptors]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l fetch-concurrency -d 'HTTPS fetches in flight [default: from the limit of file descriptors]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l dns-timeout -d 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l dns-tries -d 'DNS questions sent for one lookup before it counts as failed [default: 3]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l connect-timeout -d 'How long to wait for a TCP connection [default: 10s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l fetch-timeout -d 'How long a whole fetch may take [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l https-port -d 'Port of policy hosts; other than 443 only for labs [default: 443]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l http-port -d 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l source-ip -d 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l interface -d 'Interface of this machine by which everything leaves, e.g. eth1; Linux only' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l ca-file -d 'File with further trusted root certificates, PEM; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp -d 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l dane -d 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l ehlo -d 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-rate -d 'Connections to mail servers per second in all, 0 for no limit [default: 20]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-host-rate -d 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-canary -d 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-canary-dead -d 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-port -d 'Port of mail servers; other than 25 only for labs [default: 25]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-greeting-timeout -d 'How long to wait for a greeting; less than 60s only for labs [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l lab -d 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]' -r
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l restart -d 'Drop the unfinished scan that the folder holds and start again; a finished one is never dropped'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l registrable -d 'Fold every name to its registrable domain (public suffix list), best rank kept'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l iterative -d 'Resolve from the root, without a resolver; for some ten thousand names'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l trust-resolvers -d 'Use the resolvers without checking at the start whether they answer, and answer truthfully'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l 0x20 -d 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l platform-roots -d 'Trust the root certificates of this machine instead of the built-in ones'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l allow-private -d 'Allow connections to loopback, private, link-local and other special-use addresses'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l look-around -d 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-all-addresses -d 'Ask every address of an MX host instead of one per family'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l smtp-every-name -d 'Ask under every name, even if address and certificate are known from three others'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -l no-prune -d 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)'
complete -c stscan -n "__fish_stscan_using_subcommand scan" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l fail-on -d 'End with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas; high is always among them' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l rua -d 'Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed; may be repeated' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l expect -d 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l config -d 'File with any of these options, as TOML' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l resolver -d 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system\'s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l resolvers -d 'File with resolvers as for --resolver, one per line' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l root-hints -d 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA\'s, built in]' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l dns-port -d 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l retry-rounds -d 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l rate -d 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l resolver-rate -d 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l fetch-rate -d 'HTTPS fetches per second in all, 0 for no limit [default: 200]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l host-rate -d 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l contact -d 'Put into the User-Agent so that operators can reach you: an address or URL' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l exclude -d 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l asn-db -d 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA\'s pfx2as, iptoasn), also gz; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l concurrency -d 'Domains in flight [default: from the limit of file descriptors]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l fetch-concurrency -d 'HTTPS fetches in flight [default: from the limit of file descriptors]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l dns-timeout -d 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l dns-tries -d 'DNS questions sent for one lookup before it counts as failed [default: 3]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l connect-timeout -d 'How long to wait for a TCP connection [default: 10s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l fetch-timeout -d 'How long a whole fetch may take [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l https-port -d 'Port of policy hosts; other than 443 only for labs [default: 443]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l http-port -d 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l source-ip -d 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l interface -d 'Interface of this machine by which everything leaves, e.g. eth1; Linux only' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l ca-file -d 'File with further trusted root certificates, PEM; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp -d 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l dane -d 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l ehlo -d 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-rate -d 'Connections to mail servers per second in all, 0 for no limit [default: 20]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-host-rate -d 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-canary -d 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-canary-dead -d 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-port -d 'Port of mail servers; other than 25 only for labs [default: 25]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-greeting-timeout -d 'How long to wait for a greeting; less than 60s only for labs [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l lab -d 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]' -r
complete -c stscan -n "__fish_stscan_using_subcommand check" -l json -d 'Print evidence and judgement as JSON, one object per domain'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l iterative -d 'Resolve from the root, without a resolver; for some ten thousand names'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l trust-resolvers -d 'Use the resolvers without checking at the start whether they answer, and answer truthfully'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l 0x20 -d 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l platform-roots -d 'Trust the root certificates of this machine instead of the built-in ones'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l allow-private -d 'Allow connections to loopback, private, link-local and other special-use addresses'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l look-around -d 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-all-addresses -d 'Ask every address of an MX host instead of one per family'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l smtp-every-name -d 'Ask under every name, even if address and certificate are known from three others'
complete -c stscan -n "__fish_stscan_using_subcommand check" -l no-prune -d 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)'
complete -c stscan -n "__fish_stscan_using_subcommand check" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand lint" -l record -d 'The text of the TXT record at _mta-sts'
complete -c stscan -n "__fish_stscan_using_subcommand lint" -l tlsrpt -d 'The text of the TXT record at _smtp._tls'
complete -c stscan -n "__fish_stscan_using_subcommand lint" -l policy -d 'The body of /.well-known/mta-sts.txt'
complete -c stscan -n "__fish_stscan_using_subcommand lint" -l json -d 'Print one JSON object'
complete -c stscan -n "__fish_stscan_using_subcommand lint" -l fix -d 'Write the corrected text to the file, or print it if FILE is -'
complete -c stscan -n "__fish_stscan_using_subcommand lint" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand explain" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand codes" -l json -d 'Print a JSON array'
complete -c stscan -n "__fish_stscan_using_subcommand codes" -l markdown -d 'Print a Markdown table'
complete -c stscan -n "__fish_stscan_using_subcommand codes" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l tls-reports -d 'Tables of the TLS reports that `stscan tlsrpt` read into this folder (R1 to R7); R5 to R7 need the dataset of a scan, too' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l where -d 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l table -d 'Which tables, e.g. T3,T9; study: those of Ashiq et al. (IMC 2025); all [default: all but study]' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l by -d 'Group by tld, suffix, rank, list, provider (of mail), policy-host, posture or carried:COLUMN [default: list for several datasets]' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l compare -d 'Put the published figures of a study beside those of the dataset: imc2025' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l format -d 'Output format' -r -f -a "text\t'For a terminal'
markdown\t'Markdown'
csv\t'One line per figure'
json\t'One object'"
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l top -d 'How many groups, or names in a table, are shown one by one at most' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l rank-bin -d 'Ranks in a bin of --by rank [default: 10000]' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l third-party -d 'A host that serves this many domains or more belongs to a third party' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l self-managed -d 'A policy host that serves this many domains or fewer is self-managed' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l one-administrator -d 'A host between the two is self-managed if this percentage of its domains share policy host and MX hosts; 0: no host is' -r
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l series -d 'Treat the datasets as a series of scans, ordered by time'
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l bare -d 'Leave out where the figures come from, which stands at the head, for programs that take no comments'
complete -c stscan -n "__fish_stscan_using_subcommand stats" -l ignore-addresses -d 'Count hosts with the same address as different hosts'
complete -c stscan -n "__fish_stscan_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l where -d 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it' -r
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l format -d 'Output format' -r -f -a "text\t'For a terminal'
csv\t'One line per change'
json\t'One object'"
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l changes -d 'List only domains with one of these changes, e.g. newly-broken,mx-stale [default: all; as text all but unknown]' -r
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l fail-on -d 'End with exit status 6 if a domain has one of these changes, a new finding so severe (high, or finding-gone:medium) or with this code (sts-fetch-cert-*); with 7 if unknown is named and nothing else is met. Repeatable, or with commas' -r
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l expect -d 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l top -d 'How many domains the text shows one by one at most; csv and json have all of them [default: 50]' -r
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l notify-exec -d 'Program to run at the end; it reads a JSON object about what changed from standard input' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l notify-timeout -d 'How long that program may take before it is killed [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand diff" -l bare -d 'Leave out where the figures come from, which stands at the head, for programs that take no comments'
complete -c stscan -n "__fish_stscan_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c stscan -n "__fish_stscan_using_subcommand reclassify" -s o -l out -d 'Folder of the new dataset' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand reclassify" -l asn-db -d 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA\'s pfx2as, iptoasn), also gz; may be repeated [default: what the dataset says of each address is kept]' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand reclassify" -l json -d 'Print the summary of what changed as JSON'
complete -c stscan -n "__fish_stscan_using_subcommand reclassify" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand export" -s o -l out -d 'Folder of the copy' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand export" -l mailboxes -d 'What becomes of the local parts of mailboxes: hash, drop or keep' -r
complete -c stscan -n "__fish_stscan_using_subcommand export" -l key -d 'Key of the hashes, 64 hexadecimal digits [default: a random one]' -r
complete -c stscan -n "__fish_stscan_using_subcommand export" -l asn-db -d 'Database of autonomous systems, or of countries, for column policy_hosts, as of reclassify; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand export" -l flat -d 'Companion tables without lists, a row for each finding, MX host and destination of reports: flat/findings, flat/mx and flat/rua, as parquet or, with =csv, as CSV' -r
complete -c stscan -n "__fish_stscan_using_subcommand export" -l licence -d 'Licence of the copy: an SPDX identifier or a URL; without it none is stated' -r
complete -c stscan -n "__fish_stscan_using_subcommand export" -l show-key -d 'Print the key, so that a later copy can have the same hashes; keep it secret'
complete -c stscan -n "__fish_stscan_using_subcommand export" -l keep-carried -d 'Keep the columns that --carry brought from the list'
complete -c stscan -n "__fish_stscan_using_subcommand export" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand report" -s o -l out -d 'File to write, or - for standard output [default: standard output, but not for html]; with --split-by a folder' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand report" -l format -d 'What to write' -r -f -a "html\t'One page that needs nothing but a browser'
csv\t'One line per finding'
json\t'One object'
sarif\t'SARIF 2.1.0: one result per finding'
junit\t'JUnit XML: one test case per domain'"
complete -c stscan -n "__fish_stscan_using_subcommand report" -l where -d 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it' -r
complete -c stscan -n "__fish_stscan_using_subcommand report" -l tls-reports -d 'TLS reports that `stscan tlsrpt` read into this folder: what senders saw, beside the findings' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand report" -l split-by -d 'Write a folder (-o) with a page, a CSV and what to publish for each value of this carried column, and an index.html' -r
complete -c stscan -n "__fish_stscan_using_subcommand report" -l rua -d 'Where TLS reports are to go, a mailbox or an https URL, for the records that are proposed (html, json); may be repeated' -r
complete -c stscan -n "__fish_stscan_using_subcommand report" -l kind -d 'Which kind of page: portfolio or adoption [default: portfolio up to 5000 domains, adoption above]' -r
complete -c stscan -n "__fish_stscan_using_subcommand report" -l domains -d 'How many domains the page lists one by one at most, the most urgent first [default: 100000]' -r
complete -c stscan -n "__fish_stscan_using_subcommand report" -l fail-on -d 'When the report is written, end with exit status 6 where a finding has this severity or a worse one (high, medium, low), has this code (sts-fetch-cert-*) or a domain is in this state (broken, refused, ...); with 7 if unknown is named and nothing else is met. Repeatable, or with commas' -r
complete -c stscan -n "__fish_stscan_using_subcommand report" -l expect -d 'File with what is expected of the domains, and what is waived until when (TOML): what deviates is a finding' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand report" -l bare -d 'Leave out the lines at the head of csv that say where the findings come from, for programs that take no comments'
complete -c stscan -n "__fish_stscan_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -s o -l out -d 'Folder to write' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l mx -d 'MX host of the domains, or a pattern such as *.mx.example.net, instead of what DNS says; may be repeated' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l mode -d 'Mode of the policies: enforce, testing or none [default: the published one; a new policy begins with testing, later enforce]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l max-age -d 'How long senders may keep the policies, in seconds [default: the published one, a week at least; for mode none a day]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l rua -d 'Where TLS reports go, a mailbox or an https URL: for TLSRPT records that are missing or faulty, of named domains for all; may be repeated' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l web-server -d 'Where the tree is served, a name or addresses: the policy hosts get a CNAME or A and AAAA records; may be repeated' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l root -d 'Path of the tree on the web server, for the server configuration [default: the folder itself]' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l where -d 'Look only at domains with this, e.g. posture=enforce, worst>=medium, finding=sts-fetch-cert-* or carried.owner=ops; repeated: with all of it' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l config -d 'File with any of the options below, as TOML' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l resolver -d 'Resolver to ask, as ADDRESS or ADDRESS:PORT, or encrypted as tls://ADDRESS#NAME or https://ADDRESS/dns-query#NAME; may be repeated [default: the system\'s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l resolvers -d 'File with resolvers as for --resolver, one per line' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l root-hints -d 'Addresses of the root servers for --iterative: a hints file, or one address per line [default: IANA\'s, built in]' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l dns-port -d 'Port of the name servers for --iterative; other than 53 only in labs [default: 53]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l retry-rounds -d 'When to retry targets whose lookups failed, e.g. 5s,30s, or none [default: 5s,30s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l rate -d 'DNS queries per second in all, 0 for no limit [default: 1000, no limit with --lab]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l resolver-rate -d 'DNS queries per second to each resolver, 0 for no limit [default: as --rate]; with --iterative to each name server [default: 100, no limit with --lab]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l fetch-rate -d 'HTTPS fetches per second in all, 0 for no limit [default: 200]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l host-rate -d 'HTTPS fetches per second to each policy-host address, 0 for no limit [default: 10]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l contact -d 'Put into the User-Agent so that operators can reach you: an address or URL' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l exclude -d 'Opt-out list: domains (with all below them), addresses, CIDR blocks and ranges that are never contacted' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l asn-db -d 'Database of autonomous systems, or of countries, for column policy_hosts: an mmdb file, or a text of routes (pyasn, CAIDA\'s pfx2as, iptoasn), also gz; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l concurrency -d 'Domains in flight [default: from the limit of file descriptors]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l fetch-concurrency -d 'HTTPS fetches in flight [default: from the limit of file descriptors]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l dns-timeout -d 'How long to wait for a DNS answer, e.g. 2s or 500ms; a bare number is seconds [default: 2s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l dns-tries -d 'DNS questions sent for one lookup before it counts as failed [default: 3]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l connect-timeout -d 'How long to wait for a TCP connection [default: 10s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l fetch-timeout -d 'How long a whole fetch may take [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l https-port -d 'Port of policy hosts; other than 443 only for labs [default: 443]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l http-port -d 'Port for plain HTTP, which only --look-around uses; other than 80 only for labs [default: 80]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l source-ip -d 'Address of this machine from which everything leaves, one of IPv4, one of IPv6, or both [default: by the routing table]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l interface -d 'Interface of this machine by which everything leaves, e.g. eth1; Linux only' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l ca-file -d 'File with further trusted root certificates, PEM; may be repeated' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp -d 'Whose MX hosts are asked on port 25 for STARTTLS and certificate: none; adopters, with an MTA-STS record; all [default: none; check: all]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l dane -d 'Whose MX hosts are looked up for TLSA records: none, adopters or all [default: adopters, check: all, where the resolver validates; else none]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l ehlo -d 'Name given with EHLO, which has to resolve to the address that connects, and back [default: the own reverse name]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-rate -d 'Connections to mail servers per second in all, 0 for no limit [default: 20]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-host-rate -d 'Connections per second to one mail-server address, always one at a time, 0 for no limit; a provider gets four times as many [default: 0.5; no limit for loopback addresses]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-canary -d 'Mail server that has to answer, else port 25 counts as blocked in this network; may be repeated [default: the first MX hosts of the list in three networks]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-canary-dead -d 'Address at which nothing may answer on that port: an answer shows that this network answers for others [default: 192.0.2.1]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-port -d 'Port of mail servers; other than 25 only for labs [default: 25]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-greeting-timeout -d 'How long to wait for a greeting; less than 60s only for labs [default: 60s]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l lab -d 'Scan the built-in Internet instead of the real one: zoo, census, imc2025, hostile, or WORLD:NAMES [without a world: census]' -r
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l iterative -d 'Resolve from the root, without a resolver; for some ten thousand names'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l trust-resolvers -d 'Use the resolvers without checking at the start whether they answer, and answer truthfully'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l 0x20 -d 'Ask for names in random case, which answers have to repeat: a further safeguard against forgery'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l platform-roots -d 'Trust the root certificates of this machine instead of the built-in ones'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l allow-private -d 'Allow connections to loopback, private, link-local and other special-use addresses'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l look-around -d 'Also look for records and policies in wrong places, for wildcards, at each address of policy hosts, at HTTPS receivers of reports: at least six more questions for each domain that exists'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-all-addresses -d 'Ask every address of an MX host instead of one per family'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l smtp-every-name -d 'Ask under every name, even if address and certificate are known from three others'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -l no-prune -d 'Ask for the records also where the domain itself does not exist, so that nothing can be below it (RFC 8020)'
complete -c stscan -n "__fish_stscan_using_subcommand publish" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand tlsrpt" -s o -l out -d 'Folder of the dataset' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand tlsrpt" -l json -d 'Print the summary as JSON'
complete -c stscan -n "__fish_stscan_using_subcommand tlsrpt" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand merge" -s o -l out -d 'Folder of the new dataset' -r -F
complete -c stscan -n "__fish_stscan_using_subcommand merge" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand verify" -l repair -d 'Scan the rows of damaged parts again, and move aside what is no part'
complete -c stscan -n "__fish_stscan_using_subcommand verify" -l json -d 'Print what is wrong as JSON'
complete -c stscan -n "__fish_stscan_using_subcommand verify" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand schema" -l table -d 'Which table: domains (of scan) or reports (of tlsrpt)' -r
complete -c stscan -n "__fish_stscan_using_subcommand schema" -l json -d 'Print JSON'
complete -c stscan -n "__fish_stscan_using_subcommand schema" -l markdown -d 'Print a Markdown table'
complete -c stscan -n "__fish_stscan_using_subcommand schema" -l manifest -d 'Print the JSON Schema of manifest.json instead'
complete -c stscan -n "__fish_stscan_using_subcommand schema" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -l world -d 'Which world: zoo, census, imc2025 or hostile' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -l names -d 'How many names the world\'s own list has [default: each case once, or 10000]' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -l seed -d 'Seed of the world' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -f -a "list" -d 'List the cases with what is expected of them'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -f -a "write" -d 'Write the world\'s list and truth into a folder'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and not __fish_seen_subcommand_from list write help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from list" -l world -d 'Which world: zoo, census, imc2025 or hostile' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from list" -l names -d 'How many names the world\'s own list has [default: each case once, or 10000]' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from list" -l seed -d 'Seed of the world' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from list" -l json -d 'Print a JSON array'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from write" -l world -d 'Which world: zoo, census, imc2025 or hostile' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from write" -l names -d 'How many names the world\'s own list has [default: each case once, or 10000]' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from write" -l seed -d 'Seed of the world' -r
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from write" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the cases with what is expected of them'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "write" -d 'Write the world\'s list and truth into a folder'
complete -c stscan -n "__fish_stscan_using_subcommand lab; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c stscan -n "__fish_stscan_using_subcommand manual" -l html -d 'Print one page of HTML that needs nothing but itself, with all chapters or the one that is named'
complete -c stscan -n "__fish_stscan_using_subcommand manual" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand completions" -s h -l help -d 'Print help'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "scan" -d 'Scan lists of domains into a Parquet dataset'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "check" -d 'Probe a few domains and explain what is wrong and what to publish instead'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "lint" -d 'Check the text of a record or a policy, offline'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "explain" -d 'Explain a finding code'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "codes" -d 'List all finding codes'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "stats" -d 'Print tables of adoption and misconfiguration from datasets'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "diff" -d 'Show what changed between two scans, per domain and in sum'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "reclassify" -d 'Judge the evidence of a dataset again by today\'s rules, into a new dataset; sends no packet'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "export" -d 'Write a copy of a dataset that can be published: mailboxes hashed or dropped, described, with checksums'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "report" -d 'Write a page for the owners of domains, or about adoption in a large list; or the findings for other programs'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "publish" -d 'Write what to publish: policies, DNS records, web server configuration and a plan; from options, from DNS or from a dataset'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "tlsrpt" -d 'Read TLS reports (RFC 8460) as they come, mails and archives, into a dataset of their own'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "merge" -d 'Join the shards of a list (scan --shard) into one dataset; sends no packet'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "verify" -d 'Check that a dataset is whole: hash, length, rows, ordinals and origin of every part'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "schema" -d 'Print the dataset\'s columns with their types and meanings'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "lab" -d 'Run the built-in Internet on loopback, list its cases or write its list and truth'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "manual" -d 'Read the manual: without a chapter the list of them'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c stscan -n "__fish_stscan_using_subcommand help; and not __fish_seen_subcommand_from scan check lint explain codes stats diff reclassify export report publish tlsrpt merge verify schema lab manual completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c stscan -n "__fish_stscan_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "list" -d 'List the cases with what is expected of them'
complete -c stscan -n "__fish_stscan_using_subcommand help; and __fish_seen_subcommand_from lab" -f -a "write" -d 'Write the world\'s list and truth into a folder'
