"""Measure 4: a long journal read again, from the broker and from its sealed archive, and the archive verified."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bench import matiere, pairs
from bench.lieu import PAIR, SESSION, Lieu
from bench.mesure import Essai, Ligne, Tours, dire
from services.exploitation.archive.archiviste import Archiviste, Cadence
from services.exploitation.archive.cles import pem_publique, signataire
from services.exploitation.archive.dossier import Archive
from services.socle.settings import ROOT

BANC = "banc-archive"
GROUPE = "4. archive"
SEGMENT = 10_000
PERMIS = 500.0  # MB
C, BIBLIOTHEQUE = "client C, sans décoder", "eventsourcing, son journal"
LECTEUR = Path(__file__).with_name("lecteur.c")


@dataclass
class Archives:
    """Two journals, one four times as long as the other, each sealed in an archive of its own."""

    lieu: Lieu
    messages: int
    tailles: dict[str, int] = field(default_factory=dict)
    memoire: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lecteur: Path | None = None
    publies: int = 0
    bases: list[str] = field(default_factory=lambda: ["SQLite"])
    _faites: int = 0

    async def preparer(self) -> None:
        self.bases += ["PostgreSQL"] if self.lieu.postgres else []
        for taille in (self.messages // 4, self.messages):
            nom = f"{BANC}-{taille}"
            self.tailles[nom] = await self._remplir(nom, taille)
            await self._sceller(nom)
        self.lecteur = compiler(self.lieu.dossier)
        await asyncio.to_thread(self._publier)

    async def _remplir(self, nom: str, taille: int) -> int:
        journal = await self.lieu.journal(nom, "notation")
        fait, lot, pas = 0, 0, 100_000
        while fait < taille:  # by slices: the entries of a million messages would not fit in memory
            entries = await asyncio.to_thread(matiere.releves_notes, nom, f"R{lot}", min(pas, taille - fait))
            await matiere.verser(journal, entries)
            fait, lot = (await journal.identity()).last_seq, lot + 1
            dire(f"  archive : {fait} messages écrits")
        return fait

    async def _sceller(self, nom: str) -> None:
        settings = self.lieu.settings(nom)
        journal = await self.lieu.journal(nom, "exploitation")
        archive = Archive(self._dossier(nom), journal.stream)
        await Archiviste(
            journal, archive, Cadence(SEGMENT, 3_600), lambda: signataire(settings), lambda: datetime.now(UTC)
        ).rattraper()
        (self.lieu.dossier / "publique.pem").write_bytes(pem_publique(signataire(settings).publique))

    def _publier(self) -> None:
        """The library's own journal in PostgreSQL, long enough to be steady."""
        base = self.lieu.base_postgres()
        if base is None:
            return
        self.application = pairs.sur_postgres(base)
        self.lieu.pile.callback(self.application.close)
        pairs.Bibliotheque(self.application).ouvrir(min(self.messages, 20_000), {"EP1": "ccf"})
        self.publies = int(self.application.recorder.max_notification_id() or 0)

    def _dossier(self, nom: str) -> Path:
        return self.lieu.dossier / f"archive-{nom}"

    def _journal(self, nom: str) -> str:
        return f"JOURNAL_{nom}_{SESSION}".replace("-", "_").upper()

    # Subjects -------------------------------------------------------------------------------------------------------

    def essais(self) -> Tours:
        petit, grand = self.tailles
        essais: dict[str, Essai] = {}
        for base in self.bases:
            essais[f"du journal, {base}"] = partial(self._du_journal, grand, base)
            essais[f"de l'archive, {base}"] = partial(self._de_l_archive, grand, base)
        essais["de l'archive, quatre fois moins"] = partial(self._de_l_archive, petit, "SQLite")
        essais["vérification"] = partial(self._verifier, grand)
        essais["vérification, quatre fois moins"] = partial(self._verifier, petit)
        if self.lecteur is not None:
            essais[C] = partial(self._client_c, grand)
        if self.publies:
            essais[BIBLIOTHEQUE] = self._bibliotheque
        return Tours(essais)

    async def _du_journal(self, nom: str, base: str, tour: int) -> float:
        return await self._relire(nom, f"du journal, {base}", "journal", self._journal(nom), self._base(base))

    async def _de_l_archive(self, nom: str, base: str, tour: int) -> float:
        where = (str(self._dossier(nom)), self._journal(nom), self._base(base))
        return await self._relire(nom, f"de l'archive, {base}", "archive", *where)

    async def _verifier(self, nom: str, tour: int) -> float:
        cle = str(self.lieu.dossier / "publique.pem")
        return await self._relire(nom, "vérification", "verification", str(self._dossier(nom)), cle)

    async def _relire(self, nom: str, quoi: str, *arguments: str) -> float:
        settings = self.lieu.settings(nom)
        environment = {
            **os.environ,
            "PARCHEMIN_DONNEES": str(settings.donnees),
            "PARCHEMIN_DEPLOIEMENT": str(settings.deploiement),
            "PARCHEMIN_ACADEMIE": nom,
            "PARCHEMIN_SESSIONS": SESSION,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.relecture", *arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE
        )
        told, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"{quoi} : code {process.returncode}")
        spent, peak = map(float, told.split())
        self.memoire[quoi].append(peak)
        return self.tailles[nom] / spent

    async def _client_c(self, nom: str, tour: int) -> float:
        assert self.lecteur is not None
        password = self.lieu.base.password(PAIR)
        process = await asyncio.create_subprocess_exec(
            *(str(self.lecteur), self.lieu.url, PAIR, password, self._journal(nom), str(self.tailles[nom])),
            stdout=subprocess.PIPE,
        )
        told, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError("le client C n'a pas tout lu")
        return self.tailles[nom] / float(told)

    async def _bibliotheque(self, tour: int) -> float:
        return self.publies / await asyncio.to_thread(pairs.lire_journal, self.application, self.publies)

    def _base(self, base: str) -> str:
        self._faites += 1
        if base == "PostgreSQL":
            return str(self.lieu.base_postgres())
        return f"sqlite:///{self.lieu.dossier}/relecture-{self._faites}.db"

    # Rows -----------------------------------------------------------------------------------------------------------

    def lignes(self, tours: Tours) -> list[Ligne]:
        peers = [one for one in (C, BIBLIOTHEQUE) if one in tours.valeurs]
        rows = []
        for base in self.bases:
            for pair in peers:
                vise = 1.0 if pair == C else None
                for quoi in (f"de l'archive, {base}", f"du journal, {base}"):
                    rows.append(tours.ligne(GROUPE, quoi, pair, vise=vise if quoi[:2] == "de" else None))
        rows.append(self._contre(tours, "vérification", "500 000 par seconde", 500_000.0))
        for quoi in ("de l'archive, SQLite", "vérification"):
            petit = "de l'archive, quatre fois moins" if quoi[:2] == "de" else "vérification, quatre fois moins"
            rows.append(tours.ligne(GROUPE, quoi, petit, libelle=f"croissance, {quoi}", vise=0.8))
        return [*rows, *(self._memoire(quoi, pris) for quoi, pris in self.memoire.items())]

    def _contre(self, tours: Tours, quoi: str, limite: str, valeur: float) -> Ligne:
        ours = tuple(tours.valeurs[quoi])
        return Ligne(GROUPE, quoi, limite, "/s", ours, (valeur,) * len(ours), 1.0)

    def _memoire(self, quoi: str, pris: list[float]) -> Ligne:
        permis = (PERMIS,) * len(pris)
        return Ligne("4. archive, Mo permis contre Mo pris", quoi, "pris", " Mo", permis, tuple(pris), 1.0)


def compiler(dossier: Path) -> Path | None:
    """The C reader, or nothing where its library is not installed (Debian: ``libnats-dev``, ``gcc``)."""
    fait = dossier / "lecteur"
    if shutil.which("gcc") is None:
        dire("  gcc est absent : la ligne du client C manquera")
        return None
    command: list[Any] = ["gcc", "-O2", "-o", fait, LECTEUR, "-lnats"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        dire("  libnats-dev est absent : la ligne du client C manquera")
        return None
    return fait


async def mesurer(lieu: Lieu, *, court: bool) -> list[Ligne]:
    """Rows of measure 4."""
    mesure = Archives(lieu, 40_000 if court else 1_000_000)
    begun = time.monotonic()
    dire("archive : préparation")
    await mesure.preparer()
    dire(f"  archive : prête ({time.monotonic() - begun:.0f} s)")
    tours = mesure.essais()
    await tours.jouer(1 if court else 2, "archive")
    return mesure.lignes(tours)
