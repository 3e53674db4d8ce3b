#!/usr/bin/env python3
"""Writes the first inputs of each fuzz target to corpus/, from the vectors and the golden files of the tests."""

import base64
import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent
TESTS = HERE.parent


def jsonl(name):
    with open(TESTS / "vectors" / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def seed(target, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def body(text):
    if isinstance(text, dict):
        if "base64" in text:
            return base64.b64decode(text["base64"])
        part = text.get("repeat", {})
        return (part.get("prefix", "") + part.get("unit", "") * min(part.get("times", 0), 100) + part.get("suffix", "")).encode()
    return (text or "").encode()


def policy(text):
    seed("policy", text)
    seed("lint", b"\x02" + text)
    seed("classify", b"\x0b\x0b\x0b\x00\x20\x00mx1.example.com\xffv=STSv1; id=1;\xff\xfftext/plain\xff" + text.replace(b"\xff", b"\xfe"))


def record(target, kind, strings):
    text = "".join("".join(record) for record in strings).encode()
    seed(target, text)
    seed("lint", bytes([kind]) + text)
    seed("record_set", "\n".join("\t".join(record) for record in strings).encode())
    rdata = b"".join(bytes([len(part[:255])]) + part[:255] for record in strings for part in map(str.encode, record))
    seed("dns_answer", b"\x00\x81\x80\x00\x01\x00\x00\x00\x00" + b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x0e\x10" + len(rdata).to_bytes(2, "big") + rdata)


def main():
    for vector in jsonl("vectors.jsonl"):
        given = vector["input"]
        match vector["kind"]:
            case "policy":
                policy(body(given))
            case "policy_http":
                policy(body(given.get("body")))
                for value in (given.get("headers") or {}).values():
                    seed("media_type", str(value).encode())
            case "sts_txt":
                record("sts_record", 0, given.get("records") or [])
            case "tlsrpt_txt":
                record("tlsrpt_record", 1, given.get("records") or [])
            case "mx_match":
                seed("mx_pattern", f"{given['pattern']}\n{given['host']}".encode())
    for shape in jsonl("real-shapes.jsonl"):
        policy(shape["text"].encode())
    for golden in sorted((TESTS / "golden").glob("*.json")):
        if not golden.name.endswith(".assessment.json"):
            seed("classify", golden.read_bytes())
    for name in [b"example", b"\xc0\x0c", b"\x04mail\xc0\x15"]:
        seed("dns_answer", b"\x04\x81\x80\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x0f\x00\x01\x00\x00\x0e\x10\x00" + bytes([len(name) + 2]) + b"\x00\x0a" + name)
    for text in [
        "example.com\nwww.example.org.\n\n# comment\nb\u00fccher.example\nhttps://example.net/x\n",
        "1,example.com\n2,example.org\n",
        "https://example.com,1000\nhttps://example.org,5000\n",
        'GlobalRank,TldRank,Domain,TLD\n1,1,"example.com",com\n',
        "domain,note\nexample.com,\"a\n, b\"\n",
        "$ORIGIN se.\n$TTL 3600\n@ IN SOA ns.se. a.se. 1 2 3 4 5\nexample IN NS ns1.example.se.\n\tNS ns2\nother.se. 60 IN NS (\n ns.x. ) ; c\n",
    ]:
        for choice in (0, 1, 2, 4, 17):
            seed("input_lines", bytes([choice]) + text.encode())


if __name__ == "__main__":
    main()
