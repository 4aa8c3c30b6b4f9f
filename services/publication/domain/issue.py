"""Instruire une réclamation, puis y répondre : l'issue se motive, et suit de ce qui a été trouvé (DC-REC06)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from contracts.commandes.publication import CloreReclamation, InstruireReclamation
from contracts.evenements.publication import (
    ConstatReclamation,
    IssueReclamation,
    NatureReclamation,
    ReclamationClose,
    ReclamationDeposee,
    ReclamationInstruite,
    Rectification,
    Trouvaille,
)
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication
from services.communs.explication import clause, regles
from services.publication.documents.francais import date_longue
from services.publication.domain.delais import RETRAIT_MOIS, fin_de_recours, jour_legal, plus_mois
from services.publication.domain.reclamations import (
    Close,
    Connu,
    Instruite,
    ReclamationEvent,
    Reclamations,
    trouver,
)
from services.publication.domain.rectification import EnCours, expliquer

N, C = NatureReclamation, ConstatReclamation
REGLE_MOTIF, REGLE_RETRAIT, REGLE_RECTIFICATION = "DC-REC06", "DC-REC07", "AMB-54"
REGLE_JURY, REGLE_COMMUNICATION, REGLE_DELAI = "DC-REC01", "DC-REC02", "DC-REC04"

# Ce que l'on peut trouver, selon ce qui est demandé ; et ce qui permet d'y faire droit.
_DECISION = frozenset({C.ERREUR_MATERIELLE, C.IRREGULARITE, C.APPRECIATION, C.AUCUNE_ERREUR})
CONSTATS: Mapping[NatureReclamation, frozenset[ConstatReclamation]] = {
    N.COMMUNICATION_COPIE: frozenset({C.DOCUMENT_DISPONIBLE, C.DOCUMENT_ABSENT}),
    N.SECONDE_CORRECTION: frozenset(),
    N.ERREUR_MATERIELLE: _DECISION,
    N.DECISION_JURY: _DECISION,
    N.CONFORMITE: _DECISION,
    N.RECOURS_CONTENTIEUX: frozenset({C.JUGEMENT_RENDU}),
}
FONDENT: Mapping[NatureReclamation, frozenset[ConstatReclamation]] = {
    N.COMMUNICATION_COPIE: frozenset({C.DOCUMENT_DISPONIBLE}),
    N.SECONDE_CORRECTION: frozenset(),
    N.ERREUR_MATERIELLE: frozenset({C.ERREUR_MATERIELLE}),
    N.DECISION_JURY: frozenset({C.ERREUR_MATERIELLE, C.IRREGULARITE}),
    N.CONFORMITE: frozenset({C.ERREUR_MATERIELLE, C.IRREGULARITE}),
    N.RECOURS_CONTENTIEUX: frozenset({C.JUGEMENT_RENDU}),
}
OBLIGENT: Mapping[ConstatReclamation, str] = {
    C.DOCUMENT_DISPONIBLE: REGLE_COMMUNICATION,
    C.ERREUR_MATERIELLE: REGLE_JURY,
}
"""Ce qui, une fois trouvé, ne laisse pas rejeter."""

TROUVE: Mapping[ConstatReclamation, str] = {
    C.ERREUR_MATERIELLE: "une erreur d'addition ou de transcription est constatée",
    C.IRREGULARITE: "la décision n'a pas été prise comme elle devait l'être",
    C.APPRECIATION: "seule l'appréciation du jury est contestée",
    C.AUCUNE_ERREUR: "aucune erreur n'est constatée",
    C.DOCUMENT_DISPONIBLE: "le document demandé est là",
    C.DOCUMENT_ABSENT: "le document demandé n'est plus là",
    C.JUGEMENT_RENDU: "le tribunal a jugé",
}
DITES: Mapping[IssueReclamation, tuple[str, str]] = {
    IssueReclamation.ACCEPTEE: ("Votre réclamation est acceptée.", "acceptée"),
    IssueReclamation.REJETEE: ("Votre réclamation est rejetée.", "rejetée"),
    IssueReclamation.SANS_SUITE: ("Votre réclamation est classée sans suite.", "sans suite"),
    IssueReclamation.IRRECEVABLE: ("Votre réclamation n'est pas recevable.", "irrecevable"),
}


SANS_ERREUR = frozenset({C.AUCUNE_ERREUR, C.APPRECIATION})
SUR_UNE_DECISION = frozenset({N.ERREUR_MATERIELLE, N.DECISION_JURY, N.CONFORMITE})
"""Ce que l'histoire du candidat peut éclairer."""


def instruire(
    command: InstruireReclamation, reclamations: Reclamations, session: SessionFigee, connu: Connu
) -> list[ReclamationEvent]:
    """Ce que le service a trouvé, avec ce que le journal montrait ; il peut se reprendre avant l'issue."""
    une = trouver(reclamations, command.numero)
    if isinstance(une, Close):
        detail = f"la réclamation {command.numero} a déjà une issue (« {une.issue.issue} ») : déposez-en une autre"
        raise Refus("RECLAMATION_CLOSE", detail)
    if isinstance(une, Instruite) and (command.constat, command.motif) == (
        une.instruction.constat,
        une.instruction.motif,
    ):
        return []
    if command.constat not in CONSTATS[une.depot.nature]:
        possibles = ", ".join(sorted(CONSTATS[une.depot.nature]))
        raise Refus("CONSTAT_SANS_OBJET", f"« {command.constat} » ne répond pas à la demande (possibles : {possibles})")
    trouve = connu.trouve if une.depot.nature in SUR_UNE_DECISION else ()
    _exiger_fidele(command, trouve)
    texte = f"Le service a examiné votre demande : {TROUVE[command.constat]}."
    vues = tuple(one.explication for one in trouve)
    dite = clause(session.reglement, _regle(une.depot.nature), texte, faits=(command.motif,), details=vues)
    return [
        ReclamationInstruite(
            **command.model_dump(include={"candidat", "numero", "constat", "motif", "le"}),
            regles=regles([dite]),
            explication=(dite,),
            trouve=trouve,
        )
    ]


def _exiger_fidele(command: InstruireReclamation, trouve: tuple[Trouvaille, ...]) -> None:
    """On ne dit pas « aucune erreur » contre ce que le journal montre.

    Raises:
        Refus: ``CONSTAT_CONTREDIT``.
    """
    contraires = [one for one in trouve if one.fonde is not None]
    if command.constat in SANS_ERREUR and contraires:
        dits = " ".join(one.explication.texte for one in contraires)
        regles_dites = ", ".join(dict.fromkeys(one.explication.regle for one in contraires))
        detail = f"« {command.constat} », mais le journal montre autre chose ({regles_dites}) : {dits}"
        raise Refus("CONSTAT_CONTREDIT", f"{detail} Corrigez le constat, ou faites décider le jury d'abord")


def clore(
    command: CloreReclamation, reclamations: Reclamations, session: SessionFigee, connu: Connu
) -> list[ReclamationEvent]:
    """L'issue, si ce qui a été trouvé la permet ; elle dit ce que le jury, réuni pour elle, a fait."""
    une = trouver(reclamations, command.numero)
    if isinstance(une, Close):
        if (command.issue, command.motif) == (une.issue.issue, une.issue.motif):
            return []
        detail = f"la réclamation {command.numero} a déjà une issue (« {une.issue.issue} ») : déposez-en une autre"
        raise Refus("RECLAMATION_CLOSE", detail)
    if isinstance(connu.reprise, EnCours):
        raise Refus("RECTIFICATION_EN_COURS", f"réclamation {command.numero} : {connu.reprise.attend} ; attendez")
    if command.issue not in (IssueReclamation.ACCEPTEE, IssueReclamation.REJETEE):
        return [fermer(une.depot, command.issue, command.motif, command.le, session, ())]
    if not isinstance(une, Instruite):
        detail = f"dites d'abord ce qui a été trouvé sur {command.numero} (publication.instruire_reclamation)"
        raise Refus("RECLAMATION_NON_INSTRUITE", detail)
    _exiger_consequente(command.issue, une)
    clauses = (*une.instruction.explication, *_suites(command.issue, une, session, connu.reprise))
    close = fermer(une.depot, command.issue, command.motif, command.le, session, clauses)
    return [close.model_copy(update={"rectification": connu.reprise})]


def fermer(
    depot: ReclamationDeposee,
    issue: IssueReclamation,
    motif: str,
    le: datetime,
    session: SessionFigee,
    clauses: tuple[Explication, ...],
) -> ReclamationClose:
    """L'issue motivée, avec les voies qui restent."""
    defavorable = issue is not IssueReclamation.ACCEPTEE and depot.nature is not N.RECOURS_CONTENTIEUX
    perdu = depot.tardive or issue is IssueReclamation.SANS_SUITE
    fin = fin_de_recours(jour_legal(le, session)) if defavorable and not perdu else None
    texte, effet = DITES[issue]
    motivee = clause(session.reglement, REGLE_MOTIF, texte, faits=(motif,), effet=effet)
    explication = (motivee, *clauses, *_voies(depot, fin, session))
    return ReclamationClose(
        candidat=depot.candidat,
        numero=depot.numero,
        issue=issue,
        motif=motif,
        le=le,
        recours_jusqu_au=fin,
        regles=regles(explication),
        explication=explication,
    )


def _exiger_consequente(issue: IssueReclamation, une: Instruite) -> None:
    """Ni accepter ce que rien ne fonde, ni rejeter ce qui est dû."""
    nature, constat = une.depot.nature, une.instruction.constat
    trouve = TROUVE[constat]
    if issue is IssueReclamation.ACCEPTEE and constat not in FONDENT[nature]:
        detail = f"{trouve} : la demande ne peut pas être acceptée ; rejetez-la, ou instruisez de nouveau"
        raise Refus(_regle(nature), detail)
    if issue is IssueReclamation.REJETEE and constat in OBLIGENT:
        raise Refus(OBLIGENT[constat], f"{trouve} : la demande ne peut pas être rejetée ; acceptez-la")


def _regle(nature: NatureReclamation) -> str:
    """La règle sur laquelle la demande se juge."""
    match nature:
        case N.COMMUNICATION_COPIE:
            return REGLE_COMMUNICATION
        case N.RECOURS_CONTENTIEUX:
            return REGLE_DELAI
        case _:
            return REGLE_JURY


def _suites(
    issue: IssueReclamation, une: Instruite, session: SessionFigee, faite: Rectification | None
) -> tuple[Explication, ...]:
    """Ce que le jury a fait, ou ce que l'acceptation entraîne pour la décision contestée."""
    if faite is not None:
        return (expliquer(faite, session),)
    publie_le = une.depot.publie_le
    if issue is not IssueReclamation.ACCEPTEE or une.depot.nature is N.COMMUNICATION_COPIE or publie_le is None:
        return ()
    retrait = plus_mois(jour_legal(publie_le, session), RETRAIT_MOIS)
    texte = f"Un droit que la décision vous donne à tort ne se retire que jusqu'au {date_longue(retrait)}."
    borne = clause(session.reglement, REGLE_RETRAIT, texte, chiffres={"retrait possible jusqu'au": retrait.isoformat()})
    texte = "Le jury revoit la décision ; un relevé annule alors et remplace le vôtre."
    return (clause(session.reglement, REGLE_RECTIFICATION, texte, effet="décision revue", details=(borne,)),)


def _voies(depot: ReclamationDeposee, fin: date | None, session: SessionFigee) -> tuple[Explication, ...]:
    """Comment contester l'issue, quand elle peut l'être."""
    if fin is None:
        return ()
    devant = "le tribunal administratif"
    if depot.nature is N.COMMUNICATION_COPIE:
        devant = "la commission d'accès aux documents administratifs, avant le tribunal administratif"
    texte = f"Vous pouvez contester cette réponse devant {devant}, jusqu'au {date_longue(fin)}."
    return (clause(session.reglement, REGLE_DELAI, texte, chiffres={"dernier jour": fin.isoformat()}),)
