"""Être inscrit : statut, formation des mineurs, délais, permis ; puis changer son choix (CAP24-I02 à I04, DC-CAP03)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from contracts.commandes.inscription import InscrireCandidat, ModifierInscription
from contracts.droits import Role
from contracts.evenements.inscription import CandidatInscrit, DispenseAccordee, InscriptionModifiee
from contracts.messages import Personnel, Refus
from contracts.reglement import CategorieReglee, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Identite, Mode, TypeCentre
from services.inscription.domain.choix import Demande, choisir, exiger_categorie, presentees
from services.inscription.domain.etats import Convoquee, EnCours, Fiche
from services.inscription.domain.validite import exiger_formation, exiger_validite

MAJORITE = 18  # code civil, article 414
PERMIS_B = "permis_b"


def majeur(naissance: date, annee: int) -> bool:
    """A-t-il dix-huit ans au 31 décembre de l'année de l'examen (CAP26-I02) ?"""
    return naissance.year + MAJORITE <= annee


def admettre(
    command: InscrireCandidat, session: SessionFigee, *, empreinte: str
) -> list[CandidatInscrit | DispenseAccordee]:
    """L'inscription d'un nouveau candidat, et les dispenses que son permis lui donne.

    Raises:
        Refus: ``INSCRIPTIONS_CLOSES``, ``JUSTIFICATIF_REQUIS``, ``NAISSANCE_A_VENIR``, ``CATEGORIE_NON_PREVUE``,
            ``EPREUVE_INCONNUE``, ``EPREUVE_NON_INSCRITE``, ``ETABLISSEMENT_REQUIS``, ou la règle qui s'oppose : délai
            de validité, formation à refaire, forme, parcours, mode.
    """
    reglement = session.reglement
    _exiger_ouvertes(session, command)
    _exiger_justifie(command)
    categorie = exiger_categorie(command.categorie, reglement)
    _exiger_ouverte(command, categorie)
    est_majeur = _exiger_majorite_ou_formation(command, session, categorie)
    exiger_validite(command, session)
    exiger_formation(command, session)
    demande = _demande(command)
    unites = presentees(demande, reglement)
    modes = choisir(replace(demande, unites=unites), session)
    inscrit = CandidatInscrit(
        candidat=command.candidat,
        identite=Personnel[Identite](clair=command.identite),
        categorie=command.categorie,
        majeur=est_majeur,
        modes=modes,
        facultatives=command.facultatives,
        etablissement=command.etablissement,
        formation_attestee=command.formation_attestee,
        livret=command.livret,
        reglement=reglement.id,
        personne=empreinte,
        forme=command.forme,
        unites=unites,
    )
    return [inscrit, *(dispenses_permis(command.candidat, reglement) if command.permis_b else ())]


def _demande(command: InscrireCandidat) -> Demande:
    return Demande(
        categorie=command.categorie,
        modes=command.modes,
        facultatives=command.facultatives,
        etablissement=command.etablissement,
        forme=command.forme,
        unites=command.unites,
    )


def _exiger_ouverte(command: InscrireCandidat, categorie: CategorieReglee) -> None:
    """Un statut que les textes nomment peut ne pas exister pour ce diplôme (TP-I03)."""
    if not categorie.ouverte:
        raise Refus(
            categorie.regle,
            f"{command.candidat} : ce diplôme n'a pas cette voie, {categorie.intitule} ; choisissez-en une autre",
        )


def _exiger_justifie(command: InscrireCandidat) -> None:
    """Un titre ou une formation se constate sur pièce : le candidat ne se les accorde pas.

    Raises:
        Refus: ``JUSTIFICATIF_REQUIS``.
    """
    passe = command.anteriorite
    declare = passe is not None and (passe.formation_suivie or passe.premiere_inscription is not None)
    if command.par.role == Role.CANDIDAT and (command.permis_b or command.formation_attestee or declare):
        detail = (
            "permis, formation ou inscription passée : le service d'examens l'enregistre, sur pièce ; inscrivez-vous "
            "sans, puis demandez"
        )
        raise Refus("JUSTIFICATIF_REQUIS", f"{command.candidat} : {detail}")


def _exiger_ouvertes(session: SessionFigee, command: InscrireCandidat | ModifierInscription) -> None:
    cloture = session.parametres.cloture_inscriptions
    if not session.dans_les_delais(command.le, cloture):
        raise Refus("INSCRIPTIONS_CLOSES", f"{command.candidat} : les inscriptions sont closes depuis le {cloture}")


def _exiger_majorite_ou_formation(command: InscrireCandidat, session: SessionFigee, reglee: CategorieReglee) -> bool:
    """Un mineur se présente au terme d'une formation, qu'il l'ait par son statut ou qu'il l'atteste (DC-CAP03)."""
    naissance = command.identite.naissance
    if naissance >= command.le.date():
        raise Refus("NAISSANCE_A_VENIR", f"{command.candidat} : la date de naissance est à venir, corrigez-la")
    est_majeur = majeur(naissance, session.annee)
    if not est_majeur and not reglee.en_formation and not command.formation_attestee:
        raise Refus(
            session.reglement.inscription.regle_formation,
            f"{command.candidat} : mineur au 31 décembre {session.annee} et hors formation ; "
            "attestez sa formation (« formation_attestee »)",
        )
    return est_majeur


def dispenses_permis(candidat: str, reglement: Reglement) -> Iterator[DispenseAccordee]:
    """Le titulaire du permis B est dispensé de la situation de conduite, quel que soit le mode (CAP24-I04, AMB-10)."""
    for code, epreuve in reglement.epreuves.items():
        for nom, situation in epreuve.situations.items():
            if situation.conduite is not None and situation.conduite.dispense == PERMIS_B:
                yield DispenseAccordee(
                    candidat=candidat,
                    epreuve=code,
                    situation=nom,
                    regle=situation.conduite.regle_dispense,
                    motif="titulaire du permis de conduire de catégorie B",
                )


# Changer ce choix --------------------------------------------------------------------------------------------------


def modifier(command: ModifierInscription, candidature: EnCours, session: SessionFigee) -> list[InscriptionModifiee]:
    """Un autre choix, avant la clôture ; une facultative se quitte jusqu'à la convocation (AMB-50).

    Raises:
        Refus: ``INSCRIPTIONS_CLOSES``, ``CANDIDAT_CONVOQUE``, ``BENEFICE_EN_COURS``, et ceux de `choisir`.
    """
    fiche = candidature.fiche
    facultatives = fiche.facultatives if command.facultatives is None else command.facultatives
    etablissement = command.etablissement or fiche.etablissement
    gardes = {c: m for c, m in fiche.modes.items() if c not in fiche.facultatives or c in facultatives}
    demande = Demande(
        fiche.categorie, {**gardes, **command.modes}, facultatives, etablissement, fiche.forme, fiche.unites
    )
    modes = choisir(demande, session)
    if (modes, facultatives, etablissement) == (fiche.modes, fiche.facultatives, fiche.etablissement):
        return []
    if isinstance(candidature, Convoquee):
        raise Refus("CANDIDAT_CONVOQUE", f"{command.candidat} est convoqué : son inscription ne se modifie plus")
    if not _desinscription(gardes, modes, facultatives, etablissement, fiche):
        _exiger_ouvertes(session, command)
    _exiger_coherence(fiche, facultatives, etablissement, session.reglement)
    return [
        InscriptionModifiee(
            candidat=command.candidat, modes=modes, facultatives=facultatives, etablissement=etablissement
        )
    ]


def _desinscription(
    gardes: Mapping[str, Mode],
    modes: Mapping[str, Mode],
    facultatives: tuple[str, ...],
    etablissement: str | None,
    fiche: Fiche,
) -> bool:
    """Rien d'autre ne change que des facultatives quittées."""
    return modes == gardes and etablissement == fiche.etablissement and set(facultatives) <= set(fiche.facultatives)


def _exiger_coherence(
    fiche: Fiche, facultatives: tuple[str, ...], etablissement: str | None, reglement: Reglement
) -> None:
    """Ce qui a été accordé sur l'ancien choix ne reste pas en l'air."""
    quittees = set(fiche.facultatives) - set(facultatives)
    for code in sorted(quittees & fiche.benefices.keys()):
        raise Refus("BENEFICE_EN_COURS", f"{code} : une note y est conservée, faites-la d'abord abandonner")
    centre = fiche.centre
    if centre is not None and centre.type is TypeCentre.ANNEXE and centre.centre != etablissement:
        raise Refus(
            reglement.inscription.regle_centre_annexe,
            f"{fiche.candidat} compose dans son établissement, centre annexe : affectez-le d'abord à un principal",
        )
