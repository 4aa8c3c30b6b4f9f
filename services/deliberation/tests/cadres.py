"""What the specs of the other diplomas start from: their session, their dossiers, their jury."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial, reduce
from typing import Any

from contracts.commandes.deliberation import PrendreDecision
from contracts.evenements.deliberation import DecisionPrise, JuryConstitue, JuryOuvert, PresenceAttestee
from contracts.messages import Acteur, Event
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, EtatResultat, Explication, Forme, Membre, Parametres, Profil
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.jury import Jury, JuryEvent, decide, evolve, initial
from services.deliberation.domain.proposition import Proposition, proposer
from services.deliberation.tests.donnees import ALICE, BASILE, LE, reglement
from services.socle.spec import Given, Spec

BTS, MC, TP = "BTS-NDRC-2022", "MC-ACVD", "TP-CRCD-2021"
EC, INS, ENS, PRO = Profil.ENSEIGNANT_CHERCHEUR, Profil.INSPECTEUR, Profil.ENSEIGNANT, Profil.PROFESSIONNEL
N = EtatResultat
REGLES = {
    N.SUSPENDUE: "BTS-C05",
    N.NON_VALIDE: "BTS-C03",
    N.NON_VALIDEE_U1: "MC-C13",
    N.NON_TENUE: "BTS-C21",
    N.FRAUDE_ANNULEE: "DC-FRA01",
}


def session_de(identifiant: str, annee: int | None = None, du: Reglement | None = None, **choix: str) -> SessionFigee:
    """The session of a règlement; ``annee``: another one that it governs; ``choix``: ``AMB_37="..."``."""
    du = du or reglement(identifiant)
    year = annee or int(du.session)
    parametres = Parametres(
        premiere_epreuve=date(year, 5, 10),
        cloture_inscriptions=date(year - 1, 11, 28),
        remise_supports=date(year, 4, 1),
        remontee_ccf=date(year, 6, 1),
        jury_le=date(year, 6, 20),
        publication=datetime(year, 6, 28, 8, 0, tzinfo=UTC),
        choix={cle.replace("_", "-"): option for cle, option in choix.items()},
    )
    return SessionFigee("rouen", du, parametres)


def resultat(code: str, valeur: Any, **autres: Any) -> ResultatJury:
    """``"12.5"`` is a mark, ``"32/3"`` an exact one shown truncated; a state is that state."""
    fait = f"fait-{code}"
    if isinstance(valeur, ResultatJury):
        return valeur
    if isinstance(valeur, EtatResultat):
        return ResultatJury(valeur, fait, regle=REGLES.get(valeur, ""), **autres)
    if "/" in str(valeur):
        numerateur, denominateur = map(int, str(valeur).split("/"))
        affichee = Decimal(numerateur * 100 // denominateur) / 100
        return ResultatJury(N.NOTE, fait, affichee, note_brute=str(valeur), **autres)
    return ResultatJury(autres.pop("etat", N.NOTE), fait, Decimal(str(valeur)), **autres)


def dossier_de(*, numero: str = ALICE, position: int = 100, **champs: Any) -> DossierJury:
    """``dossier_de(E1="12", E2=N.DISPENSE, forme=...)``: a result by épreuve, the rest are fields of the dossier."""
    resultats = {code: valeur for code, valeur in champs.items() if code[0].isupper() and valeur is not None}
    autres = {code: valeur for code, valeur in champs.items() if not code[0].isupper()}
    base: dict[str, Any] = {"categorie": Categorie.SCOLAIRE_PUBLIC, "inscription": f"fait-{numero}"}
    return DossierJury(
        numero=numero,
        resultats={code: resultat(code, valeur) for code, valeur in resultats.items()},
        journal="JOURNAL_ROUEN",
        position=position,
        **{**base, **autres},
    )


def bts(*notes: Any, **autres: Any) -> DossierJury:
    """E1 to E6 in order; one value alone is everywhere."""
    valeurs = notes * 6 if len(notes) == 1 else notes
    return dossier_de(**{**dict(zip(("E1", "E2", "E3", "E4", "E5", "E6"), valeurs, strict=True)), **autres})


def mc(e1: Any, e2: Any, e3: Any, **autres: Any) -> DossierJury:
    return dossier_de(E1=e1, E2=e2, E3=e3, **autres)


def tp(**autres: Any) -> DossierJury:
    return dossier_de(**{"categorie": Categorie.PARCOURS_CONTINU, **autres})


def oral(code: str, note: str, controle: str | None) -> ResultatJury:
    """A mark, and the oral that took place; without a mark, the candidate did not come."""
    porte = None if controle is None else Decimal(controle)
    return ResultatJury(N.NOTE, f"fait-{code}", Decimal(note), controle=porte, controle_fait=f"oral-{code}")


def propose(identifiant: str, d: DossierJury, annee: int | None = None, **autres: Any) -> Proposition:
    return proposer(d, session_de(identifiant, annee), **autres)


def progressive(*unites: str) -> dict[str, Any]:
    return {"forme": Forme.PROGRESSIVE, "unites": unites}


def lire(explications: tuple[Explication, ...]) -> str:
    """All that the candidate reads."""
    parts = (part for one in explications for part in (one.texte, one.effet, lire(one.details)))
    return " ".join(parts)


def toutes(explications: tuple[Explication, ...]) -> list[Explication]:
    return [one for each in explications for one in (each, *toutes(each.details))]


def citees(explications: tuple[Explication, ...], regle: str) -> list[Explication]:
    """Every node of the tree that this rule explains."""
    return [one for one in toutes(explications) if one.regle == regle]


# Juries -------------------------------------------------------------------------------------------------------------

MEMBRES: dict[str, tuple[Membre, ...]] = {
    BTS: (
        Membre(id="uni1", profil=EC),
        Membre(id="ens1", profil=ENS),
        Membre(id="pro1", profil=PRO),
        Membre(id="pro2", profil=PRO),
    ),
    MC: (
        Membre(id="ins1", profil=INS),
        Membre(id="ens1", profil=ENS),
        Membre(id="pro1", profil=PRO),
    ),
    TP: (
        Membre(id="pro1", profil=PRO, experience_annees=8, competences=("retention",)),
        Membre(id="pro2", profil=PRO, experience_annees=3, metier_quitte_depuis=5),
    ),
}
PRESIDENCE = {BTS: ("uni1", "pro1"), MC: ("ins1", "pro1"), TP: ("pro1", "pro2")}
REGLE_JURY = {BTS: "DC-BTS15", MC: "DC-MC09", TP: "DC-TP05"}


def qui(identifiant: str, role: str = "president_jury") -> dict[str, Any]:
    par = Acteur(id=identifiant, role=role, academie="rouen", portee=("jury:J1",))
    return {"le": LE, "par": par, "session": "2026", "diplome": "essai", "jury": "J1"}


def president(identifiant: str) -> dict[str, Any]:
    return qui(PRESIDENCE[identifiant][0])


RECTEUR = qui("rec1", "recteur")


def constitue(identifiant: str, **autres: Any) -> JuryConstitue:
    """Regular by default."""
    preside, supplee = PRESIDENCE[identifiant]
    valeurs = {
        "jury": "J1",
        "arrete": "arrêté du 2 juin",
        "membres": MEMBRES[identifiant],
        "president": preside,
        "vice_president": supplee,
        "candidats": (ALICE, BASILE),
        "regle": REGLE_JURY[identifiant],
    }
    return JuryConstitue(**valeurs | autres)


def en_seance(identifiant: str, **autres: Any) -> tuple[JuryEvent, ...]:
    """Named, all present, open."""
    nomme = constitue(identifiant, **autres)
    presents = tuple(PresenceAttestee(jury="J1", membre=one.id) for one in nomme.membres)
    ouvert = JuryOuvert(jury="J1", journal="JOURNAL_ROUEN", position=90, preside_par=nomme.president)
    return (nomme, *presents, ouvert)


def donne(identifiant: str, *histoire: Any, annee: int | None = None, **arguments: Any) -> Given[Jury]:
    """``arguments`` are what the shell gives to `decide` besides the session."""
    return Spec(partial(decide, session=session_de(identifiant, annee), **arguments), evolve, initial).given(*histoire)


def prise(identifiant: str, d: DossierJury, *histoire: Event, annee: int | None = None) -> DecisionPrise:
    """The decision that the president takes on this dossier, after these facts; in session when there is none."""
    passe = histoire or en_seance(identifiant)
    ordre = PrendreDecision(candidat=d.numero, **president(identifiant))
    (event,) = donne(identifiant, *passe, dossier=d, annee=annee).when(ordre).events()
    assert isinstance(event, DecisionPrise)
    return event


def etat(*histoire: Any) -> Jury:
    return reduce(evolve, histoire, initial)
