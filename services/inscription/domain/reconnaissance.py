"""Les unités déjà acquises sans note : sous ce titre, ou sous celui qu'il remplace (TP-I05)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from contracts.commandes.inscription import ReconnaitreAcquis
from contracts.evenements.inscription import AcquisReconnu
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from services.inscription.domain.choix import obligatoires, parcours_suivis
from services.inscription.domain.etats import Fiche


def reconnaitre(command: ReconnaitreAcquis, fiche: Fiche, session: SessionFigee) -> list[AcquisReconnu]:
    """Reprendre une unité acquise, que le candidat ne présente donc pas.

    Raises:
        Refus: ``EPREUVE_INCONNUE``, ``ACQUIS_DEJA_RECONNU``, ou la règle qui s'oppose.
    """
    reglement, deja = session.reglement, fiche.acquis.get(command.epreuve)
    _exiger_reprenable(command.epreuve, fiche, reglement)
    _exiger_passe(command, session)
    regle = _regle_origine(command, reglement)
    reconnu = AcquisReconnu(
        candidat=fiche.candidat,
        epreuve=command.epreuve,
        obtenu_le=command.obtenu_le,
        titre_origine=command.titre_origine.strip(),
        regle=regle,
        regles=tuple(dict.fromkeys((regle, reglement.conservation.regle))),
    )
    if deja == reconnu:
        return []
    if deja is not None:
        raise Refus("ACQUIS_DEJA_RECONNU", f"{command.epreuve} est déjà reconnue, obtenue le {deja.obtenu_le}")
    return [reconnu]


def _exiger_reprenable(code: str, fiche: Fiche, reglement: Reglement) -> None:
    """Une unité qui s'acquiert sans note et se détient seule, que le candidat ne présente pas cette fois."""
    regle, epreuve = reglement.conservation.regle, reglement.epreuves.get(code)
    if epreuve is None:
        raise Refus("EPREUVE_INCONNUE", f"{code} : {reglement.id} n'a pas cette épreuve")
    if not epreuve.acquise_ou_non:
        raise Refus(regle, f"{code} se note : faites conserver sa note (inscription.accorder_benefice)")
    seules = {unite for one in reglement.parcours.values() for unite in one.acquis} or {*obligatoires(reglement)}
    if code not in seules:
        raise Refus(regle, f"{code} ne s'acquiert pas séparément : reprenez l'une de {', '.join(sorted(seules))}")
    if code in fiche.modes:
        raise Refus(regle, f"{code} : {fiche.candidat} la présente à cette session, elle n'est pas à reprendre")


def _exiger_passe(command: ReconnaitreAcquis, session: SessionFigee) -> None:
    jour = command.le.astimezone(ZoneInfo(session.parametres.fuseau)).date()
    if command.obtenu_le > jour:
        raise Refus(session.reglement.conservation.regle, f"{command.epreuve} : « obtenu_le » est à venir, corrigez-le")


def _regle_origine(command: ReconnaitreAcquis, reglement: Reglement) -> str:
    """La règle qui reprend l'unité : le titre est le même, ou le texte fait correspondre l'ancienne à la nôtre."""
    conservation, origine = reglement.conservation, _simple(command.titre_origine)
    ancienne = command.ccp_origine or command.epreuve
    siens = {_simple(nom) for nom in (reglement.id, reglement.intitule, reglement.diplome)}
    table = next((table for nom, table in conservation.origines.items() if _simple(nom) == origine), None)
    regle = conservation.regle_origines or conservation.regle
    if origine in siens and ancienne == command.epreuve:
        return conservation.regle
    if table is not None and table.get(ancienne) == command.epreuve:
        return regle
    connues = ", ".join(f"« {nom} »" for nom in (reglement.id, *conservation.origines))
    raise Refus(
        regle,
        f"{ancienne} du titre d'origine ne correspond pas à {command.epreuve} ; titres repris : {connues}",
    )


def _simple(nom: str) -> str:
    return " ".join(nom.split()).casefold()


def exiger_acquis(fiche: Fiche, reglement: Reglement) -> None:
    """Un parcours peut vouloir des unités déjà détenues, ou présentées juste avant à la même session (TP-D02).

    Raises:
        Refus: la règle du parcours.
    """
    for parcours in parcours_suivis(fiche.unites, fiche.categorie, reglement).values():
        manquent = [code for code in parcours.acquis if code not in fiche.acquis and code not in fiche.unites]
        if manquent:
            raise Refus(
                parcours.regle,
                f"{fiche.candidat} : {', '.join(manquent)} d'abord acquises ; faites-les reconnaître "
                "(inscription.reconnaitre_acquis)",
            )
