"""Écrire les fichiers d'une session d'exemple : mêmes entrées, mêmes octets."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from openpyxl import Workbook

Ligne: TypeAlias = dict[str, Any]
PARIS = ZoneInfo("Europe/Paris")
SOIR, MATIN, SAMEDI = 18, 8, 5
FIGE = (2024, 1, 1, 0, 0, 0)
TAILLE_MAX = 900_000


class Montre:
    """L'heure légale d'un service qui travaille du lundi au vendredi, de 8 h 30 à 18 h."""

    def __init__(self, jour: str, pas: int = 60) -> None:
        self._maintenant = datetime.fromisoformat(f"{jour}T08:30:00")
        self._pas = timedelta(seconds=pas)

    def suivant(self) -> str:
        dit = self._maintenant.replace(tzinfo=PARIS).isoformat()
        self._maintenant += self._pas
        if self._maintenant.hour >= SOIR:
            self._maintenant = self._maintenant.replace(hour=MATIN, minute=30, second=0) + timedelta(days=1)
        while self._maintenant.weekday() >= SAMEDI:
            self._maintenant += timedelta(days=1)
        return dit


@dataclass
class Etape:
    """Une étape du manifeste et son fichier."""

    titre: str
    fichier: str
    type: str
    contenu: bytes
    cles: dict[str, str] = field(default_factory=dict)

    def manifeste(self) -> str:
        champs = {"titre": self.titre, "fichier": self.fichier, "type": self.type, **self.cles}
        return "  - {" + ", ".join(f"{cle}: {json.dumps(v, ensure_ascii=False)}" for cle, v in champs.items()) + "}"


def commandes(titre: str, fichier: str, lignes: Iterable[Ligne | str]) -> Etape:
    """Un fichier pour `parchemin jouer` ; une chaîne est un commentaire. Finit quand tout a eu son effet."""
    textes = [f"// {one}" if isinstance(one, str) else _json(one) for one in lignes]
    return Etape(titre, fichier, "commandes", "\n".join([*textes, _json({"attendre": True}), ""]).encode())


def candidats(titre: str, fichier: str, colonnes: Sequence[str], rangees: Iterable[Ligne], le: str) -> Etape:
    """Un fichier pour `parchemin importer`."""
    lignes = [";".join(colonnes), *(";".join(str(one.get(c, "")) for c in colonnes) for one in rangees)]
    return Etape(titre, fichier, "candidats", "\r\n".join([*lignes, ""]).encode("utf-8-sig"), {"le": le})


def bordereau(titre: str, fichier: str, lot: str, epreuve: str, notes: Sequence[tuple[str, str]], le: str) -> Etape:
    """Les notes d'un lot, en csv (virgule décimale) ou en classeur."""
    contenu = _classeur(notes) if fichier.endswith(".xlsx") else _texte(notes)
    return Etape(titre, fichier, "bordereau", contenu, {"lot": lot, "epreuve": epreuve, "le": le})


def ecrire(dossier: Path, session: str, diplome: str, etapes: Sequence[Etape]) -> None:
    """Le manifeste et ses fichiers ; ce qui n'en fait plus partie disparaît."""
    dossier.mkdir(parents=True, exist_ok=True)
    entete = [
        "# Produit par exemples/generer.py : ne pas corriger à la main.",
        f'session: "{session}"',
        f"diplome: {diplome}",
        "etapes:",
    ]
    gardes = {"session.yaml", *(etape.fichier for etape in etapes)}
    for ancien in dossier.iterdir():
        if ancien.is_file() and ancien.name not in gardes:
            ancien.unlink()
    for etape in etapes:
        (dossier / etape.fichier).write_bytes(etape.contenu)
    manifeste = "\n".join([*entete, *(etape.manifeste() for etape in etapes), ""])
    (dossier / "session.yaml").write_text(manifeste, "utf-8")


def _json(ligne: Ligne) -> str:
    return json.dumps(ligne, ensure_ascii=False, separators=(", ", ": "))


def _texte(notes: Sequence[tuple[str, str]]) -> bytes:
    return "\r\n".join(["candidat;note", *(f"{qui};{note.replace('.', ',')}" for qui, note in notes), ""]).encode()


def _classeur(notes: Sequence[tuple[str, str]]) -> bytes:
    """Un classeur sans date de fabrication : openpyxl et zip écrivent l'heure qu'il est."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has a sheet
    sheet.title = "notes"
    sheet.append(["candidat", "note"])
    for qui, note in notes:
        sheet.append([qui, note if note == "ABS" else Decimal(note)])
    brut, fige = io.BytesIO(), io.BytesIO()
    book.properties.creator = "Parchemin"
    book.save(brut)
    with zipfile.ZipFile(brut) as lu, zipfile.ZipFile(fige, "w", zipfile.ZIP_DEFLATED) as ecrit:
        for nom in sorted(lu.namelist()):
            contenu = lu.read(nom)
            if nom == "docProps/core.xml":
                contenu = _sans_date(contenu)
            ecrit.writestr(zipfile.ZipInfo(nom, FIGE), contenu, zipfile.ZIP_DEFLATED)
    return fige.getvalue()


def _sans_date(xml: bytes) -> bytes:
    texte = xml.decode()
    for balise in ("created", "modified"):
        debut = texte.index(">", texte.index(f"<dcterms:{balise}")) + 1
        texte = texte[:debut] + "2024-01-01T00:00:00Z" + texte[texte.index("<", debut) :]
    return texte.encode()
