"""Ce que le candidat n'a pas à passer, ou passe autrement : dispenses, notes conservées, aménagements."""

from __future__ import annotations

from contracts.commandes.inscription import (
    AbandonnerBenefice,
    AccorderAmenagement,
    AccorderBenefice,
    AccorderDispense,
)
from contracts.evenements.inscription import (
    AmenagementAccorde,
    BeneficeAbandonne,
    BeneficeAccorde,
    DispenseAccordee,
)
from contracts.messages import Refus
from contracts.reglement import Conservation, Epreuve, Reglement
from contracts.session import SessionFigee
from services.inscription.domain.etats import Fiche


def exiger_passee(code: str, fiche: Fiche, reglement: Reglement) -> Epreuve:
    """Une épreuve que le candidat a à son inscription.

    Raises:
        Refus: ``EPREUVE_INCONNUE``, ``EPREUVE_NON_INSCRITE``.
    """
    if code not in reglement.epreuves:
        raise Refus("EPREUVE_INCONNUE", f"{code} : {reglement.id} n'a pas cette épreuve")
    if code not in fiche.modes:
        raise Refus("EPREUVE_NON_INSCRITE", f"{code} : {fiche.candidat} n'est pas inscrit à cette épreuve")
    return reglement.epreuves[code]


def dispenser(command: AccorderDispense, fiche: Fiche, reglement: Reglement) -> list[DispenseAccordee]:
    """Dispense par titre, d'une unité entière ou de la seule situation que le texte permet (DC-CAP20, CAP24-I04).

    Raises:
        Refus: ``BENEFICE_EN_COURS``, ceux d'`exiger_passee`, ou la règle qui s'oppose.
    """
    epreuve = exiger_passee(command.epreuve, fiche, reglement)
    if fiche.dispensee(command.epreuve, command.situation):
        return []
    regle = (
        _regle_situation(command.epreuve, command.situation, epreuve, reglement)
        if command.situation
        else _regle_unite(command.epreuve, epreuve, fiche, reglement)
    )
    if command.epreuve in fiche.benefices:
        raise Refus("BENEFICE_EN_COURS", f"{command.epreuve} : une note y est conservée, faites-la d'abord abandonner")
    return [
        DispenseAccordee(
            candidat=fiche.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            regle=regle,
            motif=command.motif,
        )
    ]


def _regle_unite(code: str, epreuve: Epreuve, fiche: Fiche, reglement: Reglement) -> str:
    regle = reglement.inscription.regle_dispense
    if not epreuve.obligatoire:
        raise Refus(regle, f"{code} est facultative : retirez-la de l'inscription plutôt que d'en dispenser")
    if not epreuve.dispensable:
        raise Refus(regle, f"{code} : aucune dispense à cette épreuve")
    if fiche.categorie in epreuve.dispense_exclue:
        raise Refus(regle, f"{code} : aucune dispense à cette épreuve pour ce statut ({fiche.categorie})")
    return regle


def _regle_situation(code: str, nom: str, epreuve: Epreuve, reglement: Reglement) -> str:
    situation = epreuve.situations.get(nom)
    if situation is None or situation.conduite is None or situation.conduite.dispense is None:
        raise Refus(reglement.inscription.regle_dispense, f"{code}.{nom} : la dispense porte sur l'épreuve entière")
    return situation.conduite.regle_dispense


def conserver(command: AccorderBenefice, fiche: Fiche, session: SessionFigee) -> list[BeneficeAccorde]:
    """Garder une note d'une session passée, dans le délai du règlement (DC-CAP18, DC-CAP19).

    Raises:
        Refus: ``BENEFICE_DEJA_ACCORDE``, ``EPREUVE_DISPENSEE``, ceux d'`exiger_passee`, ou la règle qui s'oppose.
    """
    conservation = session.reglement.conservation
    epreuve = exiger_passee(command.epreuve, fiche, session.reglement)
    accorde = BeneficeAccorde(
        candidat=fiche.candidat,
        epreuve=command.epreuve,
        note=command.note,
        session_origine=command.session_origine,
        regle=conservation.regle_autre_specialite if command.autre_specialite else conservation.regle,
    )
    deja = fiche.benefices.get(command.epreuve)
    if deja == accorde:
        return []
    _exiger_libre(command.epreuve, deja, fiche, conservation)
    _exiger_conservable(command, epreuve, session.annee, conservation)
    return [accorde]


def _exiger_libre(code: str, deja: BeneficeAccorde | None, fiche: Fiche, conservation: Conservation) -> None:
    if deja is not None:
        raise Refus("BENEFICE_DEJA_ACCORDE", f"{code} : une autre note y est conservée, de {deja.session_origine}")
    if code in fiche.repassees:
        raise Refus(conservation.regle, f"{code} est repassée à cette session : sa note remplacera l'ancienne")
    if fiche.dispensee(code):
        raise Refus("EPREUVE_DISPENSEE", f"{code} : {fiche.candidat} en est dispensé, aucune note n'y compte")


def _exiger_conservable(command: AccorderBenefice, epreuve: Epreuve, annee: int, conservation: Conservation) -> None:
    """L'âge de la note, son niveau, son barème, et la spécialité où elle fut obtenue."""
    code, age = command.epreuve, annee - int(command.session_origine)
    if command.autre_specialite and code not in conservation.autre_specialite:
        permises = ", ".join(conservation.autre_specialite)
        raise Refus(conservation.regle_autre_specialite, f"{code} : d'une autre spécialité, seules comptent {permises}")
    if age < 1:
        raise Refus(conservation.regle, f"{code} : la note conservée vient d'une session passée, avant {annee}")
    if age > conservation.annees:
        raise Refus(
            conservation.regle,
            f"{code} : note de {command.session_origine}, de plus de {conservation.annees} ans ; elle est à repasser",
        )
    if conservation.seuil is not None and command.note < conservation.seuil:
        raise Refus(conservation.regle, f"{code} : seule se conserve une note d'au moins {conservation.seuil}")
    if command.note > epreuve.note_max or command.note % epreuve.pas:
        raise Refus(
            epreuve.regle_pas, f"{code} : une note va de 0 à {epreuve.note_max}, par pas de {epreuve.pas} ; vérifiez-la"
        )


def abandonner(command: AbandonnerBenefice, fiche: Fiche, reglement: Reglement) -> list[BeneficeAbandonne]:
    """Repasser l'épreuve : la note à venir remplacera la note gardée, même plus basse (DC-CAP18). Sans retour.

    Raises:
        Refus: ``BENEFICE_ABSENT``.
    """
    if command.epreuve in fiche.benefices:
        regle = reglement.conservation.regle
        return [BeneficeAbandonne(candidat=fiche.candidat, epreuve=command.epreuve, regle=regle)]
    if command.epreuve in fiche.repassees:
        return []
    raise Refus("BENEFICE_ABSENT", f"{command.epreuve} : aucune note n'y est conservée pour {fiche.candidat}")


def amenager(command: AccorderAmenagement, fiche: Fiche, reglement: Reglement) -> list[AmenagementAccorde]:
    """Un aménagement, pour toutes les épreuves ou pour celles qu'il nomme ; jamais son motif (DC-HAN01).

    Raises:
        Refus: ceux d'`exiger_passee`.
    """
    nature, epreuves = command.nature.strip(), tuple(dict.fromkeys(command.epreuves))
    for code in epreuves:
        exiger_passee(code, fiche, reglement)
    if fiche.amenagements.get(nature) == epreuves:
        return []
    regle = reglement.inscription.regle_amenagement
    return [AmenagementAccorde(candidat=fiche.candidat, nature=nature, epreuves=epreuves, regle=regle)]
