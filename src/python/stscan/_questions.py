"""What is asked of the program for a single domain or text."""

from __future__ import annotations

from typing import Any, Literal

from stscan import _program

#: Done; and what was judged bad or could not be determined, which is an answer.
_ANSWERED = (0, 6, 7)


def check(domain: str, *, lab: str | bool | None = None, **options: object) -> dict[str, Any]:
    """Probes a domain now and returns what was seen and judged, as ``stscan check --json`` prints it.

    ``options`` are those of ``stscan check``, with ``_`` for ``-``. Raises :class:`ScanError` where the program fails, never for what it finds.
    """
    if not isinstance(domain, str):
        raise TypeError(f"a domain is a string, and {domain!r} is a {type(domain).__name__}")
    given = _program.options({"lab": lab, **options})
    return _program.run_json(["check", "--json", *given, "--", domain], good=_ANSWERED)


def lint(text: str | bytes, kind: Literal["record", "tlsrpt", "policy"] | None = None, **options: object) -> dict[str, Any]:
    """Checks the text of a record or a policy, offline: ``kind``, ``valid``, ``value`` and ``findings`` with line and column.

    ``kind`` is ``record`` (TXT at ``_mta-sts``), ``tlsrpt`` (TXT at ``_smtp._tls``) or ``policy`` (the exact bytes of ``mta-sts.txt``);
    without it the kind is detected from the content.
    """
    if kind not in ("record", "tlsrpt", "policy", None):
        raise ValueError(f"kind {kind!r}: record, tlsrpt and policy are possible")
    if not isinstance(text, (str, bytes)):
        raise TypeError(f"a text is a string or bytes, and this is a {type(text).__name__}")
    octets = text.encode() if isinstance(text, str) else text
    given = _program.options({**({kind: True} if kind else {}), **options})
    return _program.run_json(["lint", "--json", *given, "-"], octets, good=_ANSWERED)
