"""What happens to calls to one host: the policies of [tool.nuages.hosts]."""

from __future__ import annotations

from collections.abc import Mapping

from nuages.errors import NuagesError


def stubs(hosts: Mapping[str, str]) -> dict[str, float]:
    """Seconds to wait before refusing, for the hosts that are stubbed."""
    return {
        host: float(policy.partition(":")[2]) / 1000
        for host, policy in hosts.items()
        if policy.startswith("stub:")
    }


def check(hosts: Mapping[str, str], *, enforce: bool) -> None:
    """Raise NuagesError for a policy that is not understood or cannot be kept."""
    for host, policy in hosts.items():
        word, _, figure = policy.partition(":")
        if word == "allow" and enforce:
            raise NuagesError(
                f"[tool.nuages.hosts] {host}: 'allow' is not supported yet inside an enclosure",
                hint=f"use 'refuse' or 'stub:<ms>' for {host}, or run with --unenclosed",
                slug="hosts",
            )
        if word not in ("refuse", "allow", "stub") or (word == "stub" and not _is_number(figure)):
            raise NuagesError(
                f"[tool.nuages.hosts] {host}: want refuse, stub:<ms> or allow, found {policy!r}",
                hint=f'write {host} = "refuse"',
                slug="hosts",
            )


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False
