"""A whole règlement: its blocks together, and what must hold between them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import orjson
from pydantic import Field, field_validator, model_validator

from contracts.reglement.base import AFournir, Annee, Bloc, Choix, Cle, RegleId, ReglementId, Source
from contracts.reglement.dossier import Controle, Duree, Experience, Piece
from contracts.reglement.epreuves import Calcul, Epreuve, Parcours
from contracts.reglement.jury import Conservation, Deliberation, Documents, JuryRegle, Remplacement
from contracts.vocabulaire import Categorie, Mode

CITENT = frozenset(
    {
        "remontee_ccf",
        "points_jury",
        "unique_specialite",
        "mention_permis",
        "attestation_par_periode",
        "habilitation_ccf",
        "incompatibilite",
        "tiers_temps",
        "progressive_sans_seuil",
    }
)
"""Keys that name a rule without saying so."""

_CHOIX = Source(texte="choix d'interprétation à valider par la DEC", statut="choix")
_CRPA = "code des relations entre le public et l'administration"
COMMUNES = {
    "AMB-28": _CHOIX,
    "AMB-30": _CHOIX,
    "AMB-32": _CHOIX,
    "AMB-44": _CHOIX,
    "AMB-53": _CHOIX,
    "AMB-58": _CHOIX,
    "BTS-G03": Source(texte="circulaire nationale BTS NDRC n° 2022-46 du 4 février 2022", section="§1.1, annexe I"),
    "DC-ARC01": Source(texte="instruction DAF DPACI/RES/2005/003 du 22 février 2005", statut="droit_commun"),
    "DC-ARC02": Source(texte="code du patrimoine, L211-4 et L212-2", statut="droit_commun"),
    "DC-FRA01": Source(texte="code de l'éducation, D643-32-2", statut="droit_commun"),
    "DC-HAN01": Source(texte="code de l'éducation, D351-27 et D613-26", statut="droit_commun_2008"),
    "DC-REC01": Source(texte="droit commun des examens : le jury est souverain", statut="droit_commun"),
    "DC-REC02": Source(texte=f"{_CRPA}, L311-1 et L311-6", statut="droit_commun"),
    "DC-REC03": Source(texte=f"{_CRPA}, L311-9 et R311-13", statut="droit_commun"),
    "DC-REC04": Source(texte="code de justice administrative, R421-1 et R421-5", statut="droit_commun"),
    "DC-REC05": Source(texte=f"{_CRPA}, L411-2, L112-3 et L112-6", statut="droit_commun"),
    "DC-REC06": Source(texte=f"{_CRPA}, L211-2", statut="droit_commun"),
    "DC-REC07": Source(texte=f"{_CRPA}, L242-1", statut="droit_commun"),
    "DC-RGP02": Source(texte="arrêté du 8 février 2016, article 9", statut="droit_commun"),
    "DC-VAE01": Source(texte="code de l'éducation, L335-5 ; arrêté du 22 décembre 2015", statut="droit_commun"),
    "TR-N04": Source(texte="règle commune aux circulaires et référentiels", statut="deduit"),
    "TR-N05": Source(texte="circulaire nationale BTS NDRC n° 2022-46 du 4 février 2022", section="§1.9"),
}
"""Rules that the schema or a service applies by default, whatever the diploma."""


class CategorieReglee(Bloc):
    """What a statut of candidate is entitled to and bound by."""

    intitule: str
    regle: RegleId
    en_formation: bool
    modes: tuple[Mode, ...]
    centres: tuple[Literal["principal", "annexe"], ...] = ("principal",)
    forme: Literal["globale", "au_choix"] = "globale"
    ouverte: bool = True  # a statut that the texts name and that this diploma does not have (TP-I03)


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
    regle_vae: RegleId = "DC-VAE01"
    regle_amenagement: RegleId
    regle_convocation: RegleId | None = None
    ponctuelles_min: int = 0  # for whoever has any CCF (DC-BTS10)
    regle_ponctuelles: RegleId | None = None
    regle_forme: RegleId | None = None
    regle_arrete: RegleId | None = None  # opening this session needs the text that still allows it (AMB-25)
    regle_validite: RegleId | None = None  # end of validity of a titre (DC-TP03)
    delai_validite_mois: int = 0
    regle_nouvelle_session: RegleId | None = None  # delay to sit again without training (DC-TP07)
    delai_nouvelle_session_mois: int = 0
    regle_centre_ferme: RegleId | None = None
    regle_passage: RegleId = "TR-N04"
    regle_ecrits: RegleId = "BTS-G03"  # written tests at one instant everywhere: the only text that says it
    tiers_temps: RegleId = "DC-HAN01"


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
    regle_suspension: RegleId | None = None
    regle_levee: RegleId | None = None
    regle_discipline: RegleId = "DC-FRA01"
    regle_competence: RegleId = "AMB-28"


class Reglement(Bloc):
    """A whole règlement. ``empreinte`` is the sha256 of what its file says, in canonical JSON.

    A key that the file does not write is not in it: a schema that learns a new one changes no digest already frozen.
    """

    id: ReglementId
    version: int = Field(ge=1)
    diplome: str = Field(pattern=r"^[a-z0-9_]+$")
    session: Annee
    sessions: tuple[Annee, ...] = ()  # the other sessions that it governs
    intitule: str
    niveau: int
    textes: tuple[str, ...]
    etat: Literal["complet", "a_completer"] = "complet"
    a_completer: tuple[str, ...] = ()  # what the texts in hand do not say, for whoever completes the file
    choix: dict[str, Choix] = {}  # AMB-xx
    categories: dict[Categorie, CategorieReglee]
    inscription: InscriptionRegle
    epreuves: dict[Cle, Epreuve]
    total_coefficients: Decimal | None = None  # of the obligatory épreuves, when the text states it (BTS-N11, MC-N08)
    regle_total: RegleId | None = None
    max_facultatives: int = 2
    regle_facultatives: RegleId = "DC-CAP02"
    experience: Experience | None = None
    pieces: dict[str, Piece] = {}
    durees: dict[str, Duree] = {}
    controles: dict[str, Controle] = {}
    parcours: dict[str, Parcours] = {}
    conservation: Conservation
    remontee_ccf: RegleId
    notation: NotationRegle
    jury: JuryRegle
    deliberation: Deliberation
    remplacement: Remplacement
    documents: Documents
    sources: dict[str, Source]

    @field_validator("choix", mode="before")
    @classmethod
    def _texts_alone(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: {"texte": one} if isinstance(one, str) else one for key, one in value.items()}

    @model_validator(mode="after")
    def _every_rule_has_a_source(self) -> Reglement:
        missing = sorted(rules_used(self.model_dump(mode="json", exclude={"sources"})) - {*self.sources, *COMMUNES})
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
        written = self.model_dump(mode="json", exclude_unset=True)
        return hashlib.sha256(orjson.dumps(written, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def source(self, regle: str) -> Source | None:
        """Where a rule stands; for one that the schema applies by default, where it stands for every diploma."""
        return self.sources.get(regle) or COMMUNES.get(regle)

    def vaut_pour(self, session: str) -> bool:
        """Does it govern this session?"""
        return session in (self.session, *self.sessions)

    def a_fournir(self) -> list[str]:
        """Keys of the values that the texts do not give: ``EP1`` (coefficient), ``EP1.S1`` (weight)."""
        found = [code for code, e in self.epreuves.items() if e.coefficient == AFournir.A_FOURNIR]
        return found + [
            f"{code}.{situation}"
            for code, e in self.epreuves.items()
            for situation, s in e.situations.items()
            if s.poids == AFournir.A_FOURNIR
        ]


def rules_used(node: Any, key: str = "") -> set[str]:
    """Every rule id that the clauses of a règlement cite."""
    if isinstance(node, dict):
        par_categorie = key == "regles"  # its keys are categories, its values rules
        citees = {rule for name, value in node.items() for rule in rules_used(value, key if par_categorie else name)}
        return citees | ({name for name in node if name.startswith("AMB-")} if key == "choix" else set())
    if isinstance(node, (list, tuple)):
        return {rule for value in node for rule in rules_used(value, key)}
    cites = key.startswith("regle") or key in CITENT
    return {node} if cites and isinstance(node, str) else set()
