"""La délibération : viser un livret, accorder des points ou un acquis, décider, clore (TR-D01)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from contracts.commandes.deliberation import AccorderAcquis, AccorderPoints, CloreJury, PrendreDecision, ViserLivret
from contracts.evenements.deliberation import (
    AcquisAccorde,
    DecisionPrise,
    JuryClos,
    LivretVise,
    NatureDecision,
    PointsDeJuryAccordes,
)
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat
from services.deliberation.domain import calcul
from services.deliberation.domain.composition import Composition, Manque, manques_nomination, manques_seance, refuser
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.etats import JuryEvent, Ouvert
from services.deliberation.domain.preuve import REGLE_DECISION, prouver
from services.deliberation.domain.proposition import Proposition, proposer
from services.deliberation.domain.regroupement import REGLE_UN_JURY
from services.deliberation.domain.unites import competences_exigees, presentees

CandidatCommand: TypeAlias = ViserLivret | AccorderPoints | AccorderAcquis | PrendreDecision
SeanceCommand: TypeAlias = CandidatCommand | CloreJury
Unites: TypeAlias = Mapping[str, Collection[str]]

MODIFIABLES = frozenset({EtatResultat.NOTE, EtatResultat.ZERO_SUPPORT, EtatResultat.BENEFICE})


def deliberer(
    command: CandidatCommand,
    jury: Ouvert,
    session: SessionFigee,
    dossier: DossierJury | None,
    nature: NatureDecision = NatureDecision.INITIALE,
) -> list[JuryEvent]:
    """L'ordre du président sur un candidat, pendant la séance ou à sa reprise (voir `jury.decide`)."""
    jury.composition.exiger_candidat(command.candidat)
    if dossier is None or dossier.numero != command.candidat:
        raise Refus("DOSSIER_ABSENT", f"le dossier de {command.candidat} n'est pas joint à l'ordre : relancez-le")
    reglement = session.reglement
    competences = competences_exigees(reglement, presentees(dossier, reglement))
    manques = manques_seance(jury.composition, reglement.jury, command.candidat, competences)
    if manques:
        raise refuser(manques[0].regle, manques, reglement)
    match command:
        case ViserLivret():
            return _viser(command, jury, reglement, dossier)
        case AccorderPoints():
            return _accorder(command, jury, reglement, dossier)
        case AccorderAcquis():
            return _acquerir(command, jury, reglement, dossier)
        case PrendreDecision():
            return _decider(command, jury, session, dossier, nature)


def candidats_perimes(jury: Ouvert, positions: Mapping[str, int]) -> frozenset[str]:
    """Les candidats décidés dont le dossier a bougé depuis ; ``positions`` : dernière position connue de chacun."""
    return frozenset(
        candidat
        for candidat, decision in jury.decisions.items()
        if positions.get(candidat, decision.position) > decision.position
    )


def _viser(command: ViserLivret, jury: Ouvert, reglement: Reglement, dossier: DossierJury) -> list[JuryEvent]:
    """La mention de l'examen du livret, signée de qui préside (DC-CAP15)."""
    if command.candidat in jury.livrets:
        return []
    if not dossier.livret:
        raise Refus("LIVRET_ABSENT", f"{command.candidat} n'a pas produit de livret : il n'y a rien à viser")
    clauses = reglement.deliberation.conditions
    regle = next((one.regle for one in clauses if one.procedure == "livret_vise"), REGLE_DECISION)
    return [LivretVise(jury=command.jury, candidat=command.candidat, regle=regle)]


def _accorder(command: AccorderPoints, jury: Ouvert, reglement: Reglement, dossier: DossierJury) -> list[JuryEvent]:
    """Porter une note à une autre valeur, par décision motivée ; l'ancienne est gardée (AMB-53, TR-N02)."""
    resultat = _modifiable(command, reglement, dossier)
    accord = jury.accords.get(command.candidat, {}).get(command.epreuve)
    arretee, avant = calcul.note_arretee(resultat), calcul.note_affichee(resultat, accord)
    if avant is None or command.note == avant:
        return []
    return [
        PointsDeJuryAccordes(
            jury=command.jury,
            candidat=command.candidat,
            epreuve=command.epreuve,
            avant=avant,
            apres=command.note,
            motif=command.motif,
            regle=reglement.deliberation.points_jury,
            arretee=arretee,
        )
    ]


def _acquerir(command: AccorderAcquis, jury: Ouvert, reglement: Reglement, dossier: DossierJury) -> list[JuryEvent]:
    """Tenir une unité pour acquise malgré une compétence qui ne l'est pas, par décision motivée (AMB-28)."""
    regle, epreuve = reglement.deliberation.regle_acquis, reglement.epreuves.get(command.epreuve)
    if epreuve is None:
        raise Refus("EPREUVE_INCONNUE", f"{command.epreuve} n'est pas une épreuve de {reglement.id}")
    if regle is None or not epreuve.acquise_ou_non:
        detail = f"{command.epreuve} porte une note : accordez des points, avec leur motif"
        raise Refus(reglement.deliberation.points_jury, detail)
    resultat = dossier.resultats.get(command.epreuve)
    if resultat is None or dossier.non_autorise is not None:
        raise Refus("RESULTAT_MANQUANT", f"{command.epreuve} : aucun résultat arrêté, faites-le arrêter d'abord")
    if resultat.etat is not EtatResultat.NON_ACQUISE:
        if resultat.etat is EtatResultat.ACQUISE:
            return []
        detail = f"{command.epreuve} : l'état « {resultat.etat} » n'est pas une appréciation que le jury puisse changer"
        raise Refus(regle, detail)
    if not command.motif.strip():
        raise Refus(regle, "le motif est vide : dites pourquoi le jury tient cette unité pour acquise")
    if command.epreuve in jury.acquis.get(command.candidat, {}):
        return []
    return [
        AcquisAccorde(
            jury=command.jury, candidat=command.candidat, epreuve=command.epreuve, motif=command.motif, regle=regle
        )
    ]


def _modifiable(command: AccorderPoints, reglement: Reglement, dossier: DossierJury) -> ResultatJury:
    """Le résultat dont la note peut changer : une note de l'épreuve, dans son barème, avec un motif."""
    regle, epreuve = reglement.deliberation.points_jury, reglement.epreuves.get(command.epreuve)
    if epreuve is None:
        raise Refus("EPREUVE_INCONNUE", f"{command.epreuve} n'est pas une épreuve de {reglement.id}")
    resultat = dossier.resultats.get(command.epreuve)
    if resultat is None or dossier.non_autorise is not None:
        raise Refus("RESULTAT_MANQUANT", f"{command.epreuve} : aucun résultat arrêté, il n'y a pas de note à modifier")
    if resultat.etat not in MODIFIABLES:
        raise Refus(
            regle, f"{command.epreuve} : l'état « {resultat.etat} » n'est pas une note que le jury puisse modifier"
        )
    if epreuve.acquise_ou_non:
        raise Refus(regle, f"{command.epreuve} est acquise ou non, jamais notée : accordez l'acquis, avec son motif")
    if command.note > epreuve.note_max or command.note % epreuve.pas:
        raise Refus(
            epreuve.regle_pas, f"{command.epreuve} : une note va de 0 à {epreuve.note_max}, par pas de {epreuve.pas}"
        )
    if not command.motif.strip():
        raise Refus(regle, "le motif est vide : dites pourquoi le jury modifie cette note")
    return resultat


def _decider(
    command: PrendreDecision, jury: Ouvert, session: SessionFigee, dossier: DossierJury, nature: NatureDecision
) -> list[JuryEvent]:
    """La décision du jury : celle du règlement appliqué aux notes que le jury arrête (TR-D01)."""
    candidat = command.candidat
    proposition = proposer(
        dossier,
        session,
        accords=jury.accords.get(candidat),
        acquis=jury.acquis.get(candidat, calcul.AUCUN),
        livret_vise=candidat in jury.livrets,
    )
    _accepter(command, proposition, session.reglement)
    decision = _decision(jury.composition, dossier, proposition, session.reglement, nature)
    deja = jury.decisions.get(candidat) == decision and candidat not in jury.a_revoir
    return [] if deja else [decision]


def _accepter(command: PrendreDecision, proposition: Proposition, reglement: Reglement) -> None:
    """Ce que le jury ne peut pas décider : sans résultat, contre les notes, ou contre un livret non examiné."""
    if proposition.attendus:
        attendus = ", ".join(proposition.attendus)
        raise Refus(
            "RESULTAT_MANQUANT",
            f"{command.candidat} : aucun résultat arrêté pour {attendus} ; faites-les arrêter, puis décidez",
            epreuves=proposition.attendus,
        )
    if command.decision not in (None, proposition.decision):
        detail = f"« {command.decision} » ne suit pas des notes, qui donnent « {proposition.decision} »"
        conseil = "le jury est souverain par les notes : accordez des points, avec leur motif, puis décidez"
        raise Refus(reglement.deliberation.points_jury, f"{command.candidat} : {detail} ; {conseil}")
    if proposition.sans_visa is not None:
        detail = "a produit un livret : examinez-le et visez-le avant de l'ajourner"
        raise Refus(proposition.sans_visa, f"{command.candidat} {detail}")


def _decision(
    composition: Composition,
    dossier: DossierJury,
    proposition: Proposition,
    reglement: Reglement,
    nature: NatureDecision,
) -> DecisionPrise:
    return DecisionPrise(
        jury=composition.jury,
        candidat=dossier.numero,
        decision=proposition.decision,
        mention=proposition.mention,
        points=proposition.points,
        coefficients=proposition.coefficients,
        moyenne=proposition.moyenne,
        moyenne_professionnelle=proposition.moyenne_professionnelle,
        lignes=proposition.lignes,
        permis=proposition.permis,
        remplacement_possible=proposition.remplacement_possible,
        journal=dossier.journal,
        position=dossier.position,
        reglement=reglement.id,
        regles=proposition.regles,
        explication=proposition.explication,
        nature=nature,
        unites=proposition.unites,
        epreuves_controle=proposition.epreuves_controle,
        choix=dict(proposition.choix),
        origine=composition.origines.get(dossier.numero),
    )


def clore(
    jury: Ouvert,
    reglement: Reglement,
    perimes: Collection[str],
    annules: Collection[str],
    unites: Unites,
    partis: Mapping[str, str],
) -> list[JuryEvent]:
    """Clore avec sa preuve ; refusé avec la liste complète de ce qui manque, article par article."""
    nomme, regle = jury.composition, reglement.jury
    a_decider = [one for one in nomme.candidats if one not in annules]
    manques = [
        *manques_nomination(nomme.membres, nomme.president, nomme.vice_president, regle),
        *manques_seance(nomme, regle),
        *_manques_decisions(jury, [one for one in a_decider if one not in partis], perimes, reglement),
        *(_parti(one, partis[one]) for one in a_decider if one in partis),
    ]
    if manques:
        raise refuser("JURY_INCOMPLET", manques, reglement)
    decisions: dict[str, Decision] = {one: jury.decisions[one].decision for one in a_decider}
    ailleurs = nomme.origines  # leurs positions sont celles d'un autre flux
    exigees = {
        one.competence for candidat in a_decider for one in competences_exigees(reglement, unites.get(candidat, ()))
    }
    return [
        JuryClos(
            jury=nomme.jury,
            decisions=decisions,
            presents=tuple(sorted(nomme.presents)),
            preside_par=nomme.preside_par,
            journal=jury.journal,
            position=max([jury.position, *(jury.decisions[one].position for one in a_decider if one not in ailleurs)]),
            regle=regle.regle,
            preuve=prouver(jury, reglement, decisions, exigees),
            origines=dict(ailleurs),
        )
    ]


def _parti(candidat: str, vers: str) -> Manque:
    """Il n'est pas désinscrit : il est d'une autre académie, ce que le jury n'a pas encore noté."""
    return Manque(REGLE_UN_JURY, candidat, f"il est passé à {vers} : attendez son dossier de là, puis décidez")


def _manques_decisions(
    jury: Ouvert, a_decider: Iterable[str], perimes: Collection[str], reglement: Reglement
) -> Iterable[Manque]:
    chance = reglement.deliberation.seconde_chance
    for candidat in a_decider:
        if candidat not in jury.decisions:
            yield Manque(REGLE_DECISION, candidat, "aucune décision : décidez")
        elif candidat in jury.a_revoir:
            yield Manque(
                REGLE_DECISION, candidat, "des points ou une récusation suivent la décision : décidez à nouveau"
            )
        elif candidat in perimes:
            yield Manque(REGLE_DECISION, candidat, "le dossier a changé depuis la décision : décidez à nouveau")
        elif jury.decisions[candidat].decision is Decision.EPREUVES_CONTROLE and chance is not None:
            yield Manque(chance.regle, candidat, "ses oraux de contrôle ne sont pas tous passés : attendez-les")
