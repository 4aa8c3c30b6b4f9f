"""Juger une attestation de stage ou d'emploi (CAP26-C01 à C08, AMB-03, AMB-33 à AMB-36)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from contracts.evenements.conformite import MotifNonConformite, PieceDeposee
from contracts.messages import Refus
from contracts.reglement import Duree, Experience
from contracts.session import SessionFigee
from contracts.vocabulaire import Attestation, Entreprise, Verdict
from services.conformite.domain.acces import REGLE_A_VENIR, fenetre, fenetre_a_venir, veille
from services.conformite.domain.heures import Attestee, Decompte, Fenetre, chiffre, heures_plafonnees
from services.conformite.domain.jugement import Demande, Jugement, ordonner

REGLE_CANDIDAT = "CAP26-C04"
REGLE_PERIODES = "CAP26-C07"
REGLE_SIGNATURE = "CAP26-C06"
REGLE_ACTIVITES = "AMB-03"
REGLE_ECART = "AMB-35"
FRANCE = "FR"
SIRET = re.compile(r"[0-9]{14}")
# Le modèle officiel imprime les activités du CAP Opérateur logistique : flux entrants et sortants, chariots (AMB-03).
ACTIVITES_DU_MAUVAIS_CAP = ("flux", "chariot")
CHAMPS = {
    "type": "type d'entreprise",
    "denomination": "dénomination sociale",
    "adresse": "adresse de l'entreprise",
    "code_postal": "code postal de l'entreprise",
    "ville": "ville de l'entreprise",
    "activite": "activité de l'entreprise",
    "siret": "numéro de SIRET (14 chiffres)",
}
COMPLEMENT_INDEPENDANT = "pièces complémentaires d'un tiers : l'attestation est signée par le candidat lui-même"
COMPLEMENT_A_VENIR = "attestation complémentaire, une fois achevée la période à venir"


@dataclass(frozen=True)
class Manque:
    """Un champ absent de l'attestation, sa règle, et le motif qu'il donne s'il n'est pas régularisé."""

    regle: str
    quoi: str
    motif: MotifNonConformite = MotifNonConformite.PIECE


def exiger_dates(attestation: Attestation, regle: str = REGLE_PERIODES) -> None:
    """Refuser à la saisie une période qui finit avant de commencer (CL-024).

    Raises:
        Refus: la règle du décompte (CAP26-C07).
    """
    for rang, periode in enumerate(attestation.periodes, start=1):
        if periode.fin < periode.debut:
            detail = f"période {rang} : la fin précède le début ; corrigez les dates, rien n'est enregistré"
            raise Refus(regle, detail, periode=rang)


def juger_attestation(
    deposee: PieceDeposee, experience: Experience, session: SessionFigee, *, limite: date
) -> Jugement:
    """Le verdict de la règle. ``limite`` : dernier jour de dépôt de cette pièce, heure légale de l'académie.

    Hors délai ou hors secteur : non conforme, avec tous ses motifs. Un champ absent : incomplète. Un employeur
    étranger sans SIRET ou un signataire qui est le candidat : à examiner par une personne.
    """
    attestation = deposee.attestation
    if attestation is None:
        return _sans_contenu(deposee, experience, session, limite)
    manques = tuple(_manques(attestation, experience, session))
    refuses = tuple(_refus(deposee, attestation, experience, session, limite))
    decompte = decompter(deposee, experience, session)
    verdict, regle = _verdict(attestation, refuses, manques, experience, session)
    demande = None if refuses else _demande(attestation, manques, session, limite)
    return Jugement(
        verdict,
        regle,
        motifs=ordonner([motif for _, motif in refuses] + [manque.motif for manque in manques]),
        alertes=tuple(_alertes(attestation, decompte, experience)),
        heures=decompte.heures,
        demande=demande or (None if refuses else _a_venir(deposee, decompte, experience, session)),
    )


def decompter(deposee: PieceDeposee, experience: Experience, session: SessionFigee) -> Decompte:
    """Les heures que cette attestation, seule, établit."""
    return heures_plafonnees(attestees(deposee, fenetre(experience, session, deposee.depose_le)), experience)


def attestees(deposee: PieceDeposee, de: Fenetre) -> tuple[Attestee, ...]:
    """Les périodes d'une pièce, dans la fenêtre où elle vaut."""
    periodes = deposee.attestation.periodes if deposee.attestation else ()
    return tuple(Attestee(periode, de) for periode in periodes)


def du_secteur(activite: str, regle: Experience | Duree) -> bool:
    """L'activité de l'entreprise relève-t-elle d'un secteur du diplôme (CAP26-C01) ?

    Chaque mot du secteur y commence un mot : « transporteur » relève de ``transport``.
    """
    connus = mots(activite)
    return any(
        all(any(mot.startswith(racine.rstrip("s")) for mot in connus) for racine in mots(secteur))
        for secteur in regle.secteurs
    )


def mots(texte: str) -> set[str]:
    """Mots sans accent ni casse ; un code d'activité (« 4941A ») n'en donne aucun."""
    plat = unicodedata.normalize("NFKD", texte).encode("ascii", "ignore").decode().lower()
    return set(re.findall(r"\b[a-z]{3,}", plat.replace("_", " ")))


def _sans_contenu(deposee: PieceDeposee, experience: Experience, session: SessionFigee, limite: date) -> Jugement:
    manques = ("contenu de l'attestation : entreprise, périodes, signataire",)
    if not session.dans_les_delais(deposee.depose_le, limite):
        motifs = ordonner([MotifNonConformite.DELAI, MotifNonConformite.PIECE])
        return Jugement(Verdict.NON_CONFORME, experience.regle_delai, motifs=motifs)
    demande = Demande(manques, REGLE_PERIODES, limite)
    return Jugement(Verdict.INCOMPLETE, REGLE_PERIODES, motifs=(MotifNonConformite.PIECE,), demande=demande)


def _refus(
    deposee: PieceDeposee, attestation: Attestation, experience: Experience, session: SessionFigee, limite: date
) -> Iterator[tuple[str, MotifNonConformite]]:
    """Ce qu'aucune régularisation ne répare : le délai, le secteur."""
    if not session.dans_les_delais(deposee.depose_le, limite):
        yield experience.regle_delai, MotifNonConformite.DELAI
    activite = attestation.entreprise.activite
    if mots(activite) and not du_secteur(activite, experience):
        yield experience.regle_secteur, MotifNonConformite.SECTEUR


def _manques(attestation: Attestation, experience: Experience, session: SessionFigee) -> Iterator[Manque]:
    if not attestation.candidat_identifie:
        yield Manque(REGLE_CANDIDAT, "identité et adresse du candidat")
    yield from (
        Manque(experience.regle_champs, CHAMPS.get(champ, champ))
        for champ in experience.champs_obligatoires
        if _absent(attestation.entreprise, champ)
    )
    regle = _regle_signature(session)
    yield from (Manque(regle, quoi, MotifNonConformite.SIGNATURE) for quoi in _manques_signature(attestation))


def _absent(entreprise: Entreprise, champ: str) -> bool:
    """Un champ vide ; un SIRET mal formé ; jamais le SIRET d'un employeur étranger (CL-021)."""
    valeur = "".join(str(getattr(entreprise, champ, "")).split())
    if champ == "siret":
        return not (_etrangere(entreprise) and not valeur) and not SIRET.fullmatch(valeur)
    return not valeur


def _etrangere(entreprise: Entreprise) -> bool:
    return entreprise.pays.strip().upper() not in ("", FRANCE)


def _manques_signature(attestation: Attestation) -> Iterator[str]:
    """Les six éléments du signataire (CAP26-C06)."""
    elements = (
        (attestation.signataire_nomme, "nom et prénom du signataire"),
        (bool(attestation.signataire_fonction.strip()), "fonction du signataire"),
        (attestation.sur_honneur, "attestation sur l'honneur"),
        (bool(attestation.fait_a.strip()), "lieu de la signature"),
        (attestation.fait_le is not None, "date de la signature"),
        (attestation.cachet, "cachet de l'entreprise"),
        (attestation.signature, "signature"),
    )
    return (quoi for present, quoi in elements if not present)


def _regle_signature(session: SessionFigee) -> str:
    piece = session.reglement.pieces.get("attestation_experience")
    return (piece.regle_signature if piece else None) or REGLE_SIGNATURE


def _verdict(
    attestation: Attestation,
    refuses: tuple[tuple[str, MotifNonConformite], ...],
    manques: tuple[Manque, ...],
    experience: Experience,
    session: SessionFigee,
) -> tuple[Verdict, str]:
    if refuses:
        return Verdict.NON_CONFORME, refuses[0][0]
    if manques:
        return Verdict.INCOMPLETE, manques[0].regle
    if attestation.signataire_est_candidat:
        return Verdict.A_EXAMINER, _regle_signature(session)
    if _etrangere(attestation.entreprise) and not attestation.entreprise.siret.strip():
        return Verdict.A_EXAMINER, REGLE_ECART
    if not mots(attestation.entreprise.activite):
        return Verdict.A_EXAMINER, experience.regle_secteur
    return Verdict.CONFORME, REGLE_PERIODES


def _demande(
    attestation: Attestation, manques: tuple[Manque, ...], session: SessionFigee, limite: date
) -> Demande | None:
    """Ce qui se régularise avant la date limite."""
    independant = Manque(_regle_signature(session), COMPLEMENT_INDEPENDANT)
    dues = manques + ((independant,) if attestation.signataire_est_candidat else ())
    return Demande(tuple(due.quoi for due in dues), dues[0].regle, limite) if dues else None


def _a_venir(
    deposee: PieceDeposee, decompte: Decompte, experience: Experience, session: SessionFigee
) -> Demande | None:
    """Option de l'académie : des semaines à venir, comptées sous réserve d'une pièce complémentaire (AMB-34)."""
    if not session.parametres.a_venir_sous_reserve or not decompte.apres:
        return None
    total = heures_plafonnees(attestees(deposee, fenetre_a_venir(experience, session)), experience)
    if total.heures == decompte.heures:
        return None
    return Demande((COMPLEMENT_A_VENIR,), REGLE_A_VENIR, veille(session))


def _alertes(attestation: Attestation, decompte: Decompte, experience: Experience) -> Iterator[str]:
    cochees = " ".join(attestation.activites).lower()
    if not cochees.strip():
        yield f"{REGLE_ACTIVITES} : aucune activité cochée ; sans effet, la rubrique du modèle est erronée"
    elif any(mot in cochees for mot in ACTIVITES_DU_MAUVAIS_CAP):
        yield f"{REGLE_ACTIVITES} : activités d'un autre CAP, imprimées à tort sur le modèle ; sans effet"
    for ecart in decompte.ecarts:
        annoncees, dates = chiffre(ecart.annoncees), chiffre(ecart.sur_dates)
        yield f"{REGLE_ECART} : {annoncees} semaines annoncées, {dates} d'après les dates ; le plus petit est retenu"
    if decompte.avant:
        yield f"{experience.regle_fenetre} : {chiffre(decompte.avant)} h avant la fenêtre, non comptées"
    if decompte.apres:
        yield f"{REGLE_A_VENIR} : {chiffre(decompte.apres)} h après la date limite, non comptées à ce jour"
