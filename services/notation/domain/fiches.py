"""La fiche-sujet d'un candidat : écrite avant l'épreuve, à partir d'une des activités de son dossier (BTS-N05)."""

from __future__ import annotations

from contracts.commandes.releve import EtablirFicheSujet
from contracts.evenements.releve import FicheSujetEtablie
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.notation.domain.cibles import exiger_evaluable, exiger_inscrite, exiger_ouvert, viser_epreuve
from services.notation.domain.etats import ANoter, FicheSujet, Releve


def etablir_fiche(command: EtablirFicheSujet, releve: Releve, session: SessionFigee) -> list[Event]:
    """La commission retient une activité et écrit sa fiche ; elle en change tant que le candidat n'a pas composé.

    Raises:
        Refus: ``FICHE_SANS_OBJET`` ; la règle de la fiche : activité hors du dossier, épreuve déjà passée ; accès,
            épreuve non inscrite, mention portée.
    """
    inscription = exiger_ouvert(releve)
    cible = viser_epreuve(command.epreuve, session)
    mode = exiger_inscrite(cible, inscription, releve)
    regles = cible.epreuve.fiche_sujet
    if regles is None or mode not in regles.modes:
        raise Refus("FICHE_SANS_OBJET", f"{cible.nom} en mode {mode} : aucune fiche-sujet n'y est remise")
    exiger_evaluable(cible.code, releve)
    if command.activite not in regles.activites:
        raise Refus(regles.regle, f"{cible.nom} : l'activité est l'une de {', '.join(regles.activites)}")
    fiche = FicheSujet(command.activite, command.fiche)
    if releve.fiches.get(cible.code) == fiche:
        return []
    if not isinstance(releve.place((cible.code, None)), ANoter):
        raise Refus(regles.regle, f"{cible.nom} : la fiche-sujet s'écrit avant l'épreuve, le candidat l'a déjà passée")
    return [
        FicheSujetEtablie(
            candidat=command.candidat,
            epreuve=cible.code,
            activite=fiche.activite,
            fiche=fiche.fiche,
            auteur=command.par.id,
            regle=regles.regle,
        )
    ]
