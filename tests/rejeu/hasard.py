"""Des sessions tirées au hasard : des candidats de tous les règlements, et ce qui leur arrive, dans tous les désordres.

Un candidat part d'un cas travaillé (son statut, ses pièces, ses actes) que le tirage dérange : d'autres notes, des
absences, des actes oubliés, répétés, avancés, d'autres actes pris au hasard parmi toutes les commandes qui portent sur
un candidat, un jury, une publication, des réclamations. Ce que les services refusent fait partie de l'histoire.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import contracts
from contracts.commandes import COMMANDES
from contracts.messages import Data
from contracts.reglement import Reglement, load_all
from services.exploitation.banc import Banc
from services.exploitation.cas_format import NUMERO, Candidat, Cas, Fichier, lire
from services.exploitation.scene import Scene
from services.socle.enveloppe import Stored

T = TypeVar("T")

ACADEMIE = "normandie"
LOT = "LOT1"
JURYS = ("J1", "J2", "J3")  # ceux que nomment les cas travaillés
MOTIF = st.sampled_from(("relu avec le correcteur", "pièce jointe au dossier", "erreur de report d'une ligne"))
DEMIS = st.integers(0, 40).map(lambda demis: Decimal(demis) / 2)
IMPOSSIBLES = st.sampled_from((Decimal("20.5"), Decimal("12.345"), Decimal("9.9")))  # aucune épreuve n'en veut
NOTES = st.one_of(DEMIS, DEMIS, DEMIS, DEMIS, IMPOSSIBLES)
PAR = st.sampled_from(("gestionnaire", "gestionnaire", "recteur"))


@cache
def cas_travailles() -> tuple[Fichier, ...]:
    """Les fichiers de cas livrés avec les règlements."""
    dossier = Path(contracts.__file__).with_name("reglements")
    return tuple(lire(one) for one in sorted(dossier.glob("*/*.cas.yaml")))


reglements = cache(load_all)  # dix fichiers YAML : une seconde à chaque lecture


def reglement_de(fichier: Fichier) -> Reglement:
    return reglements()[fichier.reglement]


def session_de(fichier: Fichier) -> str:
    return fichier.session or reglement_de(fichier).session


def sessions() -> tuple[str, ...]:
    """Une session par journal ; plusieurs diplômes s'y croisent."""
    return tuple(sorted({session_de(one) for one in cas_travailles()}))


# Ce qui se tire --------------------------------------------------------------------------------------------------


def parmi(choix: Sequence[T]) -> SearchStrategy[T]:
    """L'un d'eux, par son rang : hypothesis lirait en entier chaque cas travaillé pour distinguer les choix."""
    return st.integers(0, len(choix) - 1).map(choix.__getitem__)


@st.composite
def candidats(tirer: DrawFn, patron: Candidat, reglement: Reglement) -> Candidat:
    """Celui du cas, ou d'un autre statut."""
    change: dict[str, Any] = {}
    if tirer(st.integers(0, 7)) == 0:
        change["categorie"] = tirer(st.sampled_from(sorted(reglement.categories))).value
    if tirer(st.integers(0, 5)) == 0:
        facultatives = [code for code, one in reglement.epreuves.items() if not one.obligatoire]
        change["facultatives"] = (
            tuple(tirer(st.lists(st.sampled_from(facultatives), max_size=2))) if facultatives else ()
        )
    return patron.model_copy(update=change)


@st.composite
def copies(tirer: DrawFn, fichier: Fichier, patron: Cas) -> dict[str, Decimal | str]:
    """Une note, un jugement ou une absence pour ce que le cas évalue, ou pour ce qu'un autre cas évalue."""
    evalues = [one for one in fichier.cas if one.notes]
    modele = patron.notes
    if not modele and evalues and tirer(st.integers(0, 3)):
        modele = tirer(parmi(evalues)).notes
    if tirer(st.booleans()):  # rien ne manquera au jury : seules changent les notes
        return {cle: tirer(DEMIS) if isinstance(une, Decimal) else une for cle, une in modele.items()}
    return {cle: tirer(_copie(une)) for cle, une in modele.items()}


def _copie(modele: Decimal | str) -> SearchStrategy[Decimal | str]:
    telle_quelle: SearchStrategy[Decimal | str] = st.just(modele)
    autre = NOTES if isinstance(modele, Decimal) else st.sampled_from(("acquise", "non_acquise"))
    return st.one_of(
        telle_quelle, telle_quelle, telle_quelle, DEMIS if autre is NOTES else autre, autre, st.just("ABS")
    )


def _champs(reglement: Reglement) -> dict[str, SearchStrategy[Any]]:
    """Ce que peut dire chaque champ d'une commande, sous sa forme JSON."""
    return {
        "candidat": st.just(NUMERO),
        "epreuve": st.sampled_from(sorted(reglement.epreuves)),
        "epreuves": st.lists(st.sampled_from(sorted(reglement.epreuves)), min_size=1, max_size=2),
        "situation": st.sampled_from((None, None, "S1", "S2")),
        "note": NOTES.map(str),
        "motif": MOTIF,
        "piece": st.sampled_from(("P1", "S-fiche_produit", "D-attestation")),
        "nature": st.sampled_from(("tiers-temps", "erreur_materielle", "communication")),
        "numero": st.sampled_from(("R1", "R2")),
        "jury": st.just(JURYS[0]),
        "depose_le": st.just("2026-07-10T10:00:00+02:00"),
        "session_origine": st.sampled_from(("2021", "2023")),
        "facultatives": st.lists(st.sampled_from(sorted(reglement.epreuves)), max_size=2),
        "etablissement": st.sampled_from(("0760001A", "0760002B")),
        "centre": st.sampled_from(("0769001A", "0769002B")),
        "date": st.just("2026-05-18T08:00:00+02:00"),
        "academie_depot": st.sampled_from((ACADEMIE, "paris")),
        "lot": st.sampled_from((None, "L1", "L2")),
    }


@cache
def _sur_un_candidat() -> tuple[str, ...]:
    """Toutes les commandes qui portent sur un candidat et qu'une personne donne, sauf l'inscription elle-même."""
    dites = _champs(next(iter(reglements().values())))
    trouvees = []
    for nom, commande in sorted(COMMANDES.items()):
        exiges = {cle for cle, champ in commande.model_fields.items() if champ.is_required()} - {"le", "par"}
        types = {cle: commande.model_fields[cle].annotation for cle in exiges - {"session", "diplome"}}
        if "candidat" in exiges and all(cle in dites or _fermes(type_) for cle, type_ in types.items()):
            trouvees.append(nom)
    return tuple(trouvees)


def _fermes(annotation: Any) -> list[Any] | None:
    """Les valeurs d'un champ qui n'en a que quelques-unes."""
    if annotation is bool:
        return [True, False]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [one.value for one in annotation]
    return None


@st.composite
def actes(tirer: DrawFn, reglement: Reglement) -> Data:
    """Une commande au hasard sur le candidat : une correction, une annulation, une suspicion, un report…"""
    nom = tirer(st.sampled_from(_sur_un_candidat()))
    dites, acte = _champs(reglement), {"commande": nom}
    for cle, champ in COMMANDES[nom].model_fields.items():
        fermes = _fermes(champ.annotation)
        if cle not in ("id", "le", "par", "session", "diplome") and (champ.is_required() or cle == "situation"):
            acte[cle] = tirer(st.sampled_from(fermes) if fermes else dites[cle])
    return acte | {"par": tirer(PAR)}


@st.composite
def bordereaux(tirer: DrawFn, notes: Mapping[str, Decimal | str]) -> list[Data]:
    """Une note ou une absence arrivée par lot, puis le lot clos."""
    cle = tirer(parmi(sorted(notes)))
    code, _, situation = cle.partition(".")
    ligne = {"candidat": NUMERO, "note": tirer(st.one_of(NOTES.map(str), st.just("ABS")))}
    par = {"id": "com:1", "role": "commission", "academie": ACADEMIE, "portee": [f"lot:{LOT}"]}
    lot: Data = {"lot": LOT, "par": par}
    depot = {"epreuve": code, "situation": situation or None, "lignes": [ligne]}
    return [
        {"commande": "notation.deposer_bordereau", **lot, **depot},
        {"commande": "notation.clore_bordereau", **lot},
    ]


@st.composite
def suites(tirer: DrawFn, fichier: Fichier) -> list[Data]:
    """Ce qui suit la clôture : publication, documents, réclamations, jury reconvoqué."""
    publication = fichier.parametres.publication.isoformat()
    publier: Data = {"commande": "publication.publier_resultats", "jury": JURYS[0], "le": publication}
    lignes = [publier] * bool(tirer(st.integers(0, 5)))
    epreuve = tirer(st.sampled_from(sorted(reglement_de(fichier).epreuves)))
    if tirer(st.integers(0, 2)) == 0:
        lignes += _reclamation(tirer, epreuve, publication)
    if tirer(st.integers(0, 4)) == 0:
        rectifiee = {"epreuve": epreuve, "note": str(tirer(NOTES)), "motif": tirer(MOTIF)}
        lignes.append({"commande": "notation.rectifier_note", "candidat": NUMERO, **rectifiee, "le": publication})
        au_jury = {"jury": JURYS[0], "candidat": NUMERO, "le": publication}
        lignes.append({"commande": "deliberation.reconvoquer_jury", "motif": "rectifiée", "par": "recteur", **au_jury})
        lignes.append({"commande": "deliberation.prendre_decision", "par": "president", **au_jury})
        lignes.append({"commande": "publication.publier_decision", **au_jury})
    return lignes


def _reclamation(tirer: DrawFn, epreuve: str, le: str) -> Iterator[Data]:
    numero = {"candidat": NUMERO, "numero": "R1", "le": le}

    def dire(commande: str, cle: str) -> Data:
        valeurs = _fermes(COMMANDES[commande].model_fields[cle].annotation) or []
        return {"commande": commande, cle: tirer(st.sampled_from(valeurs)), **numero}

    yield {**dire("publication.deposer_reclamation", "nature"), "epreuve": epreuve, "depose_le": le}
    yield {**dire("publication.instruire_reclamation", "constat"), "motif": tirer(MOTIF)}
    yield {**dire("publication.clore_reclamation", "issue"), "motif": tirer(MOTIF)}


@dataclass(frozen=True)
class Vie:
    """Un candidat tiré : le cas qu'il joue, les actes de plus et leur place, ce qui est oublié ou répété."""

    fichier: Fichier
    cas: Cas
    de_plus: Sequence[tuple[int, Data]]
    ensuite: Sequence[Data]
    ordre: Random
    homonyme: bool


@st.composite
def vies(tirer: DrawFn) -> Vie:
    fichier = tirer(parmi(cas_travailles()))
    reglement = reglement_de(fichier)
    au_jury = [one for one in fichier.cas if one.jury]
    presque = bool(au_jury) and tirer(st.booleans())
    patron = tirer(parmi(au_jury if presque else fichier.cas))
    jury = patron.jury or tirer(st.booleans())
    notes = tirer(copies(fichier, patron))
    lot = tirer(bordereaux(notes)) if notes and tirer(st.integers(0, 2)) == 0 else []
    change = {
        "candidat": tirer(candidats(patron.candidat, reglement)),
        "notes": notes,
        "jury": jury,
        "session": None,
        "parametres": {},
        "valeurs": True,
    }
    return Vie(
        fichier,
        patron.model_copy(update=change),
        [
            *((2 + place, une) for place, une in enumerate(lot)),
            *tirer(st.lists(st.tuples(st.integers(3, 40), actes(reglement)), max_size=4)),
        ],
        tirer(suites(fichier)) if jury else (),
        tirer(st.randoms(use_true_random=True)),
        tirer(st.integers(0, 19)) == 0,
    )


def lots(graine: int, combien: int) -> list[list[Vie]]:
    """Des groupes de candidats dont les actes s'entremêlent, toujours les mêmes pour une graine."""
    tires: list[list[Vie]] = []

    @seed(graine)
    @settings(max_examples=combien, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.lists(vies(), min_size=1, max_size=4))
    def tirage(lot: list[Vie]) -> None:
        tires.append(lot)

    tirage()
    return tires


# Ce qui se joue --------------------------------------------------------------------------------------------------


@dataclass
class Histoire:
    """Une histoire qui se joue sur le banc, et ce qu'elle compte."""

    banc: Banc
    faites: Counter[str] = field(default_factory=Counter)
    refusees: Counter[str] = field(default_factory=Counter)
    refus: Counter[str] = field(default_factory=Counter)
    _rang: int = 0
    _comptes: dict[str, tuple[int, int]] = field(default_factory=dict)  # par journal : messages lus, événements

    @property
    def messages(self) -> dict[str, list[Stored]]:
        """Par journal."""
        return {one.stream: one.messages for one in self.banc.journals.values()}

    @property
    def evenements(self) -> int:
        for nom, messages in self.messages.items():  # les seuls nouveaux : cela se demande après chaque lot
            lus, dits = self._comptes.get(nom, (0, 0))
            self._comptes[nom] = (len(messages), dits + sum(len(one.types) for one in messages[lus:]))
        return sum(dits for _, dits in self._comptes.values())

    @property
    def part_acceptee(self) -> float:
        return self.faites.total() / (self.faites.total() + self.refusees.total())

    async def jouer(self, lot: Sequence[Vie]) -> None:
        """Les actes de ces candidats, chacun dans son ordre, entremêlés."""
        files = [list(self._commandes(one)) for one in lot]
        hasard = lot[0].ordre
        while files := [one for one in files if one]:
            await self._commander(hasard.choice(files).pop(0))
        if hasard.random() < 0.05:  # les projections suivent par morceaux, comme en service
            await self.banc.suivre()

    async def _commander(self, commande: Data) -> None:
        reponse = await self.banc.commander_brut(commande)
        if reponse["ok"]:
            self.faites[commande["commande"]] += 1
        else:
            self.refusees[commande["commande"]] += 1
            self.refus[reponse["code"]] += 1

    def _commandes(self, vie: Vie) -> Iterator[Data]:
        """Les siennes, complètes ; quelques-unes oubliées, répétées telles quelles, ou données deux fois."""
        self._rang += 1
        scene = Scene(self.banc, reglement_de(vie.fichier), vie.fichier, vie.cas)
        lignes = [dict(one) for one in scene.commandes()]
        for place, acte in vie.de_plus:
            lignes.insert(min(place, len(lignes)), acte)
        for ligne in (*lignes, *vie.ensuite):
            ligne = {cle: valeur for cle, valeur in ligne.items() if cle != "refus"}
            complete = self._a_lui(scene.completer(_auteur(scene, ligne)), vie)
            sort = vie.ordre.random()
            if sort < 0.03 and complete["commande"] != "inscription.inscrire_candidat":
                continue
            yield complete
            if sort > 0.98:
                yield complete  # la même, envoyée deux fois
            elif sort > 0.96:
                yield {**complete, "id": f"{complete['id']}-encore"}

    def _a_lui(self, commande: Data, vie: Vie) -> Data:
        """Son numéro, son jury et son nom à la place de ceux du cas."""
        remplacer = {NUMERO: f"H{self._rang:07}", **{one: f"{one}-{self._rang}" for one in JURYS}}
        remplacer |= {LOT: f"LOT-{self._rang}"}
        remplacer |= {
            f"{quoi}:{avant}": f"{quoi}:{apres}" for quoi in ("jury", "lot") for avant, apres in remplacer.items()
        }
        sienne: Data = _remplacer(commande, remplacer)
        if "identite" in sienne:
            sienne["identite"] = {**sienne["identite"], "nom": f"Exemple-{self._rang - vie.homonyme}"}
        return {**sienne, "id": f"vie-{self._rang}-{sienne['id']}"}


def _auteur(scene: Scene, ligne: Data) -> Data:
    """Qui parle, quand un rôle seul est dit."""
    if not isinstance(ligne.get("par"), str):
        return ligne
    role = {"president": "president_jury"}.get(ligne["par"], ligne["par"])
    portee = [f"jury:{JURYS[0]}"] if ligne["par"] == "president" else []
    identifiant = "M1" if ligne["par"] == "president" else f"hasard:{role}"
    return {**ligne, "par": {"id": identifiant, "role": role, "academie": ACADEMIE, "portee": portee}}


def _remplacer(valeur: Any, par: Mapping[str, str]) -> Any:
    match valeur:
        case str():
            return par.get(valeur, valeur)
        case dict():
            return {cle: _remplacer(un, par) for cle, un in valeur.items()}
        case list() | tuple():
            return [_remplacer(un, par) for un in valeur]
        case _:
            return valeur


async def jouer_au_hasard(banc: Banc, evenements: int, graine: int) -> Histoire:
    """Assez de lots pour ce nombre d'événements ; les projections du banc sont à jour à la fin."""
    histoire = Histoire(banc)
    while histoire.evenements < evenements:
        for lot in lots(graine, 20):
            await histoire.jouer(lot)
            if histoire.evenements >= evenements:
                break
        graine += 1
    await banc.suivre()
    return histoire
