"""Les dossiers d'une session : où en est chacun, ce qui manque, ce qui est à régulariser, la décision et ses motifs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, select

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DossierModifie,
    DossierOuvert,
    DouteSignale,
    PieceDeposee,
    PieceJugee,
    PiecesDispensees,
    PiecesRetablies,
    RegularisationDemandee,
    SupportsArretes,
    VerificationConclue,
)
from contracts.evenements.inscription import InscriptionAnnulee
from contracts.messages import Event
from services.socle.enveloppe import Fact
from services.socle.projections import Op, Projection, Upsert
from services.socle.sql import ExactDecimal, Json, Moment, SortedText
from services.socle.subjects import split

META = MetaData()
VERSION = 1


def _cle(*propres: str) -> list[Column[str]]:
    """Un candidat dans la session d'une académie, et ce qui distingue ses lignes."""
    noms = ("academie", "session", "diplome", "candidat", *propres)
    return [Column(nom, SortedText, primary_key=True) for nom in noms]


# ``etat`` : en_controle, autorise, non_autorise ; absent tant que l'inscription n'est pas connue.
dossiers = Table(
    "dossiers_v1",
    META,
    *_cle(),
    Column("etat", SortedText),
    Column("categorie", SortedText),
    Column("majeur", Boolean),
    Column("reglement", SortedText),
    Column("experience_due", Boolean),
    Column("pieces_dues", Json),
    Column("pieces_manquantes", Json),
    Column("heures_retenues", ExactDecimal),
    Column("regle", SortedText),
    Column("motifs", Json),
    Column("orientation", SortedText),
    Column("explication", Json),
    Column("decide_le", Moment),
    Column("supports_manquants", Json),  # absent tant que l'état des supports n'est pas arrêté
    Column("supports_arretes_le", Moment),
    Column("regularisation_piece", SortedText),
    Column("regularisation_manques", Json),
    Column("regularisation_avant", Moment),
    Column("regularisation_regle", SortedText),
    Column("en_doute", Boolean),
    Column("doute_motif", SortedText),
    Column("verification_conforme", Boolean),
    Column("verification_motif", SortedText),
    Column("inscription_annulee", Boolean),
)
pieces = Table(
    "pieces_v1",
    META,
    *_cle("piece"),
    Column("nature", SortedText),
    Column("attendu", SortedText),
    Column("depose_le", Moment),
    Column("verdict", SortedText),  # absent tant que la pièce n'est pas jugée
    Column("regle", SortedText),
    Column("motifs", Json),
    Column("alertes", Json),
    Column("heures_retenues", ExactDecimal),
    Column("a_la_main", Boolean),
    Column("manques", Json),  # ce qu'une régularisation demande
    Column("avant", Moment),
)


class Dossiers(Projection):
    """Ce que montrent `conformite.voir_dossier` et `conformite.lister_dossiers`."""

    name = "dossiers"
    VERSION = VERSION
    tables = (dossiers, pieces)
    handles = frozenset(
        {
            DossierOuvert,
            DossierModifie,
            PiecesDispensees,
            PiecesRetablies,
            PieceDeposee,
            PieceJugee,
            RegularisationDemandee,
            DossierDeclareConforme,
            DossierDeclareNonConforme,
            SupportsArretes,
            DouteSignale,
            VerificationConclue,
            InscriptionAnnulee,
        }
    )

    def project(self, fact: Fact) -> Iterable[Op]:
        lieu, event = split(fact.subject), fact.event
        if d_une_epreuve(event):  # read by the controls, épreuve by épreuve
            return
        session = {"academie": lieu.academie, "session": lieu.session, "diplome": lieu.diplome}
        cle = {**session, "candidat": str(getattr(event, "candidat", ""))}
        if isinstance(event, PieceDeposee | PieceJugee | RegularisationDemandee):
            yield Upsert(pieces, {**cle, "piece": event.piece}, _piece(event))
        yield Upsert(dossiers, cle, _dossier(event, fact))


def d_une_epreuve(event: Event) -> bool:
    """Ce fait ne concerne que des épreuves, pas l'accès à l'examen."""
    return bool(getattr(event, "epreuves", ())) or (
        isinstance(event, DouteSignale | VerificationConclue) and event.epreuve is not None
    )


def _piece(event: PieceDeposee | PieceJugee | RegularisationDemandee) -> dict[str, object]:
    """Une pièce déposée de nouveau repart sans verdict ni régularisation ; un verdict éteint la régularisation."""
    match event:
        case PieceDeposee():
            deposee = {"nature": event.nature.value, "depose_le": event.depose_le}
            return {**deposee, "verdict": None, "motifs": (), "alertes": (), "manques": (), "avant": None}
        case PieceJugee():
            return {
                "attendu": event.attendu,
                "verdict": event.verdict.value,
                "regle": event.regle,
                "motifs": event.motifs,
                "alertes": event.alertes,
                "heures_retenues": event.heures_retenues,
                "a_la_main": event.a_la_main,
                "manques": (),
                "avant": None,
            }
        case RegularisationDemandee():
            return {"manques": event.manques, "avant": event.avant}


def _dossier(event: Event, fact: Fact) -> dict[str, object]:
    """Ce que ce fait change à la ligne du dossier."""
    match event:
        case DossierOuvert():
            return _ouvert(event)
        case PieceDeposee():
            return {}
        case PieceJugee():
            heures = {} if event.heures_dossier is None else {"heures_retenues": event.heures_dossier}
            return {"pieces_manquantes": event.manquants, **heures}
        case PiecesDispensees(manquants=manquants):
            return {"pieces_manquantes": manquants}
        case DossierModifie():
            dues = {"pieces_dues": tuple(nature.value for nature in event.pieces_dues)}
            a_arreter = {"supports_manquants": None, "supports_arretes_le": None}
            return {**dues, "pieces_manquantes": event.manquants, **a_arreter}
        case PiecesRetablies(manquants=manquants):
            return {"pieces_manquantes": manquants, "supports_manquants": None, "supports_arretes_le": None}
        case RegularisationDemandee():
            return {
                "regularisation_piece": event.piece,
                "regularisation_manques": event.manques,
                "regularisation_avant": event.avant,
                "regularisation_regle": event.regle,
            }
        case DossierDeclareConforme() | DossierDeclareNonConforme():
            return _decide(event, fact)
        case SupportsArretes(manquants=manquants):
            return {"supports_manquants": manquants, "supports_arretes_le": fact.context.le}
        case DouteSignale(motif=motif):
            return {"en_doute": True, "doute_motif": motif}
        case VerificationConclue(conforme=conforme, motif=motif):
            return {"en_doute": False, "verification_conforme": conforme, "verification_motif": motif}
        case InscriptionAnnulee():
            return {"inscription_annulee": True}
        case _:
            raise TypeError(f"événement non projeté : {event.NAME}")


def _ouvert(event: DossierOuvert) -> dict[str, object]:
    return {
        "etat": "en_controle",
        "categorie": event.categorie.value,
        "majeur": event.majeur,
        "reglement": event.reglement,
        "experience_due": event.experience_due,
        "pieces_dues": tuple(nature.value for nature in event.pieces_dues),
        "pieces_manquantes": event.attendus,
    }


def _decide(event: DossierDeclareConforme | DossierDeclareNonConforme, fact: Fact) -> dict[str, object]:
    refuse = event if isinstance(event, DossierDeclareNonConforme) else None
    heures = {} if event.heures_retenues is None else {"heures_retenues": event.heures_retenues}
    return {
        "etat": "non_autorise" if refuse else "autorise",
        "regle": event.regle,
        "motifs": refuse.motifs if refuse else (),
        "orientation": refuse.orientation if refuse else "",
        "explication": [clause.model_dump(mode="json") for clause in event.explication],
        "decide_le": fact.context.le,
        **heures,
    }


# Lecture -----------------------------------------------------------------------------------------------------------


def lister_dossiers(connection: Connection, *, academie: str, session: str, diplome: str) -> list[dict[str, Any]]:
    """Les dossiers de la session par numéro, sans l'explication de leur décision."""
    colonnes = [column for column in dossiers.c if column.name != "explication"]
    return _lignes(connection, dossiers, {"academie": academie, "session": session, "diplome": diplome}, *colonnes)


def lire_dossier(
    connection: Connection, *, academie: str, session: str, diplome: str, candidat: str
) -> dict[str, Any] | None:
    """Un dossier et ses pièces ; rien si le candidat est inconnu ici."""
    cle = {"academie": academie, "session": session, "diplome": diplome, "candidat": candidat}
    trouves = _lignes(connection, dossiers, cle, *dossiers.c)
    if not trouves:
        return None
    propres = [column for column in pieces.c if column.name not in cle]
    return {**trouves[0], "pieces": _lignes(connection, pieces, cle, *propres)}


def _lignes(
    connection: Connection, table: Table, cle: Mapping[str, str], *colonnes: Column[Any]
) -> list[dict[str, Any]]:
    requete = select(*colonnes).where(*(table.c[nom] == valeur for nom, valeur in cle.items()))
    return [dict(row) for row in connection.execute(requete.order_by(*table.primary_key)).mappings()]
