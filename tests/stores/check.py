"""The cases of tests/stores/run: what stands in a store is what a scan into a folder gives, whatever goes wrong on the way."""

import csv
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import boto3
from azure.storage.blob import ContainerClient
from botocore.config import Config
from proxy import Proxy

STSCAN, PAUSED, S3S, MOTO, AZURITE = (Path(argument) for argument in sys.argv[1:6])
WANTED = sys.argv[6:]
# Servers that are to be left out, by name: who leaves one out says so.
WITHOUT = os.environ.get("STSCAN_STORES_WITHOUT", "").split()
KEY, SECRET = "AKIASTSCAN", "a/secret+that=is-in-no-manifest"
# Those that Azurite is known by.
ACCOUNT, ACCOUNT_KEY = "devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
# Patient, so that a busy machine changes no row.
SCAN = ["--part-rows", "150", "--dns-timeout", "2", "--fetch-timeout", "8", "--progress", "none"]
WORLD = "--lab=census:600"
WORK = Path(tempfile.mkdtemp(prefix="stores-"))
TRUTH = WORK / "truth"
table = []


class Failed(Exception):
    """What is not as promised."""


def outcome(passed, case, said):
    row = f"{'pass' if passed else 'FAIL'}  {case:<58}  {said}"
    table.append((passed, row))
    print(row, flush=True)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Server:
    """A real store behind the proxy."""

    def __init__(self, name):
        self.name, port = name, free_port()
        self.root, self.home = WORK / name, WORK / f"{name}-home"
        self.root.mkdir()
        self.home.mkdir()
        log = open(WORK / f"{name}.log", "w")
        self.process = subprocess.Popen([str(part) for part in self.command(port)], stdout=log, stderr=log)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        self.proxy = Proxy(("127.0.0.1", port)).start()
        self.connect(port)
        self.count = 0
        # Uploads that nobody can end, as the store lists none.
        self.lost = set()

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AZURE_", "STSCAN_", "HTTP"))}
        own = {**self.own(), "HOME": str(self.home), "STSCAN_STORE_TIMEOUT": "4", "STSCAN_STORE_RETRY": "60"}
        return {**kept, **own, **more}

    def fresh(self):
        """A prefix that nobody has used."""
        self.count += 1
        return f"{self.scheme}://data/case-{self.count}"

    def within(self, place, key):
        """The name of an object below a place."""
        return f"{place.removeprefix(f'{self.scheme}://data/')}/{key}"

    def stop(self):
        self.proxy.fault = None
        self.process.kill()


class S3(Server):
    """What speaks S3."""

    scheme, secrets = "s3", (KEY, SECRET)

    def command(self, port):
        if self.name == "s3s-fs":
            return [S3S, "--host", "127.0.0.1", "--port", str(port), "--access-key", KEY, "--secret-key", SECRET, self.root]
        return [MOTO, "-H", "127.0.0.1", "-p", str(port)]

    def connect(self, port):
        self.direct = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )
        self.direct.create_bucket(Bucket="data")

    def own(self):
        endpoint = f"http://127.0.0.1:{self.proxy.port}"
        return {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}

    def keys(self, place):
        prefix = self.within(place, "")
        pages = self.direct.get_paginator("list_objects_v2").paginate(Bucket="data", Prefix=prefix)
        return [entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", [])]

    def get(self, place, key):
        return self.direct.get_object(Bucket="data", Key=self.within(place, key))["Body"].read()

    def put(self, place, key, content):
        self.direct.put_object(Bucket="data", Key=self.within(place, key), Body=content)

    def uploads(self):
        """What is begun and not complete."""
        if self.name == "s3s-fs":  # It does not list them, but keeps a file of each.
            return [path.name for path in self.root.glob(".upload-*.json") if path.name not in self.lost]
        return [upload["UploadId"] for upload in self.direct.list_multipart_uploads(Bucket="data").get("Uploads", [])]


class Azure(Server):
    """Azurite, which checks signatures, too."""

    scheme, secrets = "az", (ACCOUNT_KEY,)

    def command(self, port):
        return [AZURITE, "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", self.root, "--silent", "--skipApiVersionCheck", "--disableTelemetry"]

    def connect(self, port):
        self.direct = ContainerClient(f"http://127.0.0.1:{port}/{ACCOUNT}", "data", credential={"account_name": ACCOUNT, "account_key": ACCOUNT_KEY})
        self.direct.create_container()

    def own(self):
        endpoint = f"http://127.0.0.1:{self.proxy.port}/{ACCOUNT}"
        return {"AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": ACCOUNT_KEY, "AZURE_STORAGE_ENDPOINT": endpoint}

    def keys(self, place):
        prefix = self.within(place, "")
        return [blob.name.removeprefix(prefix) for blob in self.direct.list_blobs(name_starts_with=prefix)]

    def get(self, place, key):
        return self.direct.download_blob(self.within(place, key)).readall()

    def put(self, place, key, content):
        self.direct.upload_blob(self.within(place, key), content, overwrite=True)

    def uploads(self):
        """Blobs of which there are blocks alone."""
        whole = {blob.name for blob in self.direct.list_blobs()}
        return [blob.name for blob in self.direct.list_blobs(include=["uncommittedblobs"]) if blob.name not in whole]


def stscan(server, *arguments, program=STSCAN, expect=0, timeout=420, **more):
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=server.environment(**more), timeout=timeout)
    if expect is not None and done.returncode != expect:
        raise Failed(f"{' '.join(command[1:])}: status {done.returncode}, not {expect}: {done.stderr.strip()[-400:]}")
    return done


def sentence(done, *words):
    """That an end is told in one clear sentence."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("stscan: asking ")]
    if len(lines) != 1 or not all(re.search(word, lines[0]) for word in words):
        raise Failed(f"said {done.stderr.strip()[-500:]!r}")
    return lines[0].removeprefix("stscan: ")


def same(server, place, truth=TRUTH):
    """That a dataset is whole and has each row of the truth, once, and nothing of the credentials."""
    said = stscan(server, "verify", place).stdout
    if ": whole" not in said:
        raise Failed(f"verify says {said!r}")
    changes = json.loads(stscan(server, "diff", truth, place, "--format", "json").stdout)
    manifest = json.loads(server.get(place, "manifest.json"))
    wanted = json.loads((truth / "manifest.json").read_text())
    rows = wanted["counts"]["rows"]
    if manifest["finished_at"] is None or manifest["counts"] != wanted["counts"] or manifest["accounting"] != wanted["accounting"]:
        raise Failed("the manifest has other counts, or is unfinished")
    if changes.get("domains") or (changes["in_both"], changes["only_old"], changes["only_new"]) != (rows, 0, 0):
        raise Failed("rows differ")
    unlisted = {key for key in server.keys(place) if key.startswith("domains/")} - {part["file"] for part in manifest["parts"]}
    if unlisted:
        raise Failed(f"unlisted parts: {unlisted}")
    for key in server.keys(place):
        content = server.get(place, key)
        if any(secret.encode() in content for secret in server.secrets):
            raise Failed(f"{key} holds the credentials")
    if uploads := server.uploads():
        raise Failed(f"orphan uploads: {uploads}")
    return f"{rows} rows in {len(manifest['parts'])} parts"


def scan(server, place, *more, **options):
    return stscan(server, "scan", WORLD, *SCAN, "-o", place, *more, **options)


CASES = []


def case(function):
    CASES.append(function)
    return function


def of(scheme):
    """A case that is about what stores of one kind alone have, or that would say the same once more of the others."""

    def marked(function):
        function.scheme = scheme
        return function

    return marked


of_s3 = of("s3")


@case
def scanned_as_into_a_folder(server):
    place = server.fresh()
    scan(server, place)
    return same(server, place)


@case
def read_by_every_command(server):
    place = server.fresh()
    scan(server, place)
    here = WORK / f"copied-{server.name}" / place.rsplit("/", 1)[1]
    for key in server.keys(place):
        (here / key).parent.mkdir(parents=True, exist_ok=True)
        (here / key).write_bytes(server.get(place, key))
    commands = (["stats", "{}"], ["stats", "{}", "--table", "all", "--format", "csv"], ["report", "{}", "--format", "json"], ["report", "{}", "--format", "csv"], ["verify", "{}"])
    for arguments in commands:
        there, local = (stscan(server, *(part.format(where) for part in arguments)).stdout.replace(str(where), "PLACE") for where in (place, here))
        if len(there) < 20 or there != local:
            different = [pair for pair in zip(there.splitlines(), local.splitlines()) if pair[0] != pair[1]]
            raise Failed(f"{arguments} differs: {different[:2]}")
    stscan(server, "report", place, "-o", server.home / "page.html")
    return "stats, report, diff, verify"


@case
def little_is_read(server):
    """Of a dataset only the columns that are asked for, of a tree only what its tables need."""
    tree = server.fresh()
    dates = ["2026-01-01", "2026-01-08", "2026-01-15"]
    place = f"{tree}/list=a/date={dates[0]}"
    # Parts as large as usual ones, of which footers are a small part.
    stscan(server, "scan", "--lab=census:20000", *SCAN[2:], "-o", place)
    for key in server.keys(place):
        content = server.get(place, key)
        for date in dates[1:]:
            server.put(tree, f"list=a/date={date}/{key}", content)
    sizes = sum(len(server.get(place, key)) for key in server.keys(place) if key.endswith(".parquet"))
    said = []
    for arguments, datasets in ((["stats", place], 1), (["stats", "--series", tree], 3), (["stats", "--series", tree, "--where", "posture=enforce"], 3), (["diff", place, f"{tree}/list=a/date={dates[1]}"], 2), (["verify", place], 1)):
        server.proxy.seen = []
        done = stscan(server, *arguments)
        if len(done.stdout) < 50:
            raise Failed(f"{arguments} says nothing")
        gets = [seen for seen in server.proxy.seen if seen.path.endswith(".parquet")]
        read = sum(seen.received for seen in gets)
        whole = datasets * sizes
        if arguments[0] == "verify" and read < whole:
            raise Failed("verify did not read all")
        if arguments[0] != "verify" and (any(not seen.range for seen in gets) or read >= whole):
            raise Failed(f"{arguments[0]} reads {read} of {whole} bytes")
        said.append(f"{' '.join(part for part in arguments if '/' not in str(part))} {read} of {whole} bytes in {len(gets)} requests")
    return "; ".join(said)


def one_domain(server, place, *arguments):
    """What a command reads of parts and says, asked for one domain of a dataset."""
    server.proxy.seen = []
    said = stscan(server, *arguments).stdout
    gets = [seen for seen in server.proxy.seen if seen.path.endswith(".parquet") and seen.method == "GET"]
    return said, sum(seen.received for seen in gets), len(gets), len(server.proxy.seen)


@case
def one_domain_of_many_parts(server):
    place = server.fresh()
    stscan(server, "scan", "--lab=census:20000", *SCAN[2:], "--part-rows", "1200", "-o", place)
    parts = [key for key in server.keys(place) if key.endswith(".parquet")]
    whole = sum(len(server.get(place, key)) for key in parts)
    report = stscan(server, "report", place, "--format", "csv", "--where", "posture=enforce").stdout.splitlines()
    rows = list(csv.DictReader(line for line in report if not line.startswith("#")))
    domain = rows[len(rows) // 2]["domain"]
    told = [f"{len(parts)} parts of {whole} bytes"]
    for arguments, share in ((["report", place, "--format", "csv"], 4), (["publish", place, "-o", WORK / f"publish-{server.name}"], 4), (["stats", place], 1)):
        said, read, requests, all_requests = one_domain(server, place, *arguments, "--where", f"domain={domain}")
        if arguments[0] == "report" and domain not in said or read * share >= whole:
            raise Failed(f"{arguments[0]} reads {read} of {whole} bytes: {said[:200]!r}")
        told.append(f"{arguments[0]} {read} bytes in {requests} requests ({all_requests} in all)")
    return "; ".join(told)


@case
def lines_without_rows_and_flat_tables(server):
    names, here = server.home / "twice.txt", WORK / f"twice-{server.name}"
    names.write_text("enforce.mta-sts.example\nexample.com\nExample.COM.\nno name at all\n")
    place, key = server.fresh(), "ab" * 32
    for out in (place, here):
        stscan(server, "scan", names, "--lab", *SCAN, "-o", out)
    for file in ("rejected.csv", "duplicates.csv"):
        if server.get(place, file) != (here / file).read_bytes() or len((here / file).read_text().splitlines()) != 2:
            raise Failed(f"{file} is another one")
    exported, down = server.fresh(), WORK / f"down-{server.name}"
    for out in (exported, down):
        stscan(server, "export", place, "--flat=csv", "--key", key, "-o", out)
    for path in down.rglob("*.csv"):
        if server.get(exported, path.relative_to(down).as_posix()) != path.read_bytes():
            raise Failed(f"{path} is another one")
    stscan(server, "verify", exported)
    return ", ".join(sorted(key for key in server.keys(exported) if key.endswith(".csv")))


@case
def old_scans_of_a_tree_go(server):
    tree = server.fresh()
    names = server.home / "twice.txt"
    names.write_text("enforce.mta-sts.example\nexample.com\nExample.COM.\nno name at all\n")
    stscan(server, "scan", names, "--lab", *SCAN, "-o", f"{tree}/list=a/date=2026-01-08")
    for key in server.keys(f"{tree}/list=a/date=2026-01-08"):
        content = server.get(f"{tree}/list=a/date=2026-01-08", key)
        for older in ("list=a/date=2026-01-01", "list=a/date=2026-01-02", "list=b/date=2020-01-01"):
            server.put(f"{tree}/{older}", key, content)
    server.put(f"{tree}/list=a/date=2026-01-02", "mine.txt", b"mine")
    server.put(f"{tree}/list=a/date=2025-12-31", "mine.txt", b"mine")
    before = set(server.keys(tree))
    said = stscan(server, "scan", names, "--lab", *SCAN, "-o", tree, "--layout", "hive", "--list-name", "a", "--keep", "2").stderr
    after = set(server.keys(tree))
    wrong = {key for key in before - after if not key.startswith("list=a/date=2026-01-01/")} | {key for key in after if "2026-01-01" in key}
    if wrong or "2026-01-01 is removed (--keep 2)" not in said or "mine.txt" not in said:
        raise Failed(f"{wrong}: {said}")
    return f"{len(before - after)} objects removed"


@case
def lists_in_a_store(server):
    world = WORK / f"world-{server.name}"
    subprocess.run([STSCAN, "lab", "--world", "census", "--names", "600", "write", world], check=True, capture_output=True)
    text = (world / "names.txt").read_bytes()
    lists = f"{server.scheme}://data/lists"
    server.put(lists, "census.txt.gz", gzip.compress(text))
    server.put(lists, "pick.html", b"<html><body>no list</body></html>")
    place, here = server.fresh(), WORK / f"listed-{server.name}"
    server.proxy.fault = first_of_each("cut answer", lambda seen: seen.path.endswith(".gz"))
    for out in (here, place):
        stscan(server, "scan", f"{lists}/census.txt.gz", "--lab=census", *SCAN, "-o", out)
    server.proxy.fault = None
    if "is an HTML page, not a list" not in stscan(server, "scan", f"{lists}/pick.html", "--lab=census", *SCAN, "-o", server.fresh(), expect=3).stderr:
        raise Failed("a page is taken for a list")
    name = json.loads(server.get(place, "manifest.json"))["list"]["name"]
    return f"{name}: {same(server, place, here)}"


@case
def resumed_after_a_signal(server):
    place, rows = server.fresh(), 8000
    # What has been handed out is finished, however much it is.
    command = ["scan", f"--lab=census:{rows}", *SCAN[2:], "--part-rows", "1000", "--rate", "3000", "--concurrency", "50", "-o", place]
    process = subprocess.Popen([str(STSCAN), *command], env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any("part-00000" in key for key in server.keys(place)) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    if process.returncode != 5 or "the same command" not in said:
        raise Failed(f"status {process.returncode}: {said}")
    kept = json.loads(server.get(place, "manifest.json"))["counts"]["rows"]
    stscan(server, *command)
    verified = stscan(server, "verify", place).stdout
    if not 0 < kept < rows or "8,000 rows" not in verified or ": whole" not in verified:
        raise Failed(f"{kept} rows kept, then {verified}")
    return f"{kept} rows kept, then all {rows}"


@case
def damaged_and_repaired(server):
    place = server.fresh()
    scan(server, place)
    part = server.get(place, "domains/part-00001.parquet")
    server.put(place, "domains/part-00001.parquet", part[:-40] + bytes(40))
    server.put(place, "domains/mine.parquet", b"mine")
    done = stscan(server, "verify", place, expect=4)
    if not all(word in done.stdout for word in ("part-00001.parquet: changed", "mine.parquet: foreign", "2 problems")):
        raise Failed(done.stdout)
    stscan(server, "verify", "--repair", place)
    if "aside/mine.parquet" not in server.keys(place):
        raise Failed("the foreign file is gone")
    return same(server, place)


@case
def judged_again_exported_and_merged(server):
    place = server.fresh()
    scan(server, place)
    again, copy, local = server.fresh(), server.fresh(), WORK / f"again-{server.name}"
    stscan(server, "reclassify", place, "-o", again)
    same(server, again)
    stscan(server, "reclassify", TRUTH, "-o", local)
    stscan(server, "export", place, "-o", copy, "--licence", "CC0-1.0")
    if not {"SHA256SUMS", "croissant.json", "manifest.json"} <= set(server.keys(copy)):
        raise Failed(f"the copy has {server.keys(copy)}")
    stscan(server, "verify", copy)
    shards = [server.fresh(), WORK / f"shard-{server.name}"]
    for number, shard in enumerate(shards):
        scan(server, shard, "--shard", f"{number}/2")
    merged, there = server.fresh(), WORK / f"merged-{server.name}"
    stscan(server, "merge", *shards, "-o", merged)
    stscan(server, "merge", *reversed(shards), "-o", there)
    for path in there.rglob("*.parquet"):
        if server.get(merged, path.relative_to(there).as_posix()) != path.read_bytes():
            raise Failed(f"merged {path.name} has other bytes than into a folder")
    return f"reclassify, export, merge: {same(server, merged)}"


def every(number, wrong, when=lambda seen: True):
    """A fault of each so many-th request, and of none that is repeated."""
    counts = {"all": 0}

    def fault(seen, _):
        if not when(seen):
            return None
        counts["all"] += 1
        return wrong if counts["all"] % number == 0 else None

    return fault


def first_of_each(wrong, when):
    """A fault of the first request for each object."""
    known = {}

    def fault(seen, _):
        if not when(seen):
            return None
        known[seen.path] = known.get(seen.path, 0) + 1
        return wrong if known[seen.path] % 2 == 1 else None

    return fault


PASSING = {
    "every third answer 503 SlowDown": lambda: every(3, (503, "SlowDown")),
    "every third answer 500": lambda: every(3, (500, "InternalError")),
    "every tenth answer 429": lambda: every(10, (429, "TooManyRequests", {"Retry-After": "1"})),
    "every fourth connection torn": lambda: every(4, "drop"),
    "each upload cut once": lambda: first_of_each("cut upload", lambda seen: seen.method == "PUT"),
    "each answer to a write lost once": lambda: first_of_each("lose answer", lambda seen: seen.method in ("PUT", "POST", "DELETE")),
    "each read cut once": lambda: first_of_each("cut answer", lambda seen: seen.method == "GET"),
    "every third answer slow": lambda: every(3, "slow", lambda seen: seen.method == "GET"),
    "every fortieth request without an answer": lambda: every(40, "silent"),
}


def survives(name, fault):
    def survived(server):
        place = server.fresh()
        server.proxy.fault = fault()
        scan(server, place)
        stats = stscan(server, "stats", place).stdout
        stscan(server, "verify", place)
        wrong = [seen for seen in server.proxy.seen if seen.fault]
        server.proxy.fault = None
        if not wrong or len(stats) < 100:
            raise Failed("nothing went wrong")
        return f"{len(wrong)} of {len(server.proxy.seen)} requests failed, {same(server, place)}"

    survived.__name__ = name
    return survived


CASES.extend(survives(name, fault) if "once" in name or "503" in name else of_s3(survives(name, fault)) for name, fault in PASSING.items())


@case
def refused_for_a_while(server):
    place = server.fresh()
    process = subprocess.Popen([str(STSCAN), "scan", WORLD, *SCAN, "-o", place], env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any("part-0" in key for key in server.keys(place)) or process.poll() is not None)
    server.proxy.stop()
    time.sleep(4)
    server.proxy.again()
    said = process.communicate(timeout=200)[1]
    if process.returncode != 0:
        raise Failed(f"status {process.returncode}: {said}")
    return same(server, place)


def ended(name, wrong, *words):
    """A fault that stays from some write on ends the scan with one sentence and 5; the same command continues."""

    def case_of(server):
        place = server.fresh()
        server.proxy.fault = after_a_part(wrong)
        done = scan(server, place, expect=5, STSCAN_STORE_RETRY="3")
        said = sentence(done, *words)
        server.proxy.fault = None
        kept = json.loads(server.get(place, "manifest.json"))["counts"]["rows"]
        scan(server, place)
        return f"{kept} rows kept, {same(server, place)}: {said[:150]}"

    case_of.__name__ = name
    return case_of


def after_a_part(wrong):
    def fault(seen, _):
        fault.puts += seen.method == "PUT" and "part-" in seen.path and seen.status is None
        return wrong if fault.puts > 1 else None

    fault.puts = 0
    return fault


GOES_ON = "the same command continues"
ENDED = {
    "503 for ever": ((503, "SlowDown"), "503 SlowDown", GOES_ON),
    "500 for ever": ((500, "InternalError"), "500 InternalError", GOES_ON),
    "torn for ever": ("drop", "127.0.0.1", GOES_ON),
    "silent for ever": ("silent", "said nothing for 4 s", GOES_ON),
    "cut uploads for ever": ("cut upload", "127.0.0.1", GOES_ON),
    "credentials that expire": ((400, "ExpiredToken"), "credentials have expired", GOES_ON),
}
CASES.extend(ended(name, wrong, *words) if "503" in name else of_s3(ended(name, wrong, *words)) for name, (wrong, *words) in ENDED.items())


@case
def refused_for_ever(server):
    place = server.fresh()
    scan(server, place)
    server.proxy.stop()
    try:
        said = [sentence(stscan(server, *arguments, expect=5, STSCAN_STORE_RETRY="2"), "connection refused", GOES_ON) for arguments in (["stats", place], ["verify", place], ["diff", TRUTH, place], ["scan", WORLD, *SCAN, "-o", place])]
    finally:
        server.proxy.again()
    return said[0][:150]


def kill_at(step, number, **more):
    def killed(server):
        place, mark = server.fresh(), server.home / "mark"
        mark.unlink(missing_ok=True)
        environment = server.environment(STSCAN_PAUSE=f"{step}:{number}", STSCAN_PAUSED=str(mark), **more)
        process = subprocess.Popen([str(PAUSED), "scan", WORLD, *SCAN, "-o", place], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wait_for(lambda: mark.exists() or process.poll() is not None)
        if not mark.exists():
            raise Failed(f"the step never came: {process.communicate()[1]}")
        process.kill()
        process.wait()
        orphans = len(server.uploads())
        if step == "UploadCreated" and server.name == "s3s-fs":
            # Without a byte and without a note; where a store lists uploads, the next run ends this one, too.
            server.lost.update(server.uploads())
        if "manifest.json" in server.keys(place):
            stscan(server, "verify", place)
        again = stscan(server, "scan", WORLD, *SCAN, "-o", place, program=PAUSED, expect=None, **more)
        if again.returncode != (4 if step == "Finished" else 0):
            raise Failed(f"status {again.returncode}: {again.stderr[-300:]}")
        if notes := [key for key in server.keys(place) if ".uploads" in key]:
            raise Failed(f"notes are left: {notes}")
        then = f"{orphans} uploads left, then {len(server.uploads())}" + (", but one that the store does not list" if server.lost and step == "UploadCreated" else "")
        return f"{then}; {same(server, place)}"

    killed.__name__ = f"killed at {step} {number}"
    return killed


for step, numbers in {"FolderMade": [1], "PartBegun": [1, 2], "PartWritten": [1, 2], "PartNamed": [1, 2], "ManifestBegun": [1, 2], "ManifestNamed": [1, 2], "RejectedNamed": [1], "Finished": [1]}.items():
    CASES.extend(kill_at(step, number) if step in ("PartNamed", "ManifestNamed") else of_s3(kill_at(step, number)) for number in numbers)
for step in ("UploadCreated", "UploadNoted", "UploadBegun", "UploadSent"):
    CASES.extend(of_s3(kill_at(step, number, STSCAN_SINGLE="1000")) for number in (1, 2))


@case
def more_than_one_request_takes(server):
    """70 MB of rejected lines go in pieces; cut on the way, they go again."""
    place, names = server.fresh(), server.home / "junk.txt"
    if not names.exists():
        names.write_text("example.com\n" + "".join(f"{number} {'no name ' * 10}\n" for number in range(450_000)))
    is_piece = lambda seen: "partNumber" in seen.query or "comp=block&" in f"{seen.query}&"
    server.proxy.fault = every(4, "cut upload", is_piece)
    stscan(server, "scan", names, "--lab=zoo", *SCAN, "-o", place)
    server.proxy.fault = None
    pieces = [seen for seen in server.proxy.seen if is_piece(seen)]
    wrong = [seen for seen in pieces if seen.fault]
    rejected = server.get(place, "rejected.csv")
    if len(rejected) < 64 << 20 or len(pieces) < 5 or not wrong or server.uploads() or any(".uploads" in key for key in server.keys(place)):
        raise Failed(f"{len(rejected)} bytes in {len(pieces)} pieces, {len(wrong)} cut; left: {server.uploads()}, {server.keys(place)}")
    noted = next(number for number, seen in enumerate(server.proxy.seen) if ".uploads" in seen.path and seen.method == "PUT")
    if noted > next(number for number, seen in enumerate(server.proxy.seen) if is_piece(seen)):
        raise Failed("the first byte went before the note")
    stscan(server, "verify", place)
    return f"{len(rejected)} bytes in {len(pieces) - len(wrong)} pieces, {len(wrong)} of them sent again"


@case
def two_writers(server):
    place = server.fresh()
    command = [str(STSCAN), "scan", WORLD, *SCAN, "--rate", "300", "-o", place]
    one = subprocess.Popen(command, env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any("part-00000" in key for key in server.keys(place)) or one.poll() is not None)
    other = subprocess.Popen(command, env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = [process.communicate(timeout=300)[1] for process in (one, other)]
    statuses = sorted((one.returncode, other.returncode))
    if statuses != [0, 4] or "another process has written this prefix meanwhile" not in "".join(said):
        raise Failed(f"{statuses}: {said}")
    return same(server, place)


@case
@of_s3
def bad_places(server):
    """One clear sentence each, and nothing written."""
    place, told = server.fresh(), []

    def refused(where, *words, status=4, **more):
        done = scan(server, where, expect=status, **more)
        told.append(sentence(done, *words))

    refused("s3://no-such-bucket/x", "no bucket s3://no-such-bucket", "create it")
    refused("s3://", "BUCKET/PREFIX", status=2)
    refused("https://example.org/x", "--out", "s3://BUCKET/PREFIX", status=2)
    server.proxy.fault = lambda seen, _: (403, "AccessDenied") if seen.method in ("PUT", "POST", "DELETE") else None
    refused(place, "do not permit it", "AccessDenied")
    server.proxy.fault = lambda seen, _: (301, "PermanentRedirect", {"x-amz-bucket-region": "eu-north-1"})
    refused(place, "in the region eu-north-1", "AWS_REGION=eu-north-1")
    # Of a signature for another region it is the body that says which one is meant.
    server.proxy.fault = lambda seen, _: (400, "AuthorizationHeaderMalformed</Code><Region>eu-south-2</Region><Code>")
    refused(place, "in the region eu-south-2", "AWS_REGION=eu-south-2")
    server.proxy.fault = lambda seen, _: (307, "TemporaryRedirect", {"Location": "http://127.0.0.1:1/data"})
    refused(place, "redirects to http://127.0.0.1:1/data")
    server.proxy.fault = None
    server.put(place, "notes.txt", b"mine")
    refused(place, "not empty", "notes.txt", "choose an empty or new folder")
    there = server.fresh()
    scan(server, there)
    refused(there, "finished at")
    refused(server.fresh(), "is not https", AWS_ENDPOINT_URL="http://192.0.2.1:9000")
    if server.name == "s3s-fs":
        refused(server.fresh(), "credentials", AWS_SECRET_ACCESS_KEY="another")
    refused(server.fresh(), "profile", "check AWS_PROFILE", AWS_PROFILE="nobody")
    for arguments in (["stats", "s3://data/nothing"], ["verify", "s3://data/nothing"]):
        told.append(sentence(stscan(server, *arguments, expect=4), "s3://data/nothing", "no manifest.json here"))
    told.append(sentence(stscan(server, "scan", "s3://data/nothing.txt", "--lab=zoo", *SCAN, "-o", server.home / "no", expect=3), "nothing.txt.* does not exist"))
    told.append(sentence(stscan(server, "scan", "s3://nowhere/x.txt", "--lab=zoo", *SCAN, "-o", server.home / "no", expect=3), "s3://nowhere/x.txt.* does not exist"))
    if server.keys(place) != ["notes.txt"]:
        raise Failed(f"written all the same: {server.keys(place)}")
    print("".join(f"      {line}\n" for line in told), end="")
    return f"{len(told)} sentences"


@case
@of("az")
def bad_places_of_azure(server):
    place, told = server.fresh(), []
    done = scan(server, "az://no-such-container/x", expect=4)
    told.append(sentence(done, "no bucket az://no-such-container", "create it"))
    done = scan(server, place, expect=4, AZURE_STORAGE_ACCOUNT_KEY="YW5vdGhlcg==")
    told.append(sentence(done, "credentials"))
    server.put(place, "notes.txt", b"mine")
    told.append(sentence(scan(server, place, expect=4), "not empty", "notes.txt"))
    print("".join(f"      {line}\n" for line in told), end="")
    return f"{len(told)} sentences"


@case
@of_s3
def credentials_of_a_profile(server):
    (server.home / ".aws").mkdir()
    (server.home / ".aws/credentials").write_text(f"[lab]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    (server.home / ".aws/config").write_text(f"[profile lab]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:{server.proxy.port}\n")
    place, nothing = server.fresh(), {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": "", "AWS_REGION": ""}
    clean = {name: value for name, value in server.environment(AWS_PROFILE="lab").items() if name not in nothing}
    done = subprocess.run([str(STSCAN), "scan", WORLD, *SCAN, "-o", place], env=clean, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr)
    return same(server, place)


def wait_for(condition, seconds=120):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise Failed("it never came to that")
        time.sleep(0.05)



SERVERS = {"s3s-fs": S3, "moto": S3, "azurite": Azure}


def run(of_server):
    """Every case that was asked for, with one server."""
    name, kind = of_server
    if name in WITHOUT:
        table.append((True, f"out   {name}: left out, as STSCAN_STORES_WITHOUT asks for"))
        return
    begun_all = time.monotonic()
    server = kind(name)
    try:
        for one in CASES:
            title = f"{name}: {one.__name__.replace('_', ' ')}"
            if getattr(one, "scheme", server.scheme) != server.scheme or WANTED and not any(word in title for word in WANTED):
                continue
            server.proxy.fault, server.proxy.seen = None, []
            begun = time.monotonic()
            try:
                said = one(server)
                outcome(True, title, f"{said} ({time.monotonic() - begun:.0f} s)")
            except Exception as failure:  # Whatever it is, the others are run.
                outcome(False, title, f"{type(failure).__name__}: {failure}")
    finally:
        server.stop()
        print(f"      {name}: {time.monotonic() - begun_all:.0f} s", flush=True)


def main():
    if unknown := set(WITHOUT) - set(SERVERS):
        sys.exit(f"STSCAN_STORES_WITHOUT: no server is called {', '.join(unknown)}")
    made = subprocess.run([STSCAN, "scan", WORLD, *SCAN, "-o", TRUTH], capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(made.stderr)
    # Two at once: most of the time is spent waiting, on purpose.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, SERVERS.items()))
    shutil.rmtree(WORK, ignore_errors=True)
    # By server; of each in the order of the cases.
    table.sort(key=lambda row: row[1][6:].split(":")[0])
    print("\n" + "\n".join(row for _, row in table))
    sys.exit(0 if all(passed for passed, _ in table) else 1)


main()
