"""Recevoir une réclamation : en accuser réception, dire ses délais, et clore aussitôt ce qui n'a qu'une issue."""

from __future__ import annotations

from datetime import date, datetime

from contracts.commandes.publication import DeposerReclamation
from contracts.droits import ANTIDATENT
from contracts.evenements.publication import (
    IssueReclamation,
    NatureReclamation,
    Notification,
    ReclamationClose,
    ReclamationDeposee,
)
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication
from services.communs.explication import clause, regles
from services.publication.documents.francais import date_longue
from services.publication.domain.communication import exiger_communicable
from services.publication.domain.conservation import tenu
from services.publication.domain.delais import (
    REPONSE_COMMUNICATION_MOIS,
    REPONSE_RECOURS_MOIS,
    fin_de_recours,
    jour_legal,
    plus_mois,
)
from services.publication.domain.issue import fermer
from services.publication.domain.reclamations import Close, Connu, ReclamationEvent, Reclamations

COPIE, SECONDE = NatureReclamation.COMMUNICATION_COPIE, NatureReclamation.SECONDE_CORRECTION
CONTENTIEUX = NatureReclamation.RECOURS_CONTENTIEUX
GRACIEUX = frozenset(NatureReclamation) - {COPIE, CONTENTIEUX}  # ce qui se conteste devant l'administration
FORCLOSES = frozenset({NatureReclamation.DECISION_JURY, NatureReclamation.CONFORMITE})
REGLE_JURY, REGLE_REPRESENTANT = "DC-REC01", "DC-REC02"
REGLE_REPONSE, REGLE_DELAI, REGLE_INTERRUPTION = "DC-REC03", "DC-REC04", "DC-REC05"
DEMANDE = ("nature", "epreuve", "annexe", "depose_le", "par_representant")


def deposer(
    command: DeposerReclamation, reclamations: Reclamations, session: SessionFigee, connu: Connu
) -> list[ReclamationEvent]:
    """L'accusé de réception, puis l'issue quand elle ne dépend d'aucune instruction."""
    deja = reclamations.par_numero.get(command.numero)
    if deja is not None:
        if all(getattr(command, champ) == getattr(deja.depot, champ) for champ in DEMANDE):
            return []
        detail = f"une autre réclamation porte le numéro {command.numero} : prenez-en un autre"
        raise Refus("RECLAMATION_DEJA_DEPOSEE", detail)
    _exiger_recevable(command, session, connu)
    depot = _recevoir(command, reclamations, session, connu)
    issue = _aussitot(command, depot, reclamations, session)
    return [depot] if issue is None else [depot, issue]


def _exiger_recevable(command: DeposerReclamation, session: SessionFigee, connu: Connu) -> None:
    """Ce qui manque à la demande elle-même : elle se corrige et se dépose à nouveau."""
    if not connu.inscrit:
        raise Refus("CANDIDAT_INCONNU", f"{command.candidat} n'est pas inscrit ici : vérifiez le numéro et la session")
    if command.depose_le > command.le:
        raise Refus("DEPOT_A_VENIR", "le dépôt est daté d'après la commande : donnez l'heure de réception")
    if command.par.role not in ANTIDATENT and command.depose_le != command.le:
        raise Refus("DEPOT_ANTIDATE", "le service seul enregistre une réception passée : déposez à l'heure présente")
    if command.epreuve is not None and command.epreuve not in session.reglement.epreuves:
        raise Refus("EPREUVE_INCONNUE", f"le règlement n'a pas d'épreuve {command.epreuve} : vérifiez son code")
    if command.annexe is not None:
        if command.nature is not COPIE:
            raise Refus("ANNEXE_SANS_OBJET", f"« {command.nature} » ne demande aucun document : retirez l'annexe")
        if command.annexe not in session.reglement.documents.communication:
            exiger_communicable(session.reglement, command.annexe)
    publie = connu.publie_le is not None and connu.publie_le <= command.depose_le
    if not publie and command.nature is not NatureReclamation.CONFORMITE:
        raise Refus(
            "RESULTAT_NON_PUBLIE", f"{command.candidat} : rien n'était publié au dépôt ; attendez la publication"
        )
    if command.nature is COPIE and not connu.majeur and not command.par_representant:
        detail = "le candidat est mineur : sa copie est demandée par son représentant légal, et lui est remise"
        raise Refus(REGLE_REPRESENTANT, detail)


def _recevoir(
    command: DeposerReclamation, reclamations: Reclamations, session: SessionFigee, connu: Connu
) -> ReclamationDeposee:
    """Ce que la demande fait courir, interrompt ou trouve expiré."""
    jour, gracieux = jour_legal(command.depose_le, session), command.nature in GRACIEUX
    vue = _notification(command, connu)
    opposable = vue is not None and vue.voies_et_delais
    initiale = fin_de_recours(jour_legal(vue.le, session)) if vue is not None and opposable else None
    limite = _limite(reclamations, vue, initiale)
    tardive = limite is not None and jour > limite
    interrompt = gracieux and initiale is not None and jour <= initiale
    depot = ReclamationDeposee(
        **command.model_dump(include={"candidat", "numero", *DEMANDE}),
        publie_le=connu.publie_le,
        notification=vue,
        recours_jusqu_au=limite,
        tardive=tardive,
        interrompt=interrompt,
        reponse_due=_due(command.nature, jour),
        regles=(),
        explication=(),
    )
    explication = (_accuse(depot.nature, depot.reponse_due, session), *_delai(depot, session))
    return depot.model_copy(update={"regles": regles(explication), "explication": explication})


def _notification(command: DeposerReclamation, connu: Connu) -> Notification | None:
    """Le document qui a notifié la décision contestée : le relevé ne notifie pas la conformité du dossier."""
    vue = connu.notification
    if command.nature in (COPIE, NatureReclamation.CONFORMITE) or vue is None or vue.le > command.depose_le:
        return None
    return vue


def _limite(reclamations: Reclamations, vue: Notification | None, initiale: date | None) -> date | None:
    """Dernier jour pour contester ; aucun tant que le délai n'est pas opposable, ou qu'un recours l'interrompt."""
    if vue is None or initiale is None:
        return None
    memes = [
        one
        for one in reclamations.par_numero.values()
        if one.depot.interrompt
        and one.depot.notification is not None
        and one.depot.notification.document == vue.document
    ]
    if any(not isinstance(one, Close) for one in memes):
        return None
    rouverts = (one.issue.recours_jusqu_au for one in memes if isinstance(one, Close))
    return max((initiale, *(fin for fin in rouverts if fin is not None)))


def _due(nature: NatureReclamation, jour: date) -> date | None:
    """Dernier jour pour répondre ; le tribunal, lui, n'attend pas de réponse du service."""
    if nature is CONTENTIEUX:
        return None
    return plus_mois(jour, REPONSE_COMMUNICATION_MOIS if nature is COPIE else REPONSE_RECOURS_MOIS)


def _accuse(nature: NatureReclamation, due: date | None, session: SessionFigee) -> Explication:
    """Ce que l'accusé de réception doit dire."""
    if due is None:
        texte = "Un recours est enregistré au tribunal : tout ce qui vous concerne est gardé jusqu'au jugement."
        return clause(session.reglement, REGLE_DELAI, texte, effet="enregistré")
    delai, regle = ("un mois", REGLE_REPONSE) if nature is COPIE else ("deux mois", REGLE_INTERRUPTION)
    texte = f"Votre demande est reçue. Une réponse vous est due dans {delai} ; passé ce jour, le silence vaut refus."
    choix = " Vous choisissez : consulter sur place, recevoir une copie ou un courriel." if nature is COPIE else ""
    chiffres = {"réponse au plus tard": due.isoformat()}
    return clause(session.reglement, regle, texte + choix, chiffres=chiffres, effet="accusé de réception")


def _delai(depot: ReclamationDeposee, session: SessionFigee) -> tuple[Explication, ...]:
    """Le délai de recours : opposable ou non, tenu ou non, interrompu ou non."""
    if depot.nature is COPIE:
        return ()
    reglement, limite, vue = session.reglement, depot.recours_jusqu_au, depot.notification
    faits = () if vue is None else (f"document {vue.document}, du {date_longue(jour_legal(vue.le, session))}",)
    if depot.tardive and limite is not None:
        texte = f"Ce document disait les voies et délais de recours : ils couraient jusqu'au {date_longue(limite)}."
        chiffres = {"dernier jour": limite.isoformat()}
        examinee = depot.nature is NatureReclamation.ERREUR_MATERIELLE
        effet = "hors délai : l'erreur est recherchée, le délai reste passé" if examinee else "hors délai"
        return (clause(reglement, REGLE_DELAI, texte, faits=faits, chiffres=chiffres, effet=effet),)
    if vue is None or not vue.voies_et_delais:
        texte = (
            "Aucun document ne vous a dit les voies et délais de recours contre cette décision : le délai ne court pas."
        )
        return (clause(reglement, REGLE_DELAI, texte, faits=faits, effet="aucun délai ne vous est opposé"),)
    texte = "La décision peut être contestée dans les deux mois qui suivent sa notification."
    chiffres = {} if limite is None else {"dernier jour": limite.isoformat()}
    dans = clause(reglement, REGLE_DELAI, texte, faits=faits, chiffres=chiffres, effet="dans le délai")
    if not depot.interrompt:
        return (dans,)
    texte = "Formée dans ce délai, votre réclamation l'interrompt : deux mois repartiront de la réponse."
    return (dans, clause(reglement, REGLE_INTERRUPTION, texte, effet="délai interrompu"))


def _aussitot(
    command: DeposerReclamation, depot: ReclamationDeposee, reclamations: Reclamations, session: SessionFigee
) -> ReclamationClose | None:
    """L'issue de ce que nulle instruction ne changerait."""
    if depot.nature is SECONDE:
        return _pas_de_seconde_correction(command, depot, reclamations, session)
    if depot.nature is COPIE:
        return _incommunicable(command, depot, session) or _hors_conservation(command, depot, reclamations, session)
    if depot.tardive and depot.nature in FORCLOSES:
        texte = (
            "Une contestation formée après le délai n'est pas examinée. Une erreur d'addition ou de transcription, "
            "elle, peut toujours être signalée."
        )
        dite = clause(session.reglement, REGLE_DELAI, texte, effet="irrecevable")
        motif = "réclamation formée après le délai de deux mois, que le document notifié mentionnait"
        return fermer(depot, IssueReclamation.IRRECEVABLE, motif, command.le, session, (dite,))
    return None


def _pas_de_seconde_correction(
    command: DeposerReclamation, depot: ReclamationDeposee, reclamations: Reclamations, session: SessionFigee
) -> ReclamationClose:
    """Le jury est souverain ; ce qui reste au candidat, c'est de voir sa copie tant qu'elle est gardée."""
    reglement = session.reglement
    copies = tenu(session, "copies", publie_le=_publication(depot), gel=reclamations.gel())
    if copies.tient(jour_legal(depot.depose_le, session)):
        jusque = "tant qu'un recours court" if copies.jusqu_au is None else f"jusqu'au {date_longue(copies.jusqu_au)}"
        texte, effet = (
            f"Votre copie et ses appréciations peuvent vous être communiquées {jusque}.",
            "copie communicable",
        )
    else:
        texte, effet = "Le délai d'un an est passé : votre copie n'est plus gardée.", "copie non communicable"
    copie = clause(reglement, REGLE_REPRESENTANT, texte, effet=effet, details=(copies.explication,))
    texte = (
        "Le jury est souverain : une copie n'est pas corrigée une seconde fois. Seule une erreur d'addition ou de "
        "transcription se rectifie."
    )
    dite = clause(reglement, REGLE_JURY, texte, effet="seconde correction refusée", details=(copie,))
    motif = "aucune seconde correction : le jury est souverain, seule une erreur matérielle se rectifie"
    return fermer(depot, IssueReclamation.REJETEE, motif, command.le, session, (dite,))


def _incommunicable(
    command: DeposerReclamation, depot: ReclamationDeposee, session: SessionFigee
) -> ReclamationClose | None:
    """L'annexe que le règlement ne laisse pas communiquer (BTS-R01)."""
    if depot.annexe is None:
        return None
    try:
        exiger_communicable(session.reglement, depot.annexe)
    except Refus as refus:
        texte = f"Le règlement ne permet pas de communiquer ce document : {refus.detail}."
        dite = clause(session.reglement, refus.regle, texte, effet="communication refusée")
        return fermer(depot, IssueReclamation.REJETEE, refus.detail, command.le, session, (dite,))
    return None


def _hors_conservation(
    command: DeposerReclamation, depot: ReclamationDeposee, reclamations: Reclamations, session: SessionFigee
) -> ReclamationClose | None:
    """Passé un an, sans recours qui court, la destruction est prévue."""
    copies = tenu(session, "copies", publie_le=_publication(depot), gel=reclamations.gel())
    if copies.tient(jour_legal(depot.depose_le, session)):
        return None
    regle = session.conservation.duree("copies").regle
    texte = "Les copies se communiquent pendant l'année qui suit la publication, et tant qu'un recours court."
    dite = clause(session.reglement, regle, texte, effet="sans suite", details=(copies.explication,))
    motif = "demande reçue après la durée de conservation des copies, dont la destruction est prévue"
    return fermer(depot, IssueReclamation.SANS_SUITE, motif, command.le, session, (dite,))


def _publication(depot: ReclamationDeposee) -> datetime:
    if depot.publie_le is None:
        raise Refus("RESULTAT_NON_PUBLIE", f"{depot.candidat} : rien n'est publié ; attendez la publication")
    return depot.publie_le
