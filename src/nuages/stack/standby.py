"""A streaming read replica of a cluster: copied while that runs, then following it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, replace

from nuages.scratch import NOBODY
from nuages.stack.child import Order
from nuages.stack.cluster import Cluster
from nuages.stack.home import StackError
from nuages.stack.postgres import ADMIN, PORT, environment


@dataclass(frozen=True, kw_only=True)
class Standby(Cluster):
    """Has the primary's databases, roles and passwords, its own sockets, and refuses writes."""

    primary: Cluster
    delay_ms: int = 0  # how far it stays behind on purpose: to see what a project makes of lag

    def create(self) -> None:
        """Copy the primary, which must be running; what an earlier run left is copied anew.

        Raises StackError with what pg_basebackup said.
        """
        shutil.rmtree(self.data, ignore_errors=True)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(self.primary.folder / "password", self.folder / "password")
        self._prepare()
        user = NOBODY if os.geteuid() == 0 else None
        done = subprocess.run(
            self._copying(), capture_output=True, text=True, check=False, cwd="/",
            env={**environment(), "PGPASSWORD": (self.folder / "password").read_text().strip()},
            user=user, group=user, extra_groups=None if user is None else [],
        )  # fmt: skip
        if done.returncode != 0:
            raise StackError(
                f"{self.programs.describe()} could not copy {self.primary.name}",
                hint="does the primary run, with wal_level = replica?",
                detail=done.stderr or done.stdout,
            )

    def order(self) -> Order:
        """How the server is run."""
        order = super().order()
        if not self.delay_ms:
            return order
        return replace(
            order, argv=(*order.argv, "-c", f"recovery_min_apply_delay={self.delay_ms}ms")
        )

    def lag_bytes(self) -> int:
        """How much of the primary's log it has yet to apply."""
        with self.primary.connect() as primary, self.connect() as standby:
            written = primary.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
            behind = standby.execute(
                "SELECT pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())", written
            ).fetchone()
        return max(0, int(str(behind[0]))) if behind else 0

    def _copying(self) -> tuple[str, ...]:
        # --write-recovery-conf keeps the connection, password included, in a file of the data
        # folder, which is the server's user's alone.
        return (
            str(self.programs.bin / "pg_basebackup"), "-h", str(self.primary.socket_dir),
            "-p", str(PORT), "-U", ADMIN, "-D", str(self.data), "--wal-method=stream",
            "--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--no-password",
        )  # fmt: skip
