#!/bin/sh
# In a system of its own, as root: installs the package that lies in /dist, uses it as somebody who has nothing but it, and removes it again.
# usage: installed.sh INSTALL REMOVE deb|rpm, for example "apt-get install -y" "apt-get purge -y" deb
set -eu
install=$1 remove=$2 kind=$3

fail() { echo "installed.sh: $*" >&2; exit 1; }
now() { date +%s%N; }
# As nobody, whatever programs for that there are.
as_nobody() { chroot --userspec=65534:65534 / env HOME=/nonexistent TMPDIR="$scratch" sh -euc "$1"; }

! command -v stscan > /dev/null || fail "there is an stscan here already: $(command -v stscan)"
begun=$(now)
$install /dist/stscan*."$kind" || fail "cannot be installed"
installed=$(now)

case $kind in
    deb) files=$(dpkg -L stscan) ;;
    rpm) files=$(rpm -ql stscan) ;;
esac
scratch=$(mktemp -d)
chmod 777 "$scratch"
as_nobody "stscan --version"
as_nobody "printf 'example.com\nexample.org\n' > $scratch/list.txt && stscan scan --lab $scratch/list.txt -o $scratch/first --progress none > /dev/null"
echo "installed in $(((installed - begun) / 1000000)) ms, the first dataset $((($(now) - installed) / 1000000)) ms later"
as_nobody "stscan scan --lab=zoo -o $scratch/zoo --progress none > $scratch/confusion && stscan verify $scratch/zoo && stscan stats $scratch/zoo > /dev/null"
grep "codes, .* missed, .* wrongly found" "$scratch/confusion" || fail "no confusion table: $(cat "$scratch/confusion")"

# What comes with the program is where others look for it. Some systems are told to leave out manual pages.
for file in /usr/share/bash-completion/completions/stscan /usr/lib/systemd/system/stscan@.service /usr/lib/systemd/system/stscan@.timer /usr/share/stscan/notify/mail.py; do
    [ -s "$file" ] || fail "$file is missing"
done
[ -x /usr/share/stscan/notify/mail.py ] || fail "the recipes cannot be executed"
! command -v bash > /dev/null || bash -c '. /usr/share/bash-completion/completions/stscan && complete -p stscan' > /dev/null || fail "bash does not complete"
page=$(ls /usr/share/man/man1/stscan-scan.1* 2> /dev/null || true)
if [ -n "$page" ] && command -v man > /dev/null; then
    man --warnings --local-file "$page" 2>&1 > "$scratch/page" | head -n 5 | { ! grep . ; } || fail "man has something to say about $page"
    grep -q -- --resolver "$scratch/page" || fail "$page does not say what --resolver is"
fi
if command -v systemd-analyze > /dev/null; then
    unit=$scratch/stscan@portfolio.service
    cp /usr/lib/systemd/system/stscan@.service "$unit"
    systemd-analyze verify stscan@portfolio.service stscan@portfolio.timer 2>&1 | { ! grep -i stscan; } || fail "systemd has something to say about the units"
    # Of 100; 12 when this was written. Versions that do not know the option are left alone.
    ! systemd-analyze --help | grep -q -- --threshold || systemd-analyze security --offline=true --threshold=20 "$unit" > "$scratch/security" ||
        fail "the service is less shut off than it was: $(tail -n 1 "$scratch/security")"
fi

$remove stscan > /dev/null || fail "cannot be removed"
! command -v stscan > /dev/null || fail "stscan is still there"
for file in $files; do
    case $file in *stscan*) [ ! -e "$file" ] || fail "$file is left behind" ;; esac
done
[ -d "$scratch/zoo" ] || fail "a dataset is gone with the program"
rm -rf "$scratch"
echo "$kind: installed, used, removed; nothing is left"
