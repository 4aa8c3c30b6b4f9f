"""The règlement of an exam as data: what `contracts/reglements/<diplome>/<session>.yaml` may say.

Numbers by value, procedures by name, every clause with its rule id, every rule id with its source. A key or a word
that this schema does not know is an error at load, named by file, key and rule.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts.vocabulaire import Categorie, Mode

ReglementId = Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)+$")]
RegleId = Annotated[str, Field(pattern=r"^[A-Z0-9]+-[A-Z]*[0-9]+$")]
Cle = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*$")]

DOSSIER = Path(__file__).parent / "reglements"


class Bloc(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AFournir(StrEnum):
    """Le texte ne donne pas la valeur : l'ouverture de la session doit la fournir, avec sa référence."""

    A_FOURNIR = "a_fournir"


Nombre = Decimal | Literal[AFournir.A_FOURNIR]


class Source(Bloc):
    """Where a rule stands: the text, the section, and how far it was checked."""

    texte: str
    section: str = ""
    statut: Literal["source", "droit_commun", "droit_commun_2008", "choix", "deduit"] = "source"


class Arrondi(StrEnum):
    """Named procedures that round a computed mark (never an entered one)."""

    AUCUN = "aucun"
    DEMI_POINT_SUPERIEUR = "demi_point_superieur"


class Calcul(StrEnum):
    """Named procedures that give the mark of an épreuve."""

    NOTE_DIRECTE = "note_directe"
    MOYENNE_PONDEREE = "moyenne_ponderee"
    SITUATION_NOTEE = "situation_notee"


class Grille(Bloc):
    """What a filled grid must contain to be accepted."""

    annexe: str
    regle: RegleId
    obligatoires: tuple[str, ...] = ()
    au_choix: tuple[str, ...] = ()
    nombre_au_choix: int = 0
    criteres_min: int = 1


class Commission(Bloc):
    """Profiles that must sit: each `obligatoires`; a missing `repli` key may be replaced by its value."""

    regle: RegleId
    obligatoires: tuple[str, ...]
    facultatifs: tuple[str, ...] = ()
    repli: dict[str, str] = {}


class Support(Bloc):
    """The document without which a situation is not assessed."""

    natures: tuple[str, ...]
    effet: Literal["zero"] = "zero"
    regle: RegleId


class Recapitulatif(Bloc):
    """The summary grid without which a mark is not final."""

    annexe: str
    regle: RegleId


class Conduite(Bloc):
    """A situation that is validated, never marked (driving). ``regle`` and ``regle_ccf``: its words in each mode."""

    regle: RegleId
    regle_ccf: RegleId
    mentions: dict[Mode, tuple[str, str]]  # (favourable, unfavourable) per mode
    commissions: dict[Mode, Commission] = {}
    tentatives: dict[Mode, int] = {}  # absent mode: no limit
    regle_tentatives: RegleId
    prealable: Literal["etg"] | None = None
    regle_prealable: RegleId
    regle_etg: RegleId
    dispense: Literal["permis_b"] | None = None
    regle_dispense: RegleId
    individuel: Literal["selon_academie", "organisee"] = "organisee"
    regle_individuel: RegleId
    absence: str = "non_validee"
    regle_absence: RegleId


class Situation(Bloc):
    intitule: str
    poids: Nombre | None = None
    support: Support | None = None
    grilles: dict[Mode, Grille] = {}
    conduite: Conduite | None = None

    @property
    def notee(self) -> bool:
        return self.conduite is None


class Epreuve(Bloc):
    intitule: str
    regle: RegleId
    domaine: Literal["professionnel", "general", "facultatif"]
    coefficient: Nombre
    modes: tuple[Mode, ...] = (Mode.PONCTUEL,)
    note_max: Decimal = Decimal(20)
    pas: Decimal = Decimal("0.5")
    calcul: Calcul = Calcul.NOTE_DIRECTE
    arrondi: Arrondi = Arrondi.DEMI_POINT_SUPERIEUR
    regle_calcul: RegleId = "DC-CAP11"
    regle_pas: RegleId = "DC-CAP11"
    situations: dict[Cle, Situation] = {}
    support: Support | None = None
    grilles: dict[Mode, Grille] = {}
    recapitulatif: dict[Mode, Recapitulatif] = {}
    commissions: dict[Mode, Commission] = {}
    remplacement: bool = True
    dispensable: bool = True
    dispense_exclue: tuple[Categorie, ...] = ()

    @property
    def obligatoire(self) -> bool:
        return self.domaine != "facultatif"


class CategorieReglee(Bloc):
    """What a statut of candidate is entitled to and bound by."""

    intitule: str
    regle: RegleId
    en_formation: bool
    modes: tuple[Mode, ...]
    centres: tuple[Literal["principal", "annexe"], ...] = ("principal",)
    forme: Literal["globale", "au_choix"] = "globale"


class Experience(Bloc):
    """Condition of experience (CAP 2026): hours capped by civil week inside a window."""

    regle: RegleId
    procedure: Literal["heures_plafonnees"]
    semaines: int
    heures_semaine: Decimal
    heures: Decimal
    fenetre_annees: int
    public: Literal["majeur_hors_formation"]
    regle_public: RegleId
    regle_majorite: RegleId
    regle_refus: RegleId
    regle_delai: RegleId
    regle_secteur: RegleId
    regle_heures: RegleId
    regle_fenetre: RegleId
    secteurs: tuple[str, ...]
    champs_obligatoires: tuple[str, ...]
    regle_champs: RegleId
    orientation: str
    regle_orientation: RegleId


class Piece(Bloc):
    """A document of the dossier: who owes it, who must sign it."""

    intitule: str
    regle: RegleId
    annexe: str = ""
    signataires: dict[Literal["en_etablissement", "individuel"], tuple[str, ...]] = {}
    regle_signature: RegleId | None = None


class Conservation(Bloc):
    """Kept marks."""

    regle: RegleId
    annees: int
    seuil: Decimal | None = None
    autre_specialite: tuple[Cle, ...] = ()
    regle_autre_specialite: RegleId


class Clause(Bloc):
    """One condition of award: a named procedure with its numbers."""

    regle: RegleId
    procedure: Literal["toutes_presentees", "moyenne_ensemble", "moyenne_domaine", "livret_vise"]
    seuil: Decimal | None = None
    domaine: Literal["professionnel", "general"] | None = None
    echec: Literal["ajourne", "non_admissible"] = "ajourne"


class Mention(Bloc):
    code: str
    intitule: str
    seuil: Decimal
    regle: RegleId


class Profil(Bloc):
    """A share of the jury: how many at least of a profile."""

    profil: str
    minimum: int


class JuryRegle(Bloc):
    regle: RegleId
    president: str
    regle_president: RegleId
    vice_president: str
    profils: tuple[Profil, ...]
    parite: tuple[str, str]
    regle_parite: RegleId


class InscriptionRegle(Bloc):
    """Rules of the registration that hold whatever the épreuve. ``regle_convocation``: none for whom is not allowed."""

    regle_session: RegleId
    regle_valeurs_figees: RegleId
    regle_modes: RegleId
    regle_formation: RegleId
    regle_doublon: RegleId
    regle_centre: RegleId
    regle_centre_annexe: RegleId
    regle_dispense: RegleId
    regle_amenagement: RegleId
    regle_convocation: RegleId | None = None


class NotationRegle(Bloc):
    """Rules of the marks that hold whatever the épreuve."""

    regle_grille: RegleId
    regle_proposition: RegleId
    regle_arrondi: RegleId
    regle_harmonisation: RegleId
    regle_rectification: RegleId
    regle_justification: RegleId
    regle_absence_facultative: RegleId
    regle_absence_ccf: RegleId


class Remplacement(Bloc):
    regle: RegleId
    regle_motif: RegleId
    regle_academie: RegleId


class Documents(Bloc):
    intitule_diplome: str
    autorite: str
    regle_releve: RegleId
    regle_diplome: RegleId
    mention_permis: RegleId | None = None


class Deliberation(Bloc):
    conditions: tuple[Clause, ...]
    facultatif_seuil: Decimal
    regle_facultatif: RegleId
    regle_seuil_professionnel: RegleId
    regle_absence: RegleId
    regle_exactitude: RegleId
    regle_dispense: RegleId
    regle_valeurs: RegleId
    mentions: tuple[Mention, ...] = ()
    points_jury: RegleId = "AMB-53"
    unique_specialite: RegleId = "DC-CAP07"


class Reglement(Bloc):
    """A whole règlement. ``empreinte`` is the sha256 of its canonical JSON."""

    id: ReglementId
    version: int = Field(ge=1)
    diplome: str = Field(pattern=r"^[a-z0-9_]+$")
    session: str = Field(pattern=r"^[0-9]{4}$")
    intitule: str
    niveau: int
    textes: tuple[str, ...]
    choix: dict[str, str] = {}  # AMB-xx -> option retained
    categories: dict[Categorie, CategorieReglee]
    inscription: InscriptionRegle
    epreuves: dict[Cle, Epreuve]
    max_facultatives: int = 2
    regle_facultatives: RegleId = "DC-CAP02"
    experience: Experience | None = None
    pieces: dict[str, Piece]
    conservation: Conservation
    remontee_ccf: RegleId
    notation: NotationRegle
    jury: JuryRegle
    deliberation: Deliberation
    remplacement: Remplacement
    documents: Documents
    sources: dict[str, Source]

    @model_validator(mode="after")
    def _every_rule_has_a_source(self) -> Reglement:
        missing = sorted(rules_used(self.model_dump(mode="json", exclude={"sources"})) - set(self.sources))
        if missing:
            raise ValueError(f"règles sans source : {', '.join(missing)} (ajoutez-les sous « sources »)")
        return self

    @model_validator(mode="after")
    def _weights_are_there(self) -> Reglement:
        for code, epreuve in self.epreuves.items():
            if epreuve.calcul is Calcul.MOYENNE_PONDEREE and any(
                s.notee and s.poids is None for s in epreuve.situations.values()
            ):
                raise ValueError(
                    f"epreuves.{code} : « moyenne_ponderee » veut un poids à chaque situation ({epreuve.regle})"
                )
            if epreuve.calcul is Calcul.SITUATION_NOTEE and sum(s.notee for s in epreuve.situations.values()) != 1:
                raise ValueError(
                    f"epreuves.{code} : « situation_notee » veut une seule situation notée ({epreuve.regle})"
                )
        return self

    @cached_property
    def empreinte(self) -> str:
        return hashlib.sha256(orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def a_fournir(self) -> list[str]:
        """Keys of the values that the texts do not give: ``EP1`` (coefficient), ``EP1.S1`` (weight)."""
        found = [code for code, e in self.epreuves.items() if e.coefficient == AFournir.A_FOURNIR]
        return found + [
            f"{code}.{situation}"
            for code, e in self.epreuves.items()
            for situation, s in e.situations.items()
            if s.poids == AFournir.A_FOURNIR
        ]


class ReglementInvalide(Exception):
    """A règlement file that does not load. The text names file, key and rule."""

    code = "REGLEMENT_INVALIDE"


def rules_used(node: Any, key: str = "") -> set[str]:
    """Every rule id that the clauses of a règlement cite."""
    if isinstance(node, dict):
        return {rule for name, value in node.items() for rule in rules_used(value, name)} | (
            {name for name in node if name.startswith("AMB-")} if key == "choix" else set()
        )
    if isinstance(node, (list, tuple)):
        return {rule for value in node for rule in rules_used(value, key)}
    cites = key.startswith("regle") or key in {"remontee_ccf", "points_jury", "unique_specialite", "mention_permis"}
    return {node} if cites and isinstance(node, str) else set()


def load_reglement(path: Path) -> Reglement:
    """The règlement of a file.

    Raises:
        ReglementInvalide: unreadable YAML, unknown or missing key, bad value, rule without source.
    """
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise ReglementInvalide(f"{path} : fichier illisible ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReglementInvalide(f"{path} : YAML mal formé : {' '.join(str(error).split())}") from None
    try:
        return Reglement.model_validate(raw)
    except ValidationError as error:
        lines = [
            f"  {path} : {_where(item['loc'])} : {_why(item)}{_rule_near(raw, item['loc'])}" for item in error.errors()
        ]
        raise ReglementInvalide("règlement refusé :\n" + "\n".join(lines)) from None


def load_all(root: Path = DOSSIER) -> dict[str, Reglement]:
    """All the règlements by id, sorted.

    Raises:
        ReglementInvalide: one of them does not load, or two have the same id.
    """
    found: dict[str, Reglement] = {}
    for path in sorted(root.glob("*/*.yaml")):
        if path.name.endswith(".cas.yaml"):
            continue
        one = load_reglement(path)
        if one.id in found:
            raise ReglementInvalide(f"{path} : id : {one.id} existe déjà")
        found[one.id] = one
    return found


class _Loader(yaml.SafeLoader):
    """YAML where a decimal number stays exact: ``0.5`` loads as ``Decimal("0.5")``."""


def _exact(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:float", _exact)


def _where(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc) or "(racine)"


def _why(item: Any) -> str:
    reasons = {"missing": "clé absente", "extra_forbidden": "clé inconnue du schéma"}
    return reasons.get(item["type"], str(item["msg"]).removeprefix("Value error, "))


def _rule_near(raw: Any, loc: tuple[int | str, ...]) -> str:
    """The nearest ``regle`` above the faulty key, to say which clause is concerned."""
    found, node = "", raw
    for part in loc:
        if isinstance(node, dict) and isinstance(node.get("regle"), str):
            found = f" (règle {node['regle']})"
        node = (
            node.get(part)
            if isinstance(node, dict)
            else node[part]
            if isinstance(node, list) and isinstance(part, int) and part < len(node)
            else None
        )
    if isinstance(node, dict) and isinstance(node.get("regle"), str):
        found = f" (règle {node['regle']})"
    return found
