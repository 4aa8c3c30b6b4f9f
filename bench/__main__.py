"""``python -m bench``: the measures, as ratios."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from bench import archives, commandes, imports, lectures, matiere
from bench.lieu import Lieu, fsync_ms, ouvrir
from bench.mesure import Ligne, dire
from services.socle.logs import configure
from services.socle.service import collect_rarely

MESURES = {
    "commandes": commandes.mesurer,
    "imports": imports.mesurer,
    "lectures": lectures.mesurer,
    "archives": archives.mesurer,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Mesure le produit contre ses pairs.")
    parser.add_argument("noms", nargs="*", metavar="nom", help=f"mesures à faire : {', '.join(MESURES)} (toutes)")
    parser.add_argument("--court", action="store_true", help="petites tailles, deux tours : pour essayer")
    parser.add_argument("--json", type=Path, metavar="FICHIER", help="écrire aussi les mesures de chaque tour")
    parser.add_argument("--dossier", type=Path, help="où écrire pendant la mesure : un vrai disque (défaut : $TMPDIR)")
    parser.add_argument("--temoin", action="store_true", help="mesurer la machinerie seule, sans les services réels")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.noms if name not in MESURES]
    if unknown:
        parser.error(f"mesure inconnue : {', '.join(unknown)} (connues : {', '.join(MESURES)})")
    return chosen


async def mesurer(noms: Sequence[str], *, court: bool, dossier: Path | None) -> tuple[list[Ligne], dict[str, Any]]:
    begun, rows = time.monotonic(), []
    async with ouvrir(dossier) as lieu:
        context = contexte(lieu)
        for name in noms or MESURES:
            rows += await MESURES[name](lieu, court=court)
    return rows, {**context, "duree_s": round(time.monotonic() - begun)}


def contexte(lieu: Lieu) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "coeurs": os.cpu_count(),
        "fsync_ms": round(fsync_ms(lieu.dossier), 3),
        "postgresql": lieu.postgres is not None,
        "services": {name: "réel" if matiere.existe(name) else "témoin" for name in ("inscription", "notation")},
    }


def montrer(rows: Sequence[Ligne], context: dict[str, Any]) -> None:
    services = ", ".join(f"{name} {kind}" for name, kind in context["services"].items())
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(
        f"{context['coeurs']} cœurs, fsync {context['fsync_ms']} ms, {context['duree_s']} s ; services : {services}"
    )
    if not context["postgresql"]:
        console.print("PostgreSQL est absent de cette machine : ses lignes manquent.")
    table = Table("mesure", "obtenu", "pair", "du pair", "rapport", "étendue", "visé", "tenu")
    groupe = ""
    for row in rows:
        if row.groupe != groupe:
            groupe = row.groupe
            table.add_section()
            table.add_row(f"[bold]{groupe}[/bold] ({row.unite.strip()})")
        ratios, asked = row.rapports, row.vise
        table.add_row(
            row.mesure,
            _nombre(statistics.median(row.valeurs)),
            row.pair,
            _nombre(statistics.median(row.valeurs_pair)),
            _rapport(row.rapport),
            f"{_rapport(min(ratios))}…{_rapport(max(ratios))}",
            "" if asked is None else f"≥ {_rapport(asked)}",
            "" if row.tenu is None else ("oui" if row.tenu else "non"),
        )
    console.print(table)


def _nombre(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")


def _rapport(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def main() -> None:
    chosen = arguments()
    if chosen.temoin:
        os.environ[matiere.TEMOIN] = "1"
    configure("WARNING", "texte")
    collect_rarely()  # as the services do; the peers of this process have the benefit of it
    try:
        rows, context = uvloop.run(mesurer(chosen.noms, court=chosen.court, dossier=chosen.dossier))
    except KeyboardInterrupt:
        dire("interrompu")
        raise SystemExit(130) from None
    montrer(rows, context)
    if chosen.json is not None:
        told = {**context, "lignes": [row.donnees() for row in rows]}
        chosen.json.write_text(json.dumps(told, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
