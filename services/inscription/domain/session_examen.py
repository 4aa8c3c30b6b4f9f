"""La session d'un diplôme dans une académie : règlement figé, paramètres, valeurs fournies, centres d'examen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts import session as contrat
from contracts.commandes.inscription import FermerCentre, FournirValeurs, OuvrirCentre, OuvrirSession
from contracts.evenements.inscription import CentreFerme, CentreOuvert, SessionOuverte, ValeursFournies
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Parametres, TypeCentre, Valeurs
from services.inscription.domain.ecrits import exiger_calendrier
from services.inscription.domain.regroupement import exiger_memes_valeurs

Reglements: TypeAlias = Mapping[str, Reglement]
Ailleurs: TypeAlias = Mapping[str, Valeurs | None]
AUCUNE: Ailleurs = MappingProxyType({})
SessionCommand: TypeAlias = OuvrirSession | FournirValeurs | OuvrirCentre | FermerCentre
SessionEvent: TypeAlias = SessionOuverte | ValeursFournies | CentreOuvert | CentreFerme


@dataclass(frozen=True)
class Centre:
    """Un centre d'examen : un lycée public, ou un établissement désigné annexe par un acte ; les jours où il ferme.

    ``places_accueil`` : celles qu'il offre aux candidats des autres académies du regroupement (BTS-G05).
    """

    code: str
    type: TypeCentre
    acte: str = ""
    ferme_le: frozenset[date] = frozenset()
    places_accueil: int | None = None


@dataclass(frozen=True)
class NonOuverte:
    """Aucun règlement n'est encore figé."""


@dataclass(frozen=True)
class Ouverte:
    """La session telle qu'ouverte, et les valeurs et centres venus ensuite."""

    ouverture: SessionOuverte
    ajouts: tuple[ValeursFournies, ...] = ()
    centres: Mapping[str, Centre] = field(default_factory=dict)


Session: TypeAlias = NonOuverte | Ouverte
initial: Session = NonOuverte()


def evolve(session: Session, event: SessionEvent) -> Session:
    """Se souvenir, sans juger."""
    match event:
        case SessionOuverte():
            return Ouverte(event)
        case ValeursFournies():
            return replace(session, ajouts=(*session.ajouts, event)) if isinstance(session, Ouverte) else session
        case CentreOuvert():
            return _avec_centre(session, event)
        case CentreFerme(centre=code, jour=jour):
            return _fermer(session, code, jour)
        case _:
            assert_never(event)


def _avec_centre(session: Session, event: CentreOuvert) -> Session:
    if not isinstance(session, Ouverte):
        return session
    deja = session.centres.get(event.centre)
    fermetures = deja.ferme_le if deja else frozenset[date]()
    centre = Centre(event.centre, event.type, event.acte, fermetures, event.places_accueil)
    return replace(session, centres={**session.centres, event.centre: centre})


def _fermer(session: Session, code: str, jour: date) -> Session:
    centre = session.centres.get(code) if isinstance(session, Ouverte) else None
    if not isinstance(session, Ouverte) or centre is None:
        return session
    return replace(session, centres={**session.centres, code: replace(centre, ferme_le=centre.ferme_le | {jour})})


def session_figee(academie: str, session: Session, reglements: Reglements) -> SessionFigee:
    """La session telle que les autres deciders la voient, avec le règlement même que l'ouverture a figé.

    Raises:
        Refus: ``SESSION_NON_OUVERTE``, ``REGLEMENT_CHANGE``.
    """
    events = [session.ouverture, *session.ajouts] if isinstance(session, Ouverte) else []
    return contrat.session_figee(academie, events, reglements)


def decide(
    command: SessionCommand, session: Session, *, reglements: Reglements, ailleurs: Ailleurs = AUCUNE
) -> list[SessionEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait. ``reglements`` : ceux du programme, par identifiant.

    ``ailleurs`` : les valeurs des académies avec qui l'examen se partage, pour qui en fournit.

    Raises:
        Refus: ``SESSION_NON_OUVERTE``, ``SESSION_DEJA_OUVERTE``, ``REGLEMENT_INCONNU``, ``DATES_INCOHERENTES``,
            ``FUSEAU_INCONNU``, ``CHOIX_INCONNU``, ``CENTRE_DEJA_OUVERT``, ``CENTRE_INCONNU``, ou la règle qui s'oppose.
    """
    if isinstance(command, OuvrirSession):
        return _ouvrir(command, reglements) if isinstance(session, NonOuverte) else _deja_ouverte(command, session)
    figee = session_figee(command.par.academie, session, reglements)
    match command:
        case FournirValeurs():
            return _fournir(command, figee, ailleurs)
        case OuvrirCentre():
            return _ouvrir_centre(command, session, figee.reglement)
        case FermerCentre():
            return _fermer_centre(command, session, figee)
        case _:
            assert_never(command)


def _ouvrir(command: OuvrirSession, reglements: Reglements) -> list[SessionEvent]:
    """Figer le règlement : identifiant, version, empreinte."""
    reglement = reglements.get(command.reglement)
    if reglement is None:
        connus = ", ".join(sorted(reglements))
        raise Refus("REGLEMENT_INCONNU", f"« {command.reglement} » : choisissez un règlement connu ({connus})")
    _exiger_sien(command, reglement)
    _exiger_arrete(command, reglement)
    _exiger_fuseau(command.parametres)
    _exiger_dates(command.parametres, command.session, reglement)
    _exiger_choix(command.parametres.choix, reglement)
    exiger_calendrier(command.parametres, reglement)
    if command.valeurs is not None:
        _exiger_attendues(command.valeurs, reglement)
    return [
        SessionOuverte(
            reglement=reglement.id,
            version=reglement.version,
            empreinte=reglement.empreinte,
            parametres=command.parametres,
            valeurs=command.valeurs,
            arrete=command.arrete.strip(),
        )
    ]


def _deja_ouverte(command: OuvrirSession, session: Ouverte) -> list[SessionEvent]:
    deja = session.ouverture
    demande = (command.reglement, command.parametres, command.valeurs, command.arrete.strip())
    if demande == (deja.reglement, deja.parametres, deja.valeurs, deja.arrete):
        return []
    raise Refus(
        "SESSION_DEJA_OUVERTE",
        f"la session est ouverte avec {deja.reglement} v{deja.version} : règlement et paramètres n'y changent plus "
        "(une valeur manquante se fournit par inscription.fournir_valeurs)",
    )


def _exiger_sien(command: OuvrirSession, reglement: Reglement) -> None:
    """Un règlement vaut pour son diplôme et ses sessions, pour aucun autre (CAP24-I01)."""
    if command.diplome != reglement.diplome or not reglement.vaut_pour(command.session):
        sessions = ", ".join(sorted({reglement.session, *reglement.sessions}))
        raise Refus(
            reglement.inscription.regle_session,
            f"{reglement.id} est le règlement de {reglement.diplome}, session {sessions} : choisissez celui "
            f"de {command.diplome}, session {command.session}",
        )


def _exiger_arrete(command: OuvrirSession, reglement: Reglement) -> None:
    """Un diplôme dont on ne sait s'il vit encore ne s'ouvre que sur le texte qui le dit (AMB-25)."""
    regle = reglement.inscription.regle_arrete
    if regle is not None and not command.arrete.strip():
        raise Refus(
            regle,
            f"{reglement.id} : les textes connus ne disent pas que la session {command.session} existe ; donnez la "
            "référence de l'arrêté qui l'ouvre (« arrete »)",
        )


def _exiger_choix(choix: Mapping[str, str], reglement: Reglement) -> None:
    """L'académie ne tranche que ce que le règlement lui laisse, par l'une des options qu'il décrit."""
    for ambiguite, option in choix.items():
        laisse = reglement.choix.get(ambiguite)
        possibles = laisse.possibles if laisse else {}
        if option not in possibles:
            offertes = ", ".join(possibles) or "aucune : ce choix n'est pas ouvert"
            raise Refus(
                ambiguite if laisse else "CHOIX_INCONNU",
                f"« choix » : option inconnue de {reglement.id} (options offertes : {offertes})",
            )


def _exiger_fuseau(parametres: Parametres) -> None:
    try:
        ZoneInfo(parametres.fuseau)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refus("FUSEAU_INCONNU", "« fuseau » : donnez un nom comme Europe/Paris ou Indian/Reunion") from None


def _exiger_dates(parametres: Parametres, session: str, reglement: Reglement) -> None:
    """L'année est celle de la session, la clôture vient avant les épreuves, l'attestation a sa date limite."""
    if parametres.premiere_epreuve.year != int(session):
        raise Refus("DATES_INCOHERENTES", f"premiere_epreuve : attendue en {session}, année de la session")
    if parametres.cloture_inscriptions > parametres.premiere_epreuve:
        raise Refus("DATES_INCOHERENTES", "cloture_inscriptions : les inscriptions closent avant la première épreuve")
    if reglement.experience is not None and parametres.limite_attestation is None:
        raise Refus(
            reglement.experience.regle_delai,
            "limite_attestation : ce règlement demande une attestation d'expérience, donnez-en la date limite",
        )


def _exiger_attendues(valeurs: Valeurs, reglement: Reglement) -> None:
    """Ne sont reçues que les valeurs que le règlement laisse ouvertes (AMB-05)."""
    attendues = reglement.a_fournir()
    poids = [cle for cle in attendues if "." in cle]
    coefficients = [cle for cle in attendues if "." not in cle]
    inconnues = sorted({*valeurs.coefficients} - {*coefficients} | {*valeurs.poids} - {*poids})
    if inconnues:
        raise Refus(
            reglement.deliberation.regle_valeurs,
            f"{', '.join(inconnues)} : {reglement.id} n'attend que les coefficients de "
            f"{', '.join(coefficients) or 'rien'} et les poids de {', '.join(poids) or 'rien'}",
        )


def _fournir(command: FournirValeurs, figee: SessionFigee, ailleurs: Ailleurs) -> list[SessionEvent]:
    """Compléter ce qui manque ; ce qui est fourni ne change plus (AMB-59)."""
    valeurs, deja = command.valeurs, figee.valeurs
    _exiger_attendues(valeurs, figee.reglement)
    regle = figee.reglement.inscription.regle_valeurs_figees
    coefficients = _nouvelles(valeurs.coefficients, deja.coefficients if deja else {}, regle)
    poids = _nouvelles(valeurs.poids, deja.poids if deja else {}, regle)
    if not coefficients and not poids:
        return []
    exiger_memes_valeurs(valeurs, ailleurs, figee)
    return [ValeursFournies(valeurs=valeurs.model_copy(update={"coefficients": coefficients, "poids": poids}))]


def _nouvelles(donnees: Mapping[str, Decimal], deja: Mapping[str, Decimal], regle: str) -> dict[str, Decimal]:
    changees = sorted(cle for cle, valeur in donnees.items() if deja.get(cle, valeur) != valeur)
    if changees:
        raise Refus(regle, f"{', '.join(changees)} : valeur déjà fournie, elle ne change plus pendant la session")
    return {cle: valeur for cle, valeur in donnees.items() if cle not in deja}


def _ouvrir_centre(command: OuvrirCentre, session: Session, reglement: Reglement) -> list[SessionEvent]:
    """Un lycée public ouvre de plein droit ; un établissement annexe, par l'acte qui le désigne (CAP24-G06, G07)."""
    acte = command.acte.strip()
    deja = session.centres.get(command.centre) if isinstance(session, Ouverte) else None
    meme = deja is not None and (deja.type, deja.acte) == (command.type, acte)
    if deja is not None and meme and deja.places_accueil == command.places_accueil:
        return []
    if deja is not None and not meme:
        raise Refus("CENTRE_DEJA_OUVERT", f"le centre {command.centre} est ouvert, {deja.type} : ouvrez-en un autre")
    if command.type is TypeCentre.ANNEXE and not acte:
        raise Refus(
            reglement.inscription.regle_centre_annexe,
            f"centre {command.centre} : citez l'acte qui le désigne centre annexe (« acte »)",
        )
    places = command.places_accueil
    return [CentreOuvert(centre=command.centre, type=command.type, acte=acte, places_accueil=places)]


def _fermer_centre(command: FermerCentre, session: Session, figee: SessionFigee) -> list[SessionEvent]:
    """Le centre n'ouvre pas un jour d'épreuve : un fait du centre, dont aucun candidat ne répond."""
    centre = session.centres.get(command.centre) if isinstance(session, Ouverte) else None
    if centre is None:
        raise Refus("CENTRE_INCONNU", f"{command.centre} n'est pas un centre ouvert : vérifiez son code")
    if command.jour in centre.ferme_le:
        return []
    premiere = figee.parametres.premiere_epreuve
    if command.jour < premiere:
        raise Refus("DATES_INCOHERENTES", f"jour : aucune épreuve avant le {premiere}, corrigez la date")
    regles = figee.reglement.inscription
    regle = regles.regle_centre_ferme or regles.regle_passage
    return [CentreFerme(centre=command.centre, jour=command.jour, motif=command.motif, regle=regle)]
