"""What the specs of the marks start from: a session with demonstration values, candidates, shorthand commands."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, TypeVar

from contracts.commandes.notation import RemplirGrille, SaisirNote
from contracts.evenements.conduite import EtgValidee
from contracts.evenements.notation import NoteSaisie, ResultatArrete
from contracts.evenements.releve import ReleveOuvert
from contracts.messages import Acteur, Command
from contracts.reglement import Reglement, load_all
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Mode, Parametres, Profil, Valeurs
from services.notation.domain.jury import EtatJury
from services.notation.domain.releve import decide, evolve, initial
from services.socle.spec import Given, Spec

C = TypeVar("C", bound=Command)

ALICE, BASILE, CLEO = "N2600001", "N2600002", "N2600003"
LE = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
APRES_REMONTEE = datetime(2026, 6, 12, 22, 30, tzinfo=UTC)  # 13 June, half past midnight, in Normandie
APRES_JURY = datetime(2026, 7, 4, 8, 0, tzinfo=UTC)
CORRECTEUR = Acteur(id="cor1", role="correcteur", academie="normandie", portee=("lot:L1",))
SECOND = Acteur(id="cor2", role="correcteur", academie="normandie", portee=("lot:L1",))
GESTIONNAIRE = Acteur(id="ges1", role="gestionnaire", academie="normandie")
SYSTEME = Acteur(id="systeme:notation", role="systeme", academie="normandie")

ENS, PRO = Profil.ENSEIGNANT, Profil.PROFESSIONNEL
EXPERT, CONDUITE = Profil.EXPERT_PERMIS, Profil.ENSEIGNANT_CONDUITE
REGLEMENT = "CAP-OSRCL-2026"

# EP1: S1 weighs 2, S2 weighs 1.
VALEURS = Valeurs(
    coefficients={"EP1": Decimal(5), "EP2": Decimal(4), "EP3": Decimal(4)},
    poids={"EP1.S1": Decimal(2), "EP1.S2": Decimal(1)},
    reference="valeurs d'essai",
    demonstration=True,
)


@cache
def reglement(identifiant: str = REGLEMENT) -> Reglement:
    return load_all()[identifiant]


def session(valeurs: Valeurs | None = VALEURS, identifiant: str = REGLEMENT, **parametres: Any) -> SessionFigee:
    """The session; ``parametres`` replace those of the académie."""
    valus: dict[str, Any] = {
        "premiere_epreuve": date(2026, 5, 18),
        "cloture_inscriptions": date(2025, 11, 28),
        "remise_supports": date(2026, 4, 30),
        "remontee_ccf": date(2026, 6, 12),
        "jury_le": date(2026, 7, 3),
        "publication": datetime(2026, 7, 7, 8, 0, tzinfo=UTC),
    }
    return SessionFigee("normandie", reglement(identifiant), Parametres(**valus | parametres), valeurs)


def etant_donne(*history: Any, dans: SessionFigee | None = None, jury: EtatJury = EtatJury.A_VENIR) -> Given[Any]:
    """These facts, in this session, the jury being there."""
    return Spec(partial(decide, session=dans or session(), jury=jury), evolve, initial).given(*history)


def fait(classe: type[C], /, **champs: Any) -> C:
    """A command of this class: by the gestionnaire, today, about Alice, unless said otherwise."""
    base: dict[str, Any] = {"le": LE, "par": GESTIONNAIRE, "session": "2026", "diplome": "cap_osrcl"}
    if "candidat" in classe.model_fields:
        base["candidat"] = ALICE
    return classe(**base | champs)


def ouvert(
    categorie: Categorie = Categorie.SCOLAIRE_PUBLIC, modes: dict[str, Mode] | None = None, **autres: Any
) -> ReleveOuvert:
    """The relevé of Alice is open."""
    return ReleveOuvert(candidat=ALICE, categorie=categorie, reglement=REGLEMENT, modes=modes or {}, **autres)


OUVERT = ouvert()
EN_CCF = ouvert(modes={"EP1": Mode.CCF, "EP2": Mode.CCF, "EP3": Mode.CCF})
ETG = EtgValidee(candidat=ALICE, tentative=1, regle="CAP24-N11")


def saisie(epreuve: str, note: str, situation: str | None = None, auteur: str = "cor1", **autres: Any) -> NoteSaisie:
    """A mark is there, entered by cor1."""
    regle = reglement().epreuves[epreuve].regle
    valeurs = {"epreuve": epreuve, "situation": situation, "note": Decimal(note), "auteur": auteur, "regle": regle}
    return NoteSaisie(candidat=ALICE, **valeurs | autres)


def saisir(epreuve: str, note: str, situation: str | None = None, **autres: Any) -> SaisirNote:
    """cor1 enters a mark."""
    champs = {"epreuve": epreuve, "note": Decimal(note), "situation": situation, "par": CORRECTEUR}
    return fait(SaisirNote, **champs | autres)


def grille(
    epreuve: str,
    situation: str | None,
    criteres: dict[str, int],
    commission: tuple[Profil, ...] = (ENS, PRO),
    note: str = "12",
) -> RemplirGrille:
    """cor1 fills a grid."""
    return fait(
        RemplirGrille,
        epreuve=epreuve,
        situation=situation,
        criteres=criteres,
        commission=commission,
        note=Decimal(note),
        par=CORRECTEUR,
    )


def note_arretee(epreuve: str, note: str, **autres: Any) -> ResultatArrete:
    """A result of a direct mark, in ponctuel."""
    regles = {"EP2": ("DC-CAP11", "CAP24-N08", "TR-N01"), "UG1": ("DC-CAP11", "DC-CAP10", "TR-N01")}
    numerateur, denominateur = Decimal(note).as_integer_ratio()
    valeurs: dict[str, Any] = {
        "etat": "note",
        "note": Decimal(note),
        "note_brute": f"{numerateur}/{denominateur}",
        "mode": Mode.PONCTUEL,
        "regle": "DC-CAP11",
        "regles": regles.get(epreuve, ()),
    }
    return ResultatArrete(candidat=ALICE, epreuve=epreuve, **valeurs | autres)
