"""La personne : sa place dans la session, gardée sous une empreinte pour que nul n'y soit deux fois (DC-CAP07, AMB-56).

Inscrire, annuler et fusionner touchent à la fois la candidature et la place de la personne : c'est ici.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from contracts.commandes.inscription import AnnulerInscription, FusionnerDoublon, InscrireCandidat
from contracts.droits import Role
from contracts.evenements.inscription import (
    CandidatInscrit,
    DoublonFusionne,
    InscriptionAnnulee,
    PersonneLiberee,
    PersonneReservee,
)
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from services.communs.jury import exiger_avant_jury
from services.inscription.domain import admission
from services.inscription.domain.choix import parcours_suivis, retenues
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.domain.etats import (
    Annulee,
    Candidature,
    CandidatureEvent,
    Fiche,
    NonInscrite,
    exiger_en_cours,
)
from services.inscription.domain.transfert import exiger_sans_transfert

__all__ = [
    "Personne",
    "PersonneEvent",
    "Place",
    "Placee",
    "SansPlace",
    "annuler",
    "empreinte_personne",
    "evolve",
    "fusionner",
    "initial",
    "inscrire",
    "reprendre",
    "reserver",
]

PersonneEvent: TypeAlias = PersonneReservee | PersonneLiberee

MOTIF_MAX = 500


@dataclass(frozen=True)
class Place:
    """Une inscription de la personne : pour quel diplôme, de quelle famille de diplômes.

    ``diplome`` dit aussi le parcours, quand le diplôme en a : ``tp_crcd/ccp1``, ou les deux qui se suivent :
    ``tp_crcd/ccp2+capitalisation``. Un titre s'obtient en plusieurs fois.
    """

    diplome: str
    famille: str

    def du_meme_diplome(self, autre: Place) -> bool:
        """Le même diplôme, quel que soit le parcours."""
        return self.diplome.partition("/")[0] == autre.diplome.partition("/")[0]

    def prise_par(self, autre: Place) -> bool:
        """Le même diplôme, et un parcours commun s'il en a."""
        communs = self._parcours & autre._parcours
        return self.du_meme_diplome(autre) and (bool(communs) or not (self._parcours or autre._parcours))

    @property
    def _parcours(self) -> frozenset[str]:
        noms = self.diplome.partition("/")[2]
        return frozenset(noms.split("+")) if noms else frozenset()


@dataclass(frozen=True)
class SansPlace:
    """La personne n'est inscrite à rien dans cette session."""


@dataclass(frozen=True)
class Placee:
    """La personne est inscrite, sous ces numéros."""

    places: Mapping[str, Place]


Personne: TypeAlias = SansPlace | Placee
initial: Personne = SansPlace()


def evolve(personne: Personne, event: PersonneEvent) -> Personne:
    """Se souvenir, sans juger."""
    places = dict(_places(personne))
    match event:
        case PersonneReservee(candidat=candidat):
            places[candidat] = Place(event.diplome, event.famille)
        case PersonneLiberee(candidat=candidat):
            places.pop(candidat, None)
        case _:
            assert_never(event)
    return Placee(places) if places else SansPlace()


def _places(personne: Personne) -> Mapping[str, Place]:
    return personne.places if isinstance(personne, Placee) else {}


# Inscrire ----------------------------------------------------------------------------------------------------------


def inscrire(
    command: InscrireCandidat, candidature: Candidature, personne: Personne, session: SessionFigee, *, empreinte: str
) -> tuple[list[CandidatureEvent], list[PersonneEvent]]:
    """Les événements de la candidature et ceux de la personne ; aucun si cette personne est déjà inscrite ainsi.

    ``empreinte`` : celle de l'identité de la commande, qui nomme l'agrégat ``personne``. Adresse et courriel, scellés,
    ne se comparent pas.

    Raises:
        Refus: ``DEJA_INSCRIT``, ``INSCRIPTION_ANNULEE``, ceux de `admission.admettre` et de `reserver`.
    """
    if isinstance(candidature, NonInscrite):
        return [*admission.admettre(command, session, empreinte=empreinte)], reserver(command, personne, session)
    fiche = exiger_en_cours(candidature, command.candidat).fiche
    if empreinte in fiche.personnes and _meme_choix(command, fiche, session):
        return [], []
    raise Refus("DEJA_INSCRIT", f"{command.candidat} est déjà inscrit, autrement : modifiez son inscription")


def _meme_choix(command: InscrireCandidat, fiche: Fiche, session: SessionFigee) -> bool:
    demande = (command.categorie, command.facultatives, command.etablissement)
    if demande != (fiche.categorie, fiche.facultatives, fiche.etablissement):
        return False
    if (command.forme, retenues(command.unites, session.reglement)) != (fiche.forme, fiche.unites):
        return False
    if (command.formation_attestee, command.livret) != (fiche.formation_attestee, fiche.livret):
        return False
    dues = admission.dispenses_permis(command.candidat, session.reglement) if command.permis_b else ()
    if not all(fiche.dispensee(one.epreuve, one.situation) for one in dues):
        return False
    return all(fiche.modes.get(code) == mode for code, mode in command.modes.items())


def reserver(command: InscrireCandidat, personne: Personne, session: SessionFigee) -> list[PersonneEvent]:
    """Une seule inscription par personne, diplôme et parcours ; une seule spécialité d'une famille par session.

    Raises:
        Refus: le doublon (AMB-56) ; la seconde spécialité sans dérogation ni contrat prévu (DC-CAP07).
    """
    reglement = session.reglement
    place = _place(command, reglement)
    for numero, deja in _places(personne).items():
        if place.prise_par(deja):
            # Qui donne l'identité d'un autre n'apprend pas son numéro.
            sous = "" if command.par.role == Role.CANDIDAT else f" sous le numéro {numero}"
            raise Refus(
                reglement.inscription.regle_doublon,
                f"{command.candidat} : cette personne est déjà inscrite{sous} ; gardez ce numéro, "
                "ou donnez l'INE si c'est un homonyme",
            )
    autres = [
        numero
        for numero, deja in _places(personne).items()
        if deja.famille == place.famille and not deja.du_meme_diplome(place)
    ]
    if autres and not _seconde_permise(command, len(autres)):
        lesquels = "" if command.par.role == Role.CANDIDAT else f" ({', '.join(autres)})"
        raise Refus(
            reglement.deliberation.unique_specialite,
            f"{command.candidat} : cette personne est inscrite à un autre {place.famille} de la session{lesquels} ; "
            "il y faut une dérogation du recteur, ou un contrat qui prévoit deux spécialités",
        )
    return [
        PersonneReservee(
            candidat=command.candidat,
            diplome=place.diplome,
            famille=place.famille,
            derogation=bool(autres),
        )
    ]


def _place(command: InscrireCandidat | CandidatInscrit, reglement: Reglement) -> Place:
    suivis = parcours_suivis(retenues(command.unites, reglement), command.categorie, reglement)
    diplome = f"{reglement.diplome}/{'+'.join(suivis)}" if suivis else reglement.diplome
    return Place(diplome, reglement.documents.intitule_diplome)


def _seconde_permise(command: InscrireCandidat, autres: int) -> bool:
    """La dérogation vient du recteur, le contrat se vérifie : le candidat ne se les accorde pas."""
    if command.par.role == Role.CANDIDAT:
        return False
    return command.derogation or (command.contrat_deux_specialites and autres == 1)


def reprendre(inscrit: CandidatInscrit, personne: Personne, reglement: Reglement) -> list[PersonneReservee]:
    """La place d'une personne dont la candidature arrive d'une autre académie, si elle n'en tient pas déjà une."""
    place = _place(inscrit, reglement)
    if inscrit.candidat in _places(personne) or any(place.prise_par(deja) for deja in _places(personne).values()):
        return []
    return [PersonneReservee(candidat=inscrit.candidat, diplome=place.diplome, famille=place.famille)]


def doublon(inscrit: CandidatInscrit, personne: Personne, reglement: Reglement) -> str | None:
    """Le numéro sous lequel la personne est déjà inscrite ici à ce diplôme, s'il n'est pas celui-là (AMB-56)."""
    place = _place(inscrit, reglement)
    autres = (one for one, deja in _places(personne).items() if one != inscrit.candidat and place.prise_par(deja))
    return next(autres, None)


def rendre(candidat: str, personne: Personne) -> list[PersonneEvent]:
    """La place gardée pour un candidat qui ne vient finalement pas."""
    return _liberer(candidat, personne)


# Annuler, fusionner ------------------------------------------------------------------------------------------------


def annuler(
    command: AnnulerInscription, candidature: Candidature, personnes: Mapping[str, Personne], session: SessionFigee
) -> tuple[list[CandidatureEvent], dict[str, list[PersonneEvent]]]:
    """Les événements de la candidature et, par empreinte, ceux qui rendent ses places ; avant le jury seulement.

    ``personnes`` : par empreinte, les agrégats que nomme la fiche (``Fiche.personnes``).

    Raises:
        Refus: ``CANDIDAT_INCONNU``, ``TRANSFERT_EN_COURS``, AMB-54 après le jour du jury.
    """
    if isinstance(candidature, Annulee):
        return [], {}
    exiger_sans_transfert(exiger_en_cours(candidature, command.candidat).fiche)
    exiger_avant_jury(command, session)
    annulee = InscriptionAnnulee(candidat=command.candidat, motif=command.motif)
    return [annulee], {empreinte: _liberer(command.candidat, one) for empreinte, one in personnes.items()}


def _liberer(candidat: str, personne: Personne) -> list[PersonneEvent]:
    place = _places(personne).get(candidat)
    return [PersonneLiberee(candidat=candidat, diplome=place.diplome)] if place else []


def fusionner(
    command: FusionnerDoublon, gardee: Candidature, remplacee: Candidature, personnes: Mapping[str, Personne]
) -> tuple[list[CandidatureEvent], list[CandidatureEvent], dict[str, list[PersonneEvent]]]:
    """Les événements de la candidature gardée, de la remplacée, et des empreintes de celle-ci, qui changent de numéro.

    ``personnes`` : par empreinte, les agrégats que nomme la fiche de la remplacée.

    Raises:
        Refus: ``DOUBLON_IDENTIQUE``, ``CANDIDAT_INCONNU``, ``INSCRIPTION_ANNULEE``, ``TRANSFERT_EN_COURS``.
    """
    candidat, remplace = command.candidat, command.remplace
    if candidat == remplace:
        raise Refus("DOUBLON_IDENTIQUE", f"{candidat} : « candidat » et « remplace » sont le même numéro")
    exiger_en_cours(gardee, candidat)
    if isinstance(remplacee, Annulee):
        return [], [], {}
    fiche = exiger_en_cours(remplacee, remplace).fiche
    exiger_sans_transfert(fiche)
    empreintes = fiche.personnes
    fusionne = DoublonFusionne(candidat=candidat, remplace=remplace, motif=command.motif, personnes=empreintes)
    motif = f"doublon de {candidat} : {command.motif}"[:MOTIF_MAX]
    renommees = {empreinte: _renommer(candidat, remplace, one) for empreinte, one in personnes.items()}
    return [fusionne], [InscriptionAnnulee(candidat=remplace, motif=motif)], renommees


def _renommer(candidat: str, remplace: str, personne: Personne) -> list[PersonneEvent]:
    place = _places(personne).get(remplace)
    if place is None:
        return []
    reservee = PersonneReservee(candidat=candidat, diplome=place.diplome, famille=place.famille)
    return [PersonneLiberee(candidat=remplace, diplome=place.diplome), reservee]
