"""Juger une pièce qu'un contrôle exige : son délai, ses signatures, ce qu'elle atteste, ce qu'elle tient (BTS-C02)."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.evenements.conformite import MotifNonConformite, PieceDeposee
from contracts.reglement import Duree, PieceExigee
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Periode, Verdict
from services.conformite.domain.attestation import Manque, du_secteur, mots
from services.conformite.domain.contenu import Defaut, defauts
from services.conformite.domain.durees import a_temps_plein
from services.conformite.domain.exigences import ControleDu, date_remise
from services.conformite.domain.heures import chiffre, semaines_sur_dates
from services.conformite.domain.jugement import Demande, Jugement, ordonner
from services.conformite.domain.supports import signataires, signatures_absentes

REGLE_ECART = "AMB-35"
NON_SIGNEE = "signature de qui atteste"
SANS_CONTENU = "contenu de l'attestation : entreprise, périodes, signataire"
SANS_CANDIDAT = "identité du candidat"


def juger_exigee(
    deposee: PieceDeposee, du: ControleDu, exigee: PieceExigee, categorie: Categorie, session: SessionFigee
) -> Jugement:
    """Le verdict de la règle, avec tous ses motifs. Un défaut de contenu n'en est un que si le règlement le dit."""
    duree = next((une for une in du.durees if deposee.nature in une.natures), None)
    tardif = not session.dans_les_delais(deposee.depose_le, date_remise(session))
    manques = tuple(_manques(deposee, exigee, duree, categorie, session))
    motifs = [un.motif for un in manques] + ([MotifNonConformite.DELAI] if tardif else [])
    refus = _secteur(deposee, duree)
    alertes = (*_alertes(deposee, duree), *_reserves(deposee, exigee))
    if tardif or refus:
        regle = du.controle.regle_delai if tardif else refus
        secteur = [MotifNonConformite.SECTEUR] if refus else []
        return Jugement(Verdict.NON_CONFORME, regle, motifs=ordonner(motifs + secteur), alertes=alertes)
    if manques:
        demande = _demande(manques, du, session)
        return Jugement(Verdict.INCOMPLETE, manques[0].regle, motifs=ordonner(motifs), alertes=alertes, demande=demande)
    examen = _a_examiner(deposee, exigee, duree)
    return Jugement(Verdict.A_EXAMINER if examen else Verdict.CONFORME, examen or exigee.regle, alertes=alertes)


def _demande(manques: tuple[Manque, ...], du: ControleDu, session: SessionFigee) -> Demande | None:
    """Ce qu'on redemande : une signature ou ce que l'attestation tait, toujours ; le reste, si le règlement le veut."""
    dus = [un for un in manques if du.controle.regularisable or un.motif is not MotifNonConformite.PIECE]
    if not dus:
        return None
    regle = du.controle.regle_regularisation or dus[0].regle
    return Demande(tuple(un.quoi for un in dus), regle, date_remise(session))


def regle_signature(exigee: PieceExigee) -> str:
    return exigee.regle_signature or exigee.regle


def defauts_de(deposee: PieceDeposee, exigee: PieceExigee) -> tuple[Defaut, ...]:
    """Ce qui manque à ce que la pièce tient, compté à sa réception."""
    exige = exigee.contenu_de(deposee.nature)
    return defauts(deposee.contenu, exige) if exige and deposee.contenu else ()


def regle_defaut(defaut: Defaut, exigee: PieceExigee) -> str:
    return defaut.regle or exigee.regle_contenu or exigee.regle


def _manques(
    deposee: PieceDeposee, exigee: PieceExigee, duree: Duree | None, categorie: Categorie, session: SessionFigee
) -> Iterator[Manque]:
    attestation = deposee.attestation
    if duree and attestation is None:
        yield Manque(exigee.regle, SANS_CONTENU, MotifNonConformite.ATTESTATION)
    if attestation and not attestation.candidat_identifie:
        yield Manque(exigee.regle, SANS_CANDIDAT, MotifNonConformite.ATTESTATION)
    for absente in _signatures(deposee, exigee, categorie, session):
        yield Manque(regle_signature(exigee), absente, MotifNonConformite.SIGNATURE)
    if exigee.contenu_bloque:
        for defaut in defauts_de(deposee, exigee):
            yield Manque(regle_defaut(defaut, exigee), defaut.texte)


def _signatures(
    deposee: PieceDeposee, exigee: PieceExigee, categorie: Categorie, session: SessionFigee
) -> tuple[str, ...]:
    """Celles qui manquent. Une attestation dit elle-même si elle est signée ; une liste de signataires le précise."""
    piece = session.reglement.pieces.get(deposee.nature)
    exiges = exigee.signataires or (signataires(piece, categorie, session.reglement) if piece else ())
    attestation = deposee.attestation
    if attestation is None:
        return signatures_absentes(exiges, deposee.signataires)
    if not attestation.signature:
        return signatures_absentes(exiges, ()) or (NON_SIGNEE,)
    return signatures_absentes(exiges, deposee.signataires) if deposee.signataires else ()


def _secteur(deposee: PieceDeposee, duree: Duree | None) -> str:
    """La règle que l'activité de l'entreprise enfreint ; vide si elle relève du secteur, ou n'est pas dite."""
    if duree is None or deposee.attestation is None or not duree.secteurs:
        return ""
    activite = deposee.attestation.entreprise.activite
    if not mots(activite) or du_secteur(activite, duree):
        return ""
    return duree.regle_secteur or duree.regle


def _a_examiner(deposee: PieceDeposee, exigee: PieceExigee, duree: Duree | None) -> str:
    """La règle que seule une personne peut appliquer ici ; vide s'il n'y en a pas."""
    attestation = deposee.attestation
    if attestation and attestation.signataire_est_candidat:
        return regle_signature(exigee)
    if duree and duree.secteurs and attestation and not mots(attestation.entreprise.activite):
        return duree.regle_secteur or duree.regle
    if exigee.contenu_bloque and deposee.contenu is None and exigee.contenu_de(deposee.nature):
        return exigee.regle_contenu or exigee.regle
    return ""


def _alertes(deposee: PieceDeposee, duree: Duree | None) -> Iterator[str]:
    """Ce que la commission doit savoir d'une attestation (AMB-30, AMB-35)."""
    if duree is None or deposee.attestation is None:
        return
    for rang, periode in enumerate(deposee.attestation.periodes, start=1):
        if not a_temps_plein(periode, duree):
            horaire = chiffre_heures(periode)
            yield f"{duree.regle_temps_partiel} : période {rang} à temps partiel ({horaire} h par semaine), à apprécier"
        if _ecart(periode):
            yield f"{REGLE_ECART} : période {rang}, semaines annoncées et dates diffèrent ; le plus petit est retenu"


def chiffre_heures(periode: Periode) -> str:
    return f"{periode.heures_hebdomadaires.normalize():f}"


def _ecart(periode: Periode) -> bool:
    annoncees = periode.semaines_annoncees
    return annoncees is not None and chiffre(semaines_sur_dates(periode)) != f"{annoncees.normalize():f}"


def _reserves(deposee: PieceDeposee, exigee: PieceExigee) -> Iterator[str]:
    """Les défauts laissés à qui évalue (BTS-C11, BTS-C18)."""
    if not exigee.contenu_bloque:
        for defaut in defauts_de(deposee, exigee):
            yield f"{regle_defaut(defaut, exigee)} : {defaut.texte} ; sans effet sur la conformité"
