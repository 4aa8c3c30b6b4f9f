"""Où et quand le candidat compose : centre, convocation, report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contracts.commandes.inscription import AffecterCentre, EmettreConvocation, ReporterPassage
from contracts.evenements.inscription import CentreAffecte, ConvocationEmise, PassageReporte
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Mode, TypeCentre
from services.inscription.domain.choix import exiger_categorie
from services.inscription.domain.ecrits import exiger_loge
from services.inscription.domain.etats import Convoquee, EnCours, Fiche, Inscrite, NonAutorisee
from services.inscription.domain.reconnaissance import exiger_acquis
from services.inscription.domain.session_examen import Centre
from services.inscription.domain.validite import exiger_unite_acquise

# Le centre ---------------------------------------------------------------------------------------------------------


def affecter(
    command: AffecterCentre, fiche: Fiche, reglement: Reglement, centres: Mapping[str, Centre]
) -> list[CentreAffecte]:
    """Un centre principal, ou son propre établissement s'il est désigné annexe et si le statut le permet (CAP24-G07).

    Raises:
        Refus: ``CENTRE_INCONNU``, ou la règle des centres annexes.
    """
    affecte = _affectation(command.centre, fiche, reglement, centres)
    return [] if fiche.centre == affecte and fiche.accueil is None else [affecte]


def _affectation(code: str, fiche: Fiche, reglement: Reglement, centres: Mapping[str, Centre]) -> CentreAffecte:
    categorie, regles = exiger_categorie(fiche.categorie, reglement), reglement.inscription
    centre, chez_lui = centres.get(code), code == fiche.etablissement
    if centre is None and chez_lui:
        raise Refus(regles.regle_centre_annexe, f"{code} n'est pas centre annexe : affectez un principal")
    if centre is None:
        raise Refus("CENTRE_INCONNU", f"{code} n'est pas un centre ouvert : vérifiez son code, ou ouvrez-le")
    annexe_permis = TypeCentre.ANNEXE in categorie.centres
    if centre.type is TypeCentre.ANNEXE and not (annexe_permis and chez_lui):
        raise Refus(
            regles.regle_centre_annexe,
            f"centre annexe {centre.code} : réservé à ses propres élèves et apprentis ; affectez un centre principal",
        )
    regle = regles.regle_centre_annexe if annexe_permis else regles.regle_centre
    return CentreAffecte(candidat=fiche.candidat, centre=centre.code, type=centre.type, regle=regle)


# La convocation ----------------------------------------------------------------------------------------------------


def convoquer(
    command: EmettreConvocation, candidature: EnCours, session: SessionFigee, centres: Mapping[str, Centre]
) -> list[ConvocationEmise]:
    """Convoquer un candidat autorisé, dans son centre, aux épreuves ponctuelles qu'il doit.

    Raises:
        Refus: ``NON_AUTORISE``, ``CONTROLE_ATTENDU``, ``CENTRE_ATTENDU``, ``CENTRE_FERME``,
            ``CONVOCATION_PREMATUREE``, ``RIEN_A_CONVOQUER``, ou la règle qui s'oppose.
    """
    fiche = candidature.fiche
    _exiger_autorise(candidature, session.reglement)
    if fiche.centre is None:
        raise Refus("CENTRE_ATTENDU", f"{fiche.candidat} n'a pas de centre : affectez-le avant de le convoquer")
    exiger_jour(fiche.candidat, command.date, session)
    exiger_centre_ouvert(centres.get(fiche.centre.centre), command.date, session)
    _exiger_a_l_heure(command, fiche, session.reglement)
    exiger_acquis(fiche, session.reglement)
    exiger_unite_acquise(fiche.acquis, session)
    epreuves = epreuves_ponctuelles(fiche)
    if not epreuves:
        raise Refus(
            "RIEN_A_CONVOQUER",
            f"{fiche.candidat} ne passe aucune épreuve ponctuelle (CCF, dispenses, bénéfices, dossiers non conformes)",
        )
    exiger_loge(fiche.candidat, command.date, epreuves, session)
    emise = ConvocationEmise(
        candidat=fiche.candidat,
        centre=fiche.centre.centre,
        epreuves=epreuves,
        le=command.date,
        academie=fiche.centre.academie,
        fuseau=fiche.centre.fuseau,
    )
    return [] if isinstance(candidature, Convoquee) and candidature.convocation == emise else [emise]


def epreuves_ponctuelles(fiche: Fiche) -> tuple[str, ...]:
    """Ce qu'il passe hors de son établissement : ni CCF, ni dispense, ni note conservée, ni épreuve fermée."""
    return tuple(
        code
        for code, mode in fiche.modes.items()
        if mode is Mode.PONCTUEL
        and not fiche.dispensee(code)
        and code not in fiche.benefices
        and code not in fiche.fermees
    )


def _exiger_autorise(candidature: EnCours, reglement: Reglement) -> None:
    """Pas de convocation pour un candidat non autorisé (CAP26-P01)."""
    candidat = candidature.fiche.candidat
    if isinstance(candidature, NonAutorisee):
        detail = f"{candidat} n'est pas autorisé à se présenter ({candidature.regle}) : pas de convocation"
        regle = reglement.inscription.regle_convocation
        raise Refus(regle, detail) if regle else Refus("NON_AUTORISE", detail)
    if isinstance(candidature, Inscrite) and controle_entier(reglement):
        raise Refus("CONTROLE_ATTENDU", f"{candidat} : le contrôle de son dossier n'est pas conclu, faites-le conclure")


def controle_entier(reglement: Reglement) -> bool:
    """Le contrôle du dossier ouvre-t-il tout l'examen, ou seulement des épreuves une à une (BTS-C03, MC-C04) ?"""
    controles = reglement.controles.values()
    return not controles or any(not one.epreuves for one in controles)


def exiger_jour(candidat: str, instant: datetime, session: SessionFigee) -> None:
    """Personne ne compose avant la première épreuve.

    Raises:
        Refus: ``CONVOCATION_PREMATUREE``.
    """
    premiere = session.parametres.premiere_epreuve
    if _jour(instant, session) < premiere:
        raise Refus("CONVOCATION_PREMATUREE", f"{candidat} : la première épreuve est le {premiere}")


def exiger_centre_ouvert(centre: Centre | None, instant: datetime, session: SessionFigee) -> None:
    """Le centre, si l'on sait quelque chose de lui, n'est pas fermé ce jour-là (CL-140).

    Raises:
        Refus: ``CENTRE_FERME``.
    """
    jour = _jour(instant, session)
    if centre is not None and jour in centre.ferme_le:
        raise Refus("CENTRE_FERME", f"le centre {centre.code} est fermé le {jour} : prenez un autre jour, ou un autre")


def _jour(instant: datetime, session: SessionFigee) -> date:
    return instant.astimezone(ZoneInfo(session.parametres.fuseau)).date()


def _exiger_a_l_heure(command: EmettreConvocation, fiche: Fiche, reglement: Reglement) -> None:
    """Le planning dit l'heure : la convocation ne vient pas après son premier moment (TR-N04)."""
    debut = fiche.planning.creneaux[0].debut if fiche.planning else None
    if debut is not None and command.date > debut:
        raise Refus(
            reglement.inscription.regle_passage,
            f"{fiche.candidat} : son passage commence le {debut}, convoquez-le avant",
        )


# Le report ---------------------------------------------------------------------------------------------------------


def reporter(
    command: ReporterPassage, candidature: EnCours, session: SessionFigee, centres: Mapping[str, Centre]
) -> list[CentreAffecte | PassageReporte]:
    """Composer à une autre date, dans ce centre ou un autre, sans absence ni sanction (CL-140).

    Raises:
        Refus: ``CENTRE_FERME``, ``CONVOCATION_PREMATUREE``, ``RIEN_A_REPORTER``, ceux d'`affecter`.
    """
    fiche, reglement = candidature.fiche, session.reglement
    if not isinstance(candidature, Convoquee):
        raise Refus("RIEN_A_REPORTER", f"{fiche.candidat} n'est pas convoqué : convoquez-le à la bonne date")
    sur_place = fiche.centre is not None and fiche.centre.centre == command.centre
    accueilli = sur_place and fiche.centre is not None and fiche.centre.academie is not None
    affecte = None if accueilli else _affectation(command.centre, fiche, reglement, centres)
    exiger_jour(fiche.candidat, command.date, session)
    exiger_centre_ouvert(centres.get(command.centre), command.date, session)
    convocation = candidature.convocation
    if (convocation.centre, convocation.le) == (command.centre, command.date):
        return []
    reportees = _reportees(command, convocation)
    exiger_loge(fiche.candidat, command.date, reportees, session)
    reporte = PassageReporte(
        candidat=fiche.candidat,
        centre=command.centre,
        le=command.date,
        motif=command.motif,
        regle=reglement.inscription.regle_centre_ferme or reglement.inscription.regle_passage,
        epreuves=reportees,
    )
    return [reporte] if sur_place or affecte is None else [affecte, reporte]


def _reportees(command: ReporterPassage, convocation: ConvocationEmise) -> tuple[str, ...]:
    """Les épreuves que le candidat n'a pas pu passer, parmi celles où il est convoqué.

    Raises:
        Refus: ``EPREUVE_NON_INSCRITE``.
    """
    autres = sorted(set(command.epreuves) - set(convocation.epreuves))
    if autres:
        dites = ", ".join(convocation.epreuves)
        raise Refus("EPREUVE_NON_INSCRITE", f"{', '.join(autres)} : il n'y est pas convoqué ({dites})")
    return tuple(dict.fromkeys(command.epreuves)) or convocation.epreuves
