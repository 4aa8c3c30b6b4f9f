"""Ce que le candidat n'a pas à passer, ou passe autrement : dispenses, notes conservées, aménagements."""

from __future__ import annotations

from typing import assert_never

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
from contracts.reglement import Arrondi, Calcul, Conservation, Epreuve, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Fondement, Forme
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
    regle = _regle_dispense(command, epreuve, fiche, reglement)
    if command.epreuve in fiche.benefices:
        raise Refus("BENEFICE_EN_COURS", f"{command.epreuve} : une note y est conservée, faites-la d'abord abandonner")
    return [
        DispenseAccordee(
            candidat=fiche.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            regle=regle,
            motif=command.motif,
            fondement=command.fondement,
        )
    ]


def _regle_dispense(command: AccorderDispense, epreuve: Epreuve, fiche: Fiche, reglement: Reglement) -> str:
    """La règle qui donne cette dispense, sur titre ou par validation de l'expérience (DC-VAE01)."""
    code, situation = command.epreuve, command.situation
    match command.fondement:
        case Fondement.VAE:
            return _regle_vae(code, situation, epreuve, reglement)
        case Fondement.TITRE if situation:
            return _regle_situation(code, situation, epreuve, reglement)
        case Fondement.TITRE:
            return _regle_unite(code, epreuve, fiche, reglement)
        case _:
            assert_never(command.fondement)


def _regle_vae(code: str, situation: str | None, epreuve: Epreuve, reglement: Reglement) -> str:
    regle = reglement.inscription.regle_vae
    if situation is not None:
        raise Refus(regle, f"{code}.{situation} : l'expérience valide l'unité entière")
    if not epreuve.vae:
        raise Refus(regle, f"{code} : ce règlement ne reprend pas cette unité par validation de l'expérience")
    return regle


def _regle_unite(code: str, epreuve: Epreuve, fiche: Fiche, reglement: Reglement) -> str:
    regle = epreuve.regle_dispense or reglement.inscription.regle_dispense
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
    epreuve = _exiger_notee(command.epreuve, fiche, session.reglement)
    accorde = BeneficeAccorde(
        candidat=fiche.candidat,
        epreuve=command.epreuve,
        note=command.note,
        session_origine=command.session_origine,
        regle=_regle_conservation(command, fiche, conservation),
    )
    deja = fiche.benefices.get(command.epreuve)
    if deja == accorde:
        return []
    _exiger_libre(command.epreuve, deja, fiche, conservation)
    _exiger_age(command, session.annee, conservation)
    _exiger_niveau(command, epreuve, fiche, conservation)
    return [accorde]


def _exiger_notee(code: str, fiche: Fiche, reglement: Reglement) -> Epreuve:
    """L'épreuve dont une note se garde : qui étale ses unités garde aussi celles qu'il ne présente pas (DC-BTS03)."""
    epreuve = reglement.epreuves.get(code)
    etalee = fiche.forme is Forme.PROGRESSIVE and epreuve is not None and epreuve.obligatoire
    if epreuve is None or not etalee:
        epreuve = exiger_passee(code, fiche, reglement)
    if epreuve.acquise_ou_non:
        raise Refus(
            reglement.conservation.regle, f"{code} s'acquiert sans note : faites reconnaître l'acquis, s'il y en a un"
        )
    return epreuve


def _regle_conservation(command: AccorderBenefice, fiche: Fiche, conservation: Conservation) -> str:
    """Celle qui garde la note : la forme progressive garde aussi celles qui n'atteignent pas le seuil (DC-BTS03)."""
    if command.autre_specialite and conservation.regle_autre_specialite:
        return conservation.regle_autre_specialite
    sous_le_seuil = conservation.seuil is not None and command.note < conservation.seuil
    if sous_le_seuil and fiche.forme is Forme.PROGRESSIVE and conservation.progressive_sans_seuil:
        return conservation.progressive_sans_seuil
    return conservation.regle


def _exiger_libre(code: str, deja: BeneficeAccorde | None, fiche: Fiche, conservation: Conservation) -> None:
    if deja is not None:
        raise Refus("BENEFICE_DEJA_ACCORDE", f"{code} : une autre note y est conservée, de {deja.session_origine}")
    if code in fiche.repassees:
        raise Refus(conservation.regle, f"{code} est repassée à cette session : sa note remplacera l'ancienne")
    if fiche.dispensee(code):
        raise Refus("EPREUVE_DISPENSEE", f"{code} : {fiche.candidat} en est dispensé, aucune note n'y compte")


def _exiger_age(command: AccorderBenefice, annee: int, conservation: Conservation) -> None:
    """La spécialité où la note fut obtenue, et depuis quand."""
    code, age = command.epreuve, annee - int(command.session_origine)
    if command.autre_specialite and code not in conservation.autre_specialite:
        permises = ", ".join(conservation.autre_specialite) or "aucune"
        regle = conservation.regle_autre_specialite or conservation.regle
        raise Refus(regle, f"{code} : d'une autre spécialité, seules comptent {permises}")
    if age < 1:
        raise Refus(conservation.regle, f"{code} : la note conservée vient d'une session passée, avant {annee}")
    if age > conservation.annees:
        raise Refus(
            conservation.regle,
            f"{code} : note de {command.session_origine}, de plus de {conservation.annees} ans ; elle est à repasser",
        )


def _exiger_niveau(command: AccorderBenefice, epreuve: Epreuve, fiche: Fiche, conservation: Conservation) -> None:
    """Le seuil de conservation, que la forme progressive peut lever (DC-BTS03), et le barème de l'épreuve."""
    code, seuil = command.epreuve, conservation.seuil
    leve = fiche.forme is Forme.PROGRESSIVE and conservation.progressive_sans_seuil is not None
    if seuil is not None and command.note < seuil and not leve:
        regle = conservation.regle_seuil or conservation.regle
        raise Refus(regle, f"{code} : seule se conserve une note d'au moins {seuil}")
    exacte = epreuve.calcul is Calcul.MOYENNE_PONDEREE and epreuve.arrondi is Arrondi.AUCUN
    if command.note > epreuve.note_max or (not exacte and command.note % epreuve.pas):
        pas = "" if exacte else f", par pas de {epreuve.pas}"
        raise Refus(epreuve.regle_pas, f"{code} : une note va de 0 à {epreuve.note_max}{pas} ; vérifiez-la")


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
