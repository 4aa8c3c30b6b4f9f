"""La conduite (EP3-S1) : théorie d'abord, une mention, jamais une note, jamais d'effet sur le CAP (CAP24-N17)."""

from __future__ import annotations

from contracts.commandes.conduite import EnregistrerConduite, EnregistrerEtg, RectifierConduite
from contracts.evenements.conduite import EtgEchouee, EtgValidee, PermisNonValide, PermisValide
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, EtatResultat, Mode
from services.notation.domain.cibles import (
    CibleConduite,
    conduites,
    exiger_inscrite,
    exiger_ouvert,
    presentee,
    viser,
)
from services.notation.domain.commission import exiger_commission
from services.notation.domain.etats import Conduite, Dispensee, EtgAcquise, Inscription, Releve


def enregistrer_etg(command: EnregistrerEtg, releve: Releve, session: SessionFigee) -> list[Event]:
    """Le résultat de l'épreuve théorique ; les rattrapages ne sont pas limités (CAP24-N12).

    Raises:
        Refus: ``ETG_SANS_OBJET``, ``ETG_DEJA_VALIDEE``, ``TENTATIVE_HORS_SUITE`` ou ``TENTATIVE_DEJA_ENREGISTREE``.
    """
    exiger_ouvert(releve)
    regles = next((one.regles for one in conduites(session) if one.regles.prealable == "etg"), None)
    if regles is None:
        raise Refus("ETG_SANS_OBJET", "ce règlement ne demande pas d'épreuve théorique générale")
    etg = releve.etg
    if isinstance(etg, EtgAcquise):
        if command.valide and command.tentative in (None, etg.tentatives):
            return []
        raise Refus("ETG_DEJA_VALIDEE", f"l'épreuve théorique est validée depuis la tentative {etg.tentatives}")
    rang = command.tentative or etg.tentatives + 1
    if rang <= etg.tentatives and not command.valide:
        return []
    _exiger_suite(rang, etg.tentatives)
    if command.valide:
        return [EtgValidee(candidat=command.candidat, tentative=rang, regle=regles.regle_prealable)]
    return [EtgEchouee(candidat=command.candidat, tentative=rang, regle=regles.regle_etg)]


def enregistrer_conduite(command: EnregistrerConduite, releve: Releve, session: SessionFigee) -> list[Event]:
    """La mention de l'expert, dans le vocabulaire du mode (CAP24-N14, CAP24-N15).

    Raises:
        Refus: dispense, vocabulaire, conduite non organisée (CAP24-I05), ETG (CAP24-N11), commission (CAP24-N16),
            une seule présentation en ponctuel (CAP24-N13), ``CONDUITE_DEJA_VALIDEE``, rang de la tentative.
    """
    inscription = exiger_ouvert(releve)
    cible, mode = _viser_conduite(command, inscription, releve, session)
    place = releve.place(cible.cle)
    if isinstance(place, Dispensee):
        raise Refus(place.regle, f"{cible.nom} : le candidat en est dispensé")
    mention = _mention(command.mention, cible, mode)
    _exiger_pratique_ouverte(cible, inscription, releve, session)
    if mode in cible.regles.commissions:
        exiger_commission(cible.regles.commissions[mode], command.commission)
    derniere = place if isinstance(place, Conduite) and place.tentative else None
    faites = derniere.tentative if derniere else 0
    repetee = derniere is not None and derniere.mention is mention
    rang = command.tentative or (faites if repetee else faites + 1)
    if repetee and rang == faites:
        return []
    _exiger_presentation(rang, derniere, cible, mode)
    return [_portee(command.candidat, cible, mention, rang, mode)]


def rectifier_conduite(command: RectifierConduite, releve: Releve, session: SessionFigee) -> list[Event]:
    """La mention enregistrée n'était pas celle de l'expert : erreur matérielle, corrigée avec son motif (DC-REC01).

    Raises:
        Refus: ``RIEN_A_RECTIFIER`` ; vocabulaire du mode.
    """
    inscription = exiger_ouvert(releve)
    cible, mode = _viser_conduite(command, inscription, releve, session)
    place = releve.place(cible.cle)
    if not isinstance(place, Conduite) or not place.tentative:
        raise Refus("RIEN_A_RECTIFIER", f"{cible.nom} : aucune mention n'est enregistrée")
    mention = _mention(command.mention, cible, mode)
    if mention is place.mention:
        return []
    portee = _portee(command.candidat, cible, mention, place.tentative, mode)
    regle = session.reglement.notation.regle_rectification
    return [portee.model_copy(update={"motif": command.motif, "regle": regle})]


def constater_absence_conduite(candidat: str, cible: CibleConduite, releve: Releve) -> list[Event]:
    """Absent à la conduite : non validée, jamais absent (AMB-51). Ce n'est pas une présentation.

    Raises:
        Refus: ``CONDUITE_DEJA_EVALUEE`` ; la règle de la dispense.
    """
    match releve.place(cible.cle):
        case Dispensee(regle=regle):
            raise Refus(regle, f"{cible.nom} : le candidat en est dispensé")
        case Conduite(tentative=0):
            return []
        case Conduite(mention=mention):
            raise Refus("CONDUITE_DEJA_EVALUEE", f"{cible.nom} porte déjà la mention « {mention} » : elle reste")
        case _:
            mention = EtatResultat(cible.regles.absence)
            return [_sans_presentation(candidat, cible, mention, cible.regles.regle_absence)]


def non_organisees(candidat: str, inscription: Inscription, releve: Releve, session: SessionFigee) -> list[Event]:
    """Les conduites que l'académie n'organise pas pour ce candidat (CAP24-I05), s'il n'en est pas dispensé."""
    return [
        _sans_presentation(candidat, cible, EtatResultat.NON_ORGANISEE, cible.regles.regle_individuel)
        for cible in conduites(session)
        if _non_organisee(cible, inscription, session)
        and presentee(cible.code, session.reglement.epreuves[cible.code], inscription)
        and not isinstance(releve.place(cible.cle), Dispensee)
    ]


def mention_arretee(
    cible: CibleConduite, inscription: Inscription, releve: Releve, session: SessionFigee
) -> tuple[EtatResultat, str]:
    """La mention à porter au relevé et sa règle ; sans pratique, ``non_validee`` (CAP24-N11, AMB-51)."""
    match releve.place(cible.cle):
        case Conduite(mention=mention, regle=regle):
            return mention, regle
        case Dispensee(regle=regle):
            return EtatResultat.DISPENSE, regle
    regles = cible.regles
    if _non_organisee(cible, inscription, session):
        return EtatResultat.NON_ORGANISEE, regles.regle_individuel
    sans_etg = regles.prealable == "etg" and not isinstance(releve.etg, EtgAcquise)
    return EtatResultat(regles.absence), regles.regle_prealable if sans_etg else regles.regle_absence


def _viser_conduite(
    command: EnregistrerConduite | RectifierConduite, inscription: Inscription, releve: Releve, session: SessionFigee
) -> tuple[CibleConduite, Mode]:
    cible = viser(command, session)
    if cible.conduite is None:
        raise Refus("SITUATION_NOTEE", f"{cible.nom} se note : saisissez une note, pas une mention")
    return cible.conduite, exiger_inscrite(cible, inscription, releve)


def _mention(mot: str, cible: CibleConduite, mode: Mode) -> EtatResultat:
    if mot not in cible.regles.mentions[mode]:
        detail = f"{cible.nom} en mode {mode} : portez « {cible.mentions(mode)} », jamais une note"
        raise Refus(cible.regle_mention(mode), detail)
    return EtatResultat(mot)


def _exiger_pratique_ouverte(
    cible: CibleConduite, inscription: Inscription, releve: Releve, session: SessionFigee
) -> None:
    regles = cible.regles
    if _non_organisee(cible, inscription, session):
        detail = "l'académie n'organise pas la conduite pour les candidats individuels de cette session"
        raise Refus(regles.regle_individuel, detail)
    if regles.prealable == "etg" and not isinstance(releve.etg, EtgAcquise):
        detail = "pas de pratique avant l'épreuve théorique générale : enregistrez d'abord sa réussite"
        raise Refus(regles.regle_prealable, detail)


def _exiger_presentation(rang: int, derniere: Conduite | None, cible: CibleConduite, mode: Mode) -> None:
    permises = cible.regles.tentatives.get(mode)
    if permises is not None and rang > permises:
        detail = f"{cible.nom} : {permises} seule présentation en mode {mode}, déjà faite ; une erreur se rectifie"
        raise Refus(cible.regles.regle_tentatives, detail)
    if derniere and derniere.mention == cible.regles.mentions[mode][0]:
        raise Refus("CONDUITE_DEJA_VALIDEE", f"{cible.nom} est déjà validée ; une erreur se rectifie")
    _exiger_suite(rang, derniere.tentative if derniere else 0)


def _exiger_suite(rang: int, faites: int) -> None:
    """Les tentatives se suivent : la prochaine est ``faites + 1``."""
    if rang <= faites:
        raise Refus("TENTATIVE_DEJA_ENREGISTREE", f"la tentative {rang} est déjà enregistrée, avec un autre résultat")
    if rang > faites + 1:
        raise Refus("TENTATIVE_HORS_SUITE", f"la prochaine tentative est la {faites + 1}, pas la {rang}")


def _non_organisee(cible: CibleConduite, inscription: Inscription, session: SessionFigee) -> bool:
    au_choix = cible.regles.individuel == "selon_academie" and inscription.categorie is Categorie.INDIVIDUEL
    return au_choix and not session.parametres.conduite_individuels


def _portee(
    candidat: str, cible: CibleConduite, mention: EtatResultat, rang: int, mode: Mode
) -> PermisValide | PermisNonValide:
    classe = PermisValide if mention == cible.regles.mentions[mode][0] else PermisNonValide
    return classe(
        candidat=candidat,
        epreuve=cible.code,
        situation=cible.situation,
        mention=mention,
        tentative=rang,
        regle=cible.regle_mention(mode),
    )


def _sans_presentation(candidat: str, cible: CibleConduite, mention: EtatResultat, regle: str) -> PermisNonValide:
    return PermisNonValide(
        candidat=candidat, epreuve=cible.code, situation=cible.situation, mention=mention, tentative=0, regle=regle
    )
