"""Who may do what: the one table that services check before deciding and that the docs print."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contracts.messages import Command, Refus


class Role(StrEnum):
    """Rôles. ``systeme`` est celui des réactions d'un service à ses propres faits appris."""

    SYSTEME = "systeme"
    RECTEUR = "recteur"
    GESTIONNAIRE = "gestionnaire"
    CHEF_CENTRE = "chef_centre"
    COMMISSION = "commission"
    CORRECTEUR = "correcteur"
    PRESIDENT_JURY = "president_jury"
    MEMBRE_JURY = "membre_jury"
    CANDIDAT = "candidat"


@dataclass(frozen=True)
class Droit:
    """Roles allowed; for those in ``bornes``, the scope word whose value the command must match (``lot:L12``)."""

    roles: frozenset[Role]
    bornes: tuple[tuple[Role, str], ...] = ()


def _droit(*roles: Role, **bornes: Role) -> Droit:
    """``lot=Role.CORRECTEUR``: that role too, but only on the lots of its scope."""
    return Droit(frozenset({*roles, *bornes.values()}), tuple((role, word) for word, role in bornes.items()))


G, S, R = Role.GESTIONNAIRE, Role.SYSTEME, Role.RECTEUR
_EVALUE = Droit(frozenset({G, Role.COMMISSION, Role.CORRECTEUR}), ((Role.COMMISSION, "lot"), (Role.CORRECTEUR, "lot")))
_PRESIDE = _droit(jury=Role.PRESIDENT_JURY)

DROITS: dict[str, Droit] = {
    "inscription.ouvrir_session": _droit(R, G),
    "inscription.fournir_valeurs": _droit(R, G),
    "inscription.ouvrir_centre": _droit(R, G),
    "inscription.inscrire_candidat": _droit(G, candidat=Role.CANDIDAT),
    "inscription.modifier_inscription": _droit(G, candidat=Role.CANDIDAT),
    "inscription.accorder_dispense": _droit(R, G),
    "inscription.accorder_benefice": _droit(R, G),
    "inscription.abandonner_benefice": _droit(G, candidat=Role.CANDIDAT),
    "inscription.accorder_amenagement": _droit(R, G),
    "inscription.affecter_centre": _droit(R, G),
    "inscription.enregistrer_autorisation": _droit(S),
    "inscription.emettre_convocation": _droit(R, G),
    "inscription.annuler_inscription": _droit(R, G),
    "inscription.demander_remplacement": _droit(R),
    "inscription.fusionner_doublon": _droit(G),
    "inscription.reconnaitre_acquis": _droit(R, G),
    "inscription.planifier_passage": _droit(R, G),
    "inscription.fermer_centre": _droit(R, G),
    "inscription.reporter_passage": _droit(R, G),
    "inscription.definir_regroupement": _droit(R),
    "inscription.accepter_regroupement": _droit(R),
    "inscription.clore_regroupement": _droit(R),
    "inscription.transferer_candidat": _droit(R, G),
    "inscription.accepter_transfert": _droit(R, G),
    "inscription.refuser_transfert": _droit(R, G),
    "inscription.enregistrer_transfert": _droit(S),
    "inscription.reprendre_candidature": _droit(S),
    "inscription.abandonner_transfert": _droit(S),
    "conformite.transferer_dossier": _droit(S),
    "conformite.reprendre_dossier": _droit(S),
    "notation.transferer_releve": _droit(S),
    "notation.reprendre_releve": _droit(S),
    "inscription.demander_accueil": _droit(R, G),
    "inscription.accueillir_candidat": _droit(S),
    "inscription.liberer_place": _droit(S),
    "inscription.enregistrer_accueil": _droit(S),
    "inscription.confier_identite": _droit(S, R, G),
    "conformite.autoriser_duree_reduite": _droit(R, G),
    "conformite.ouvrir_dossier": _droit(S),
    "conformite.modifier_dossier": _droit(S),
    "conformite.dispenser_pieces": _droit(S),
    "conformite.retablir_pieces": _droit(S),
    "conformite.deposer_piece": _droit(G, Role.CHEF_CENTRE, candidat=Role.CANDIDAT),
    "conformite.juger_piece": _droit(R, G),
    "conformite.controler_dossier": _droit(R, G),
    "conformite.arreter_supports": _droit(R, G),
    "conformite.signaler_doute": _droit(G, lot=Role.COMMISSION),
    "conformite.conclure_verification": _droit(R, G),
    "notation.ouvrir_releve": _droit(S),
    "notation.fermer_acces": _droit(S),
    "notation.rouvrir_acces": _droit(S),
    "notation.dispenser_epreuve": _droit(S),
    "notation.reporter_benefice": _droit(S),
    "notation.modifier_releve": _droit(S),
    "notation.retirer_benefice": _droit(S),
    "notation.remplir_grille": _EVALUE,
    "notation.saisir_note": _EVALUE,
    "notation.saisir_seconde_fois": _EVALUE,
    "notation.integrer_note_tardive": _droit(R, G),
    "notation.constater_support_absent": _droit(S, G),
    "notation.constater_absence": _droit(G, Role.CHEF_CENTRE),
    "notation.justifier_absence": _droit(R, G),
    "notation.enregistrer_etg": _droit(G, Role.CHEF_CENTRE),
    "notation.enregistrer_conduite": _droit(G, Role.CHEF_CENTRE),
    "notation.rectifier_conduite": _droit(R, G),
    "notation.harmoniser_note": _droit(R, G),
    "notation.rectifier_note": _droit(R, G),
    "notation.arreter_resultat": _droit(S, G),
    "notation.deposer_bordereau": _EVALUE,
    "notation.clore_bordereau": _EVALUE,
    "notation.suspendre_note": _droit(S),
    "notation.lever_suspension": _droit(S),
    "notation.porter_non_valide": _droit(S),
    "notation.retirer_non_valide": _droit(S),
    "notation.evaluer_competence": _EVALUE,
    "notation.reporter_acquis": _droit(S),
    "notation.choisir_controle": _droit(G, candidat=Role.CANDIDAT),
    "notation.saisir_note_controle": _EVALUE,
    "notation.ouvrir_remplacement": _droit(S),
    "notation.reporter_epreuves": _droit(S),
    "notation.etablir_fiche_sujet": _EVALUE,
    "notation.transmettre_resultat": Droit(_EVALUE.roles | {Role.CHEF_CENTRE}, _EVALUE.bornes),
    "notation.recevoir_resultat": _droit(S),
    "notation.signaler_suspicion": _droit(R, G, Role.CHEF_CENTRE),
    "notation.conclure_discipline": _droit(R),
    "deliberation.constituer_jury": _droit(R),
    "deliberation.attester_presence": _droit(R, G, jury=Role.PRESIDENT_JURY),
    "deliberation.recuser_membre": _droit(R, jury=Role.PRESIDENT_JURY),
    "deliberation.transmettre_presidence": _droit(R, jury=Role.PRESIDENT_JURY),
    "deliberation.ouvrir_jury": _PRESIDE,
    "deliberation.viser_livret": _PRESIDE,
    "deliberation.accorder_points": _PRESIDE,
    "deliberation.prendre_decision": _PRESIDE,
    "deliberation.clore_jury": _PRESIDE,
    "deliberation.accorder_acquis": _PRESIDE,
    "deliberation.reconvoquer_jury": _droit(R),
    "deliberation.signaler_resultat_tardif": _droit(S),
    "deliberation.suivre_transfert": _droit(S),
    "publication.preparer_publication": _droit(S),
    "publication.publier_resultats": _droit(R, G),
    "publication.editer_releve": _droit(S, R, G),
    "publication.delivrer_diplome": _droit(S, R),
    "publication.publier_decision": _droit(S, R, G),
    "publication.delivrer_attestation": _droit(S, R),
    "publication.deposer_reclamation": _droit(R, G, candidat=Role.CANDIDAT),
    "publication.instruire_reclamation": _droit(R, G),
    "publication.clore_reclamation": _droit(R, G),
    "publication.demander_effacement": _droit(R, G, candidat=Role.CANDIDAT),
}


INTERNES = frozenset({S})
"""Roles of reactions: never accepted from outside."""
ANTIDATENT = frozenset({R, G})
"""Roles that may record something at the date when it happened; the others act now."""


def check_rights(command: Command, academie: str) -> None:
    """Refuse a command that its author may not give here.

    Raises:
        Refus: ``DROIT_ACADEMIE``, ``DROIT_ROLE`` or ``DROIT_PORTEE``.
    """
    par = command.par
    if par.academie != academie:
        raise Refus("DROIT_ACADEMIE", f"« {par.academie} » n'agit pas sur les sessions de « {academie} »")
    droit = DROITS[command.NAME]
    if par.role not in droit.roles:
        permis = ", ".join(sorted(droit.roles))
        raise Refus("DROIT_ROLE", f"le rôle « {par.role} » ne peut pas {command.NAME} (rôles permis : {permis})")
    for role, mot in droit.bornes:
        cible = getattr(command, mot, None)
        if par.role == role and (cible is None or f"{mot}:{cible}" not in par.portee):
            raise Refus("DROIT_PORTEE", f"{command.NAME} : hors de la portée de l'auteur ({mot} absent de sa portée)")
