"""Les candidats d'une session : statut, modes, centre, planning, convocation, droits acquis. Identité scellée."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol, assert_never

import orjson
from sqlalchemy import Boolean, Column, Connection, MetaData, Table, select

from contracts.evenements.inscription import (
    AcquisReconnu,
    AmenagementAccorde,
    AutorisationEnregistree,
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    CentreAffecte,
    ConvocationEmise,
    DemandeRemplacementRenvoyee,
    DispenseAccordee,
    DoublonFusionne,
    InscriptionAnnulee,
    InscriptionModifiee,
    PassagePlanifie,
    PassageReporte,
    RemplacementAutorise,
)
from contracts.evenements.publication import EffacementAccorde
from contracts.evenements.transfert import CandidatTransfere, CentreQuitte
from contracts.messages import Event
from services.socle.enveloppe import Fact
from services.socle.projections import Delete, Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 3


def _cle(*propres: str) -> list[Column[str]]:
    """Un candidat dans la session d'une académie, et ce qui distingue ses lignes."""
    noms = ("academie", "session", "diplome", "candidat", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


candidats = Table(
    "candidats_v3",
    META,
    *_cle(),
    Column("categorie", SortedText),
    Column("majeur", Boolean),
    Column("reglement", SortedText),
    Column("modes", Json),
    Column("facultatives", Json),
    Column("forme", SortedText),
    Column("unites", Json),  # vide : toutes les obligatoires
    Column("etablissement", SortedText),
    Column("formation_attestee", Boolean),
    Column("livret", Boolean),
    Column("identite", Json),  # telle que le journal la garde : seul le coffre l'ouvre
    Column("inscrit_le", Moment),
    Column("centre", SortedText),
    Column("centre_type", SortedText),
    Column("autorise", Boolean),  # absent tant que le contrôle du dossier n'est pas conclu
    Column("regle_autorisation", SortedText),
    Column("planning", Json),  # moments et durées ; absent s'il est à faire
    Column("convoque", Boolean),
    Column("convoque_le", Moment),
    Column("convoque_centre", SortedText),
    Column("convoque_epreuves", Json),
    Column("annule", Boolean),
    Column("motif_annulation", SortedText),
    Column("remplace_par", SortedText),
    Column("renvoye_vers", SortedText),
)
# ``situation`` vide : l'épreuve entière.
dispenses = Table(
    "dispenses_v3",
    META,
    *_cle("epreuve", "situation"),
    Column("regle", SortedText),
    Column("motif", SortedText),
    Column("fondement", SortedText),
)
acquis = Table(
    "acquis_v3",
    META,
    *_cle("epreuve"),
    Column("obtenu_le", SortedText),
    Column("titre_origine", SortedText),
    Column("regle", SortedText),
)
benefices = Table(
    "benefices_v3",
    META,
    *_cle("epreuve"),
    Column("note", ExactDecimal),
    Column("session_origine", SortedText),
    Column("regle", SortedText),
    Column("abandonne", Boolean),
)
amenagements = Table("amenagements_v3", META, *_cle("nature"), Column("epreuves", Json), Column("regle", SortedText))
remplacements = Table("remplacements_v3", META, *_cle("epreuve"), Column("regle", SortedText))
fermetures = Table("fermetures_v3", META, *_cle("epreuve"), Column("regle", SortedText))  # épreuves au dossier refusé


class Coffret(Protocol):
    """Ce qui ouvre une identité scellée : le coffre, ou les clés qu'une académie partenaire a confiées."""

    def open(self, personne: str, chiffre: str, /) -> bytes | None: ...


class Candidats(Projection):
    """Ce que montrent `inscription.voir_candidature` et `inscription.lister_candidatures`, partenaires compris."""

    name = "candidats"
    VERSION = VERSION
    exchanged = True
    tables = (candidats, dispenses, acquis, benefices, amenagements, remplacements, fermetures)
    handles = frozenset(
        {
            CandidatInscrit,
            InscriptionModifiee,
            DispenseAccordee,
            AcquisReconnu,
            BeneficeAccorde,
            BeneficeAbandonne,
            AmenagementAccorde,
            CentreAffecte,
            AutorisationEnregistree,
            PassagePlanifie,
            ConvocationEmise,
            PassageReporte,
            InscriptionAnnulee,
            RemplacementAutorise,
            DemandeRemplacementRenvoyee,
            DoublonFusionne,
            EffacementAccorde,
            CentreQuitte,
            CandidatTransfere,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu, event = split(fact.subject), fact.event
        session = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        cle = {**session, "candidat": str(getattr(event, "candidat", ""))}
        match event:
            case CandidatInscrit():
                yield Upsert(candidats, cle, {**_inscrit(event), "inscrit_le": fact.context.le})
            case DoublonFusionne(candidat=candidat, remplace=remplace):
                yield Upsert(candidats, {**session, "candidat": remplace}, {"remplace_par": candidat})
            case DispenseAccordee() | AcquisReconnu() | BeneficeAccorde() | BeneficeAbandonne():
                yield _droit(event, cle)
            case AmenagementAccorde(nature=nature):
                ligne = {"epreuves": event.epreuves, "regle": event.regle}
                yield Upsert(amenagements, {**cle, "nature": nature}, ligne)
                yield Upsert(candidats, cle, {"planning": None})
            case AutorisationEnregistree(epreuves=epreuves) if epreuves:
                for epreuve in epreuves:
                    une = {**cle, "epreuve": epreuve}
                    yield Delete(fermetures, une) if event.autorise else Upsert(fermetures, une, {"regle": event.regle})
            case RemplacementAutorise(epreuves=epreuves, regle=regle):
                for epreuve in epreuves:
                    yield Upsert(remplacements, {**cle, "epreuve": epreuve}, {"regle": regle})
            case _:
                yield Upsert(candidats, cle, _suite(event))


def _inscrit(event: CandidatInscrit) -> dict[str, object]:
    scelle = event.identite.scelle
    return {
        "categorie": event.categorie.value,
        "majeur": event.majeur,
        "reglement": event.reglement,
        "modes": {epreuve: mode.value for epreuve, mode in event.modes.items()},
        "facultatives": event.facultatives,
        "forme": event.forme.value,
        "unites": event.unites,
        "etablissement": event.etablissement,
        "formation_attestee": event.formation_attestee,
        "livret": event.livret,
        "identite": None if scelle is None else scelle.model_dump(),
        "convoque": False,
        "annule": False,
    }


DU_CENTRE = ("centre", "centre_type", "planning", "convoque_le", "convoque_centre", "convoque_epreuves")
"""Ce qui n'a de sens que dans un centre."""


def _suite(event: Event) -> dict[str, object]:
    """Ce que change au candidat un fait qui suit son inscription."""
    match event:
        case InscriptionModifiee(modes=modes, facultatives=facultatives, etablissement=etablissement):
            choisis = {epreuve: mode.value for epreuve, mode in modes.items()}
            return {"modes": choisis, "facultatives": facultatives, "etablissement": etablissement}
        case CentreAffecte(centre=centre, type=type_):
            return {"centre": centre, "centre_type": type_.value, "planning": None}
        case CentreQuitte() | CandidatTransfere():
            return dict.fromkeys(DU_CENTRE) | {"convoque": False}
        case PassagePlanifie():
            return {"planning": event.model_dump(mode="json", exclude={"candidat"})}
        case PassageReporte(centre=centre, le=le):
            return {"convoque_le": le, "convoque_centre": centre, "planning": None}
        case AutorisationEnregistree(autorise=autorise, regle=regle):
            plus_convoque = {} if autorise else {"convoque": False}
            return {"autorise": autorise, "regle_autorisation": regle, **plus_convoque}
        case ConvocationEmise(centre=centre, epreuves=epreuves, le=le):
            return {"convoque": True, "convoque_le": le, "convoque_centre": centre, "convoque_epreuves": epreuves}
        case InscriptionAnnulee(motif=motif):
            return {"annule": True, "motif_annulation": motif}
        case DemandeRemplacementRenvoyee(academie_origine=academie):
            return {"renvoye_vers": academie}
        case EffacementAccorde():
            return {"identite": None}
        case _:
            raise TypeError(f"événement non projeté : {event.NAME}")


def _droit(event: DispenseAccordee | AcquisReconnu | BeneficeAccorde | BeneficeAbandonne, cle: Mapping[str, str]) -> Op:
    match event:
        case DispenseAccordee(epreuve=epreuve, situation=situation):
            dispense = {"regle": event.regle, "motif": event.motif, "fondement": event.fondement.value}
            return Upsert(dispenses, {**cle, "epreuve": epreuve, "situation": situation or ""}, dispense)
        case AcquisReconnu(epreuve=epreuve, obtenu_le=obtenu_le):
            repris = {
                "obtenu_le": obtenu_le.isoformat(),
                "titre_origine": event.titre_origine,
                "regle": event.regle,
            }
            return Upsert(acquis, {**cle, "epreuve": epreuve}, repris)
        case BeneficeAccorde(epreuve=epreuve):
            garde = {
                "note": event.note,
                "session_origine": event.session_origine,
                "regle": event.regle,
                "abandonne": False,
            }
            return Upsert(benefices, {**cle, "epreuve": epreuve}, garde)
        case BeneficeAbandonne(epreuve=epreuve):
            return Upsert(benefices, {**cle, "epreuve": epreuve}, {"abandonne": True})
        case _:
            assert_never(event)


# Lecture -----------------------------------------------------------------------------------------------------------


def lister(connection: Connection, *, academie: str, session: str, diplome: str) -> list[dict[str, Any]]:
    """Les candidats de la session par numéro, sans leur identité ni leur planning."""
    colonnes = [column for column in candidats.c if column.name not in ("identite", "planning")]
    return _lignes(connection, candidats, {"academie": academie, "session": session, "diplome": diplome}, *colonnes)


def lire_candidat(
    connection: Connection, coffre: Coffret, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any] | None:
    """Un candidat et ses droits acquis, identité ouverte si sa clé existe encore ; rien s'il n'est pas inscrit.

    Raises:
        CoffreError: l'identité scellée a été altérée.
    """
    cle = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    trouves = _lignes(connection, candidats, cle, *candidats.c)
    if not trouves:
        return None
    propres = {table: [one for one in table.c if one.name not in cle] for table in DROITS.values()}
    droits = {nom: _lignes(connection, table, cle, *propres[table]) for nom, table in DROITS.items()}
    return {**trouves[0], **droits, "identite": _ouvrir(coffre, trouves[0]["identite"])}


DROITS = {
    "dispenses": dispenses,
    "acquis": acquis,
    "benefices": benefices,
    "amenagements": amenagements,
    "remplacements": remplacements,
    "fermetures": fermetures,
}


def creneaux_du_centre(
    connection: Connection, *, academie: str, session: str, centre: str, sauf: tuple[str, str]
) -> list[tuple[str, datetime, datetime]]:
    """Les postes que tiennent les autres candidats du centre, tous diplômes : poste, début, fin.

    ``sauf`` : le diplôme et le numéro du candidat que l'on planifie.
    """
    requete = select(candidats.c.diplome, candidats.c.candidat, candidats.c.planning).where(
        candidats.c.academie == academie,
        candidats.c.session == session,
        candidats.c.centre == centre,
        candidats.c.annule.is_(False),
    )
    return [
        (creneau["poste"], datetime.fromisoformat(creneau["debut"]), datetime.fromisoformat(creneau["fin"]))
        for diplome, candidat, planning in connection.execute(requete)
        if planning and (diplome, candidat) != sauf
        for creneau in planning["creneaux"]
        if creneau["poste"]
    ]


def _lignes(
    connection: Connection, table: Table, cle: Mapping[str, str], *colonnes: Column[Any]
) -> list[dict[str, Any]]:
    requete = select(*colonnes).where(*(table.c[nom] == valeur for nom, valeur in cle.items()))
    return [dict(row) for row in connection.execute(requete.order_by(*table.primary_key)).mappings()]


def _ouvrir(coffre: Coffret, scelle: Mapping[str, str] | None) -> dict[str, Any] | None:
    clair = None if scelle is None else coffre.open(scelle["personne"], scelle["chiffre"])
    if clair is None:
        return None
    identite: dict[str, Any] = orjson.loads(clair)
    return identite
