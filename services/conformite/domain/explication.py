"""L'explication d'une décision, clause par clause : règle, source, faits, chiffres, effet (CAP26-R01)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from contracts.evenements.conformite import MotifNonConformite
from contracts.reglement import Experience
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Explication, NaturePiece, Periode, Verdict
from services.communs.explication import clause
from services.conformite.domain.acces import REGLE_SESSION, Condition, condition_experience, fenetre
from services.conformite.domain.attestation import attestees
from services.conformite.domain.etats import Dossier, Piece
from services.conformite.domain.heures import Decompte, chiffre, heures_plafonnees, tronquer
from services.conformite.domain.pieces import REGLE_ADMINISTRATIVE, attestations, decompter, dus

REGLE_ATTESTATION = "CAP26-C03"
REGLE_PLAFOND = "AMB-29"
REGLE_DUREE_EXPERIENCE = "AMB-21"
REGLE_MOTIVATION = "CAP26-R01"
REMPLIE = "condition remplie"
NON_REMPLIE = "condition non remplie : le candidat n'est pas autorisé à se présenter"
SANS_OBJET = "condition sans objet"
ACCES_OUVERT = "accès ouvert ; ne dit rien des dossiers des épreuves"
VERDICTS = {
    Verdict.CONFORME: "admise",
    Verdict.INCOMPLETE: "incomplète, non régularisée",
    Verdict.NON_CONFORME: "écartée",
    Verdict.A_EXAMINER: "à examiner",
}
MOTIFS = {
    MotifNonConformite.DUREE: "la durée établie est inférieure à la durée exigée",
    MotifNonConformite.SECTEUR: "l'activité de l'entreprise ne relève pas du secteur du diplôme",
    MotifNonConformite.DELAI: "la pièce est déposée après la date limite",
    MotifNonConformite.PIECE: "une pièce exigée est absente, incomplète ou refusée",
    MotifNonConformite.SIGNATURE: "l'attestation n'est pas signée comme le modèle l'exige",
}

Motifs = Sequence[MotifNonConformite]


def experience(
    dossier: Dossier, regle: Experience, session: SessionFigee, motifs: Motifs = ()
) -> tuple[Explication, ...]:
    """La condition due, la durée pièce par pièce, puis chaque motif et l'orientation si elle n'est pas remplie."""
    condition = condition_experience(dossier.inscrit, session)
    return (
        _condition(dossier, condition, session, "condition due"),
        _duree(dossier, regle, session, remplie=not motifs),
        *_refus(dossier, motifs, session),
    )


def formation(dossier: Dossier, session: SessionFigee, motifs: Motifs) -> tuple[Explication, ...]:
    """Le mineur hors formation n'a pas prouvé qu'il en suit une."""
    regle = session.reglement.pieces[NaturePiece.PREUVE_FORMATION].regle
    texte = "Un candidat mineur se présente au titre d'une formation, dont il produit la preuve."
    details = tuple(_piece(un, session) for un in dossier.recu.de_nature(NaturePiece.PREUVE_FORMATION))
    return (
        _condition(dossier, condition_experience(dossier.inscrit, session), session, SANS_OBJET),
        clause(session.reglement, regle, texte, effet=NON_REMPLIE, details=details),
        *_refus(dossier, motifs, session),
    )


def sans_condition(
    dossier: Dossier, condition: Condition, session: SessionFigee, motifs: Motifs = ()
) -> tuple[Explication, ...]:
    """Aucune durée n'est exigée ; les PFMP sont contrôlées là où le règlement les attend (AMB-04)."""
    a_part = session.reglement.experience is None and session.reglement.controles
    return (
        _acces_ouvert(dossier, condition, session) if a_part else _condition(dossier, condition, session, SANS_OBJET),
        *_pfmp(dossier, session, refusees=bool(motifs)),
        *_refus(dossier, motifs, session),
    )


def _acces_ouvert(dossier: Dossier, condition: Condition, session: SessionFigee) -> Explication:
    """Le statut ouvre l'accès ; une durée peut être due ailleurs, au dossier d'une épreuve (BTS-C01, MC-C03)."""
    texte = "L'accès à l'examen s'ouvre selon le statut ; les dossiers des épreuves se contrôlent à part."
    epreuves = dict.fromkeys(une for du in dus(dossier, session) for une in du.epreuves)
    dossiers = f"dossiers contrôlés pour {', '.join(epreuves)}" if epreuves else "aucun dossier d'épreuve à contrôler"
    faits = (f"statut : {dossier.ouvert.categorie.value}", condition.fait, dossiers)
    choix = tuple(_choix_experience(dossier, session))
    return clause(session.reglement, condition.regle, texte, faits=faits, effet=ACCES_OUVERT, details=choix)


def _choix_experience(dossier: Dossier, session: SessionFigee) -> Iterator[Explication]:
    """Au titre de l'expérience, la durée à exiger du candidat est un choix, que le règlement dit (AMB-21)."""
    choix = session.reglement.choix.get(REGLE_DUREE_EXPERIENCE)
    if choix is not None and dossier.ouvert.categorie is Categorie.EXPERIENCE:
        texte = f"Choix du règlement : {choix.texte}."
        yield clause(session.reglement, REGLE_DUREE_EXPERIENCE, texte, effet=SANS_OBJET)


def _condition(dossier: Dossier, condition: Condition, session: SessionFigee, effet: str) -> Explication:
    faits = (f"statut : {dossier.ouvert.categorie.value}", condition.fait)
    texte = "Une expérience ou des PFMP du secteur sont exigées du majeur hors formation, ou de tout majeur sur option."
    if session.reglement.experience is None:
        texte = "Ce règlement n'exige pas d'expérience pour se présenter à l'examen."
    if condition.regle == REGLE_SESSION:
        texte = "Ce règlement n'exige pas d'expérience : la condition ne vaut qu'à compter de la session 2026."
    return clause(session.reglement, condition.regle, texte, faits=faits, effet=effet)


def _duree(dossier: Dossier, regle: Experience, session: SessionFigee, *, remplie: bool) -> Explication:
    admises = attestations(dossier.recu, Verdict.CONFORME)
    compte = decompter(admises, regle, session)
    exigees = Fraction(regle.heures)
    retenues = Fraction(tronquer(compte.heures))
    chiffres = {
        "heures_retenues": chiffre(retenues),
        "heures_exigees": chiffre(exigees),
        "heures_manquantes": chiffre(max(exigees - retenues, Fraction(0))),
        "semaines_exigees": str(regle.semaines),
    }
    texte = f"Au moins {regle.semaines} semaines dans le secteur, sur les {regle.fenetre_annees} ans avant l'examen."
    details = (
        *(_attestation(une, regle, session) for une in attestations(dossier.recu)),
        _plafond(compte, regle, session),
    )
    return clause(
        session.reglement,
        regle.regle,
        texte,
        chiffres=chiffres,
        effet=REMPLIE if remplie else NON_REMPLIE,
        details=details,
    )


def _plafond(compte: Decompte, regle: Experience, session: SessionFigee) -> Explication:
    """Des heures brutes aux heures retenues, toutes attestations admises ensemble."""
    horaire = chiffre(Fraction(regle.heures_semaine))
    texte = f"Les heures s'additionnent, au plus {horaire} par semaine civile."
    chiffres = {
        "heures_brutes": chiffre(compte.brutes),
        "heures_retenues": chiffre(compte.heures),
        "heures_par_semaine": horaire,
        "semaines_civiles": str(len(compte.retenues)),
    }
    return clause(session.reglement, REGLE_PLAFOND, texte, chiffres=chiffres)


def _attestation(piece: Piece, regle: Experience, session: SessionFigee) -> Explication:
    """Une attestation : ses périodes, ce qu'elle établit seule, ce qui n'en compte pas."""
    jours = fenetre(regle, session, piece.deposee.depose_le)
    compte = heures_plafonnees(attestees(piece.deposee, jours), regle)
    chiffres = {
        "heures_brutes": chiffre(compte.brutes),
        "heures_retenues": chiffre(compte.heures),
        "heures_avant_fenetre": chiffre(compte.avant),
        "heures_apres_limite": chiffre(compte.apres),
        "fenetre": f"{jours.debut.isoformat()}/{jours.fin.isoformat()}",
    }
    attestation = piece.deposee.attestation
    periodes = tuple(_periode(une) for une in attestation.periodes) if attestation else ()
    return _piece(piece, session, faits=periodes, chiffres=chiffres)


def _periode(periode: Periode) -> str:
    annonce = f", {periode.semaines_annoncees:f} semaines annoncées" if periode.semaines_annoncees is not None else ""
    jours = f"du {periode.debut:%d/%m/%Y} au {periode.fin:%d/%m/%Y}"
    return f"{periode.nature.value} {jours}, {periode.heures_hebdomadaires:f} h par semaine{annonce}"


def _piece(
    piece: Piece, session: SessionFigee, *, faits: tuple[str, ...] = (), chiffres: dict[str, str] | None = None
) -> Explication:
    jugee = piece.jugee
    regle = jugee.regle if jugee else REGLE_ADMINISTRATIVE
    verdict = VERDICTS[jugee.verdict] if jugee else "non jugée"
    par = ", par une personne" if jugee and jugee.a_la_main else ""
    recus = (f"déposée le {piece.deposee.depose_le.isoformat()}", *faits)
    dits = (*jugee.motifs, *jugee.alertes) if jugee else ()
    texte = f"Pièce {piece.deposee.piece} ({piece.deposee.nature.value}) : {verdict}{par}."
    return clause(session.reglement, regle, texte, faits=(*recus, *dits), chiffres=chiffres, effet=verdict)


def _pfmp(dossier: Dossier, session: SessionFigee, *, refusees: bool) -> Iterable[Explication]:
    """Aucun texte ne ferme l'examen faute de cette attestation : son absence se signale, sans effet."""
    if NaturePiece.ATTESTATION_PFMP not in dossier.ouvert.pieces_dues:
        return ()
    recues = dossier.recu.de_nature(NaturePiece.ATTESTATION_PFMP)
    effet = (
        NON_REMPLIE if refusees else "contrôlée" if recues else "à contrôler auprès de l'établissement, sans effet ici"
    )
    texte = "Les PFMP du candidat en formation sont contrôlées sur l'attestation de l'établissement."
    regle = session.reglement.pieces[NaturePiece.ATTESTATION_PFMP].regle
    return (
        clause(session.reglement, regle, texte, effet=effet, details=tuple(_piece(une, session) for une in recues)),
    )


def _refus(dossier: Dossier, motifs: Motifs, session: SessionFigee) -> Iterable[Explication]:
    """La motivation d'une non-autorisation, et l'orientation due (CAP26-I06)."""
    experience = session.reglement.experience
    if not motifs:
        return
    details = tuple(
        clause(session.reglement, _regle_du_motif(motif, session), MOTIFS[motif], effet=motif.value) for motif in motifs
    )
    faits = (f"vérification : {dossier.verification.motif}",) if dossier.verifie_faux and dossier.verification else ()
    texte = "Le candidat n'est pas autorisé à se présenter à l'examen, pour les motifs qui suivent."
    yield clause(
        session.reglement, REGLE_MOTIVATION, texte, faits=faits, effet="non autorisé à tout l'examen", details=details
    )
    if experience:
        yield clause(session.reglement, experience.regle_orientation, experience.orientation, effet="orientation")


def _regle_du_motif(motif: MotifNonConformite, session: SessionFigee) -> str:
    experience = session.reglement.experience
    if experience is None:
        return REGLE_ATTESTATION
    return {
        MotifNonConformite.DUREE: experience.regle_heures,
        MotifNonConformite.SECTEUR: experience.regle_secteur,
        MotifNonConformite.DELAI: experience.regle_delai,
        MotifNonConformite.PIECE: REGLE_ATTESTATION,
        MotifNonConformite.SIGNATURE: REGLE_ATTESTATION,
    }[motif]
