"""Un BTS, une mention complémentaire, un titre professionnel : sessions, commandes et faits dont partent les specs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from contracts.commandes.inscription import InscrireCandidat
from contracts.droits import Role
from contracts.evenements.inscription import AcquisReconnu, CandidatInscrit, CentreAffecte
from contracts.messages import Acteur, Personnel
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Forme, Identite, Mode, Parametres, TypeCentre
from services.inscription.domain import candidature, personne
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.domain.session_examen import Centre
from services.inscription.tests.donnees import (
    IDENTITE,
    NUMERO,
    REGLEMENTS,
    SECRET,
    Ensemble,
    evolve_ensemble,
)
from services.socle.spec import Given, Spec

LYCEE, AUTRE_LYCEE = "0630018C", "0630020E"
CENTRE = Centre(LYCEE, TypeCentre.PRINCIPAL)


def parametres(annee: int, **autres: Any) -> Parametres:
    """Une session dont les épreuves commencent le 9 mai de l'année."""
    dates: dict[str, Any] = {
        "premiere_epreuve": date(annee, 5, 9),
        "cloture_inscriptions": date(annee, 1, 14),
        "remise_supports": date(annee, 4, 22),
        "remontee_ccf": date(annee, 6, 3),
        "jury_le": date(annee, 6, 24),
        "publication": datetime(annee, 7, 4, 8, tzinfo=UTC),
    }
    return Parametres(**{**dates, **autres})


@dataclass(frozen=True)
class Examen:
    """Un diplôme à une session, tel que les specs l'interrogent."""

    session: SessionFigee

    @property
    def reglement(self) -> Reglement:
        return self.session.reglement

    def qui(self, role: Role = Role.GESTIONNAIRE, le: datetime | None = None) -> dict[str, Any]:
        """L'enveloppe d'une commande, six mois avant l'examen."""
        annee = self.session.annee
        par = Acteur(id="agent-1", role=role, academie="clermont", portee=(f"candidat:{NUMERO}",))
        moment = le or datetime(annee - 1, 11, 8, 9, tzinfo=UTC)
        return {"le": moment, "par": par, "session": str(annee), "diplome": self.reglement.diplome}

    def inscription(self, categorie: Categorie, **autres: Any) -> InscrireCandidat:
        champs = {"candidat": NUMERO, "identite": IDENTITE, "categorie": categorie, **self.qui(), **autres}
        return InscrireCandidat.model_validate(champs)

    def inscrit(self, categorie: Categorie, *epreuves: str, **autres: Any) -> CandidatInscrit:
        """Le fait ; toutes les obligatoires en ponctuel, ou ces seules unités."""
        toutes = tuple(code for code, epreuve in self.reglement.epreuves.items() if epreuve.obligatoire)
        passees = epreuves or toutes
        champs: dict[str, Any] = {
            "candidat": NUMERO,
            "identite": Personnel[Identite](clair=IDENTITE),
            "categorie": categorie,
            "majeur": True,
            "modes": dict.fromkeys(passees, Mode.PONCTUEL),
            "unites": () if passees == toutes else passees,
            "reglement": self.reglement.id,
            "personne": empreinte_personne(IDENTITE, SECRET),
            **autres,
        }
        return CandidatInscrit(**champs)

    def candidate(self, **autres: Any) -> Given[Ensemble]:
        """Qui se présente à l'inscription ; ``autres`` change les paramètres de la session."""
        return Spec(partial(_inscrire, session=self.avec(**autres).session), evolve_ensemble, Ensemble()).given()

    def candidat(self, *history: Any, **lookups: Any) -> Given[Any]:
        """Un inscrit et ce qui lui est arrivé, dans un centre ouvert."""
        choisis = {"centres": {LYCEE: CENTRE}, **lookups}
        decide = partial(candidature.decide, session=self.session, **choisis)
        return Spec(decide, candidature.evolve, candidature.initial).given(*history)

    def avec(self, **autres: Any) -> Examen:
        """Avec d'autres paramètres."""
        if not autres:
            return self
        changes = self.session.parametres.model_copy(update=autres)
        return Examen(SessionFigee(self.session.academie, self.reglement, changes))

    def sous(self, **clauses: Any) -> Examen:
        """Sous un règlement où ces clauses changent."""
        reglement = self.reglement.model_copy(update=clauses)
        return Examen(SessionFigee(self.session.academie, reglement, self.session.parametres))


def _inscrire(command: InscrireCandidat, ensemble: Ensemble, session: SessionFigee) -> list[Any]:
    empreinte = empreinte_personne(command.identite, SECRET)
    suites = personne.inscrire(command, ensemble[command.candidat], ensemble.personne, session, empreinte=empreinte)
    return [event for events in suites for event in events]


def examen(reglement: str, annee: int, **autres: Any) -> Examen:
    return Examen(SessionFigee("clermont", REGLEMENTS[reglement], parametres(annee, **autres)))


BTS = examen("BTS-NDRC-2022", 2022)
MC = examen("MC-ACVD", 2024)
TP = examen("TP-CRCD-2021", 2022)

AFFECTE = CentreAffecte(candidat=NUMERO, centre=LYCEE, type=TypeCentre.PRINCIPAL, regle="TR-N04")
PROGRESSIVE: dict[str, Any] = {"forme": Forme.PROGRESSIVE}


def acquis(epreuve: str, obtenu_le: date = date(2021, 9, 10), **autres: Any) -> AcquisReconnu:
    champs: dict[str, Any] = {
        "candidat": NUMERO,
        "epreuve": epreuve,
        "obtenu_le": obtenu_le,
        "titre_origine": "TP-CRCD-2021",
        "regle": "DC-TP03",
        "regles": ("DC-TP03",),
        **autres,
    }
    return AcquisReconnu(**champs)


def a(heure: int, minute: int = 0, seconde: int = 0, jour: date = date(2022, 6, 13)) -> datetime:
    """Un instant du jour de l'examen, heure universelle."""
    return datetime(jour.year, jour.month, jour.day, tzinfo=UTC) + timedelta(
        hours=heure, minutes=minute, seconds=seconde
    )
