"""How long what is held about a person is kept: the table of ``conservation.yaml``, checked when it is loaded.

Unlike a règlement it is not frozen when a session opens: what the law says today about keeping data holds for all.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import yaml
from pydantic import Field, ValidationError, model_validator

from contracts.lecture_yaml import charger
from contracts.reglement.base import Bloc, RegleId, Source

FICHIER = Path(__file__).with_name("conservation.yaml")

Objet: TypeAlias = Literal["copies", "pieces", "resultats", "identite", "documents", "reclamations", "journal"]
COMPTEES: tuple[Objet, ...] = ("copies", "pieces")
"""Those whose end is counted in months from the publication."""


class ConservationInvalide(Exception):
    """The table does not load; the text names the key and what is wrong with it."""

    code = "CONSERVATION_INVALIDE"


class Duree(Bloc):
    """One kind of data: how long, from when, and what becomes of it. Without ``mois``, ``depart`` says who ends it."""

    objet: Objet
    libelle: str = Field(min_length=3)
    contenu: str = Field(min_length=3)
    depart: Literal["publication", "archives", "fin_des_autres"]
    mois: int | None = Field(default=None, ge=1, le=1200)
    sort: Literal["destruction", "effacement", "archives"]
    regle: RegleId
    source: Source

    @model_validator(mode="after")
    def _counted(self) -> Duree:
        if (self.depart == "publication") != (self.mois is not None):
            raise ValueError(f"{self.objet} : une durée en mois se compte depuis la publication, et elle seule")
        return self


class Fondement(Bloc):
    """A rule that goes with all the durations."""

    regle: RegleId
    source: Source


class Conservation(Bloc):
    """The whole table. ``gel``: what an appeal suspends; ``accord``: whose agreement an erasure needs."""

    durees: tuple[Duree, ...]
    gel: Fondement
    accord: Fondement

    @model_validator(mode="after")
    def _complete(self) -> Conservation:
        objets = [one.objet for one in self.durees]
        if sorted(objets) != sorted(set(objets)):
            raise ValueError("durees : un objet n'a qu'une durée")
        manquants = {*COMPTEES, "resultats", "identite"} - set(objets)
        if manquants:
            raise ValueError(f"durees : il manque {', '.join(sorted(manquants))}")
        if any(one.mois is None for one in self.durees if one.objet in COMPTEES):
            raise ValueError(f"durees : {', '.join(COMPTEES)} se comptent en mois depuis la publication")
        return self

    def duree(self, objet: Objet) -> Duree:
        """That of one kind of data."""
        return next(one for one in self.durees if one.objet == objet)

    def mois(self, objet: Objet) -> int:
        """Months of a counted duration."""
        found = self.duree(objet).mois
        if found is None:
            raise ValueError(f"{objet} : aucune durée en mois")
        return found


def load_conservation(path: Path = FICHIER) -> Conservation:
    """The table of a file.

    Raises:
        ConservationInvalide: unreadable, unknown or missing key, bad value, duration without rule or source.
    """
    try:
        return Conservation.model_validate(charger(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise ConservationInvalide(f"{path.name} : illisible ({type(error).__name__})") from None
    except ValidationError as error:
        why = " ; ".join(f"{'.'.join(map(str, one['loc'])) or '(racine)'} : {one['msg']}" for one in error.errors())
        raise ConservationInvalide(f"{path.name} : {why}") from None


@cache
def conservation_legale() -> Conservation:
    """The table of this program, loaded once."""
    return load_conservation()
