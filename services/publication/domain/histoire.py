"""Ce que le journal sait d'un candidat : ses notes, son jury, chaque fait à sa place, dit en mots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    PieceJugee,
    RegularisationDemandee,
    VerificationConclue,
)
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryReconvoque,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    DoubleSaisieComparee,
    GrilleRemplie,
    NoteHarmonisee,
    NoteRectifiee,
    NoteSaisie,
    NoteTardiveIntegree,
    NoteTardiveRecue,
    NoteVerrouillee,
    ResultatArrete,
)
from contracts.evenements.publication import PreuveJournal
from contracts.messages import Event
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, Explication
from services.communs.mots import jour_dit, par_qui
from services.publication.documents.francais import nombre

PROVISOIRES = frozenset({Decision.EN_ATTENTE, Decision.EPREUVES_CONTROLE})
DECISIONS = {
    "admis": "admis",
    "ajourne": "ajourné",
    "en_attente": "en attente",
    "non_autorise": "non autorisé à se présenter",
    "refuse": "refusé",
    "epreuves_de_controle": "admis aux épreuves de contrôle",
    "poursuite": "poursuite",
    "reussite_partielle": "réussite partielle",
    "echec": "échec",
}


@dataclass(frozen=True)
class FaitLu:
    """Un fait du journal : ce qu'il dit, son identifiant, sa position, quand et par qui.

    ``journal`` : le flux de cette position, si ce n'est pas celui d'ici : un jury qui siège à la pilote (AMB-55).
    """

    event: Event
    id: str
    position: int
    le: datetime
    acteur: str
    role: str
    journal: str = ""

    def suit(self, autre: FaitLu) -> bool:
        """Vient-il après ? D'un flux à l'autre, les positions ne se comparent pas : les dates, si."""
        if self.journal == autre.journal:
            return self.position > autre.position
        return self.le >= autre.le


Faits: TypeAlias = Sequence[FaitLu]


@dataclass(frozen=True)
class HistoireCandidat:
    """Les faits de son relevé d'épreuves, de son jury et de son dossier, chacun dans l'ordre du journal."""

    candidat: str
    releve: Faits = ()
    jury: Faits = ()
    dossier: Faits = ()

    def vu_par(self, fait: FaitLu, decision: FaitLu, dite: DecisionPrise) -> bool:
        """Cette décision a-t-elle pris ce fait du candidat en compte ?

        Le jury d'une autre académie compte autrement ses positions : sa décision nomme les résultats qu'elle a lus.
        """
        if fait.journal == decision.journal:
            return dite.position >= fait.position
        if fait not in self.releve:
            return fait.le <= decision.le
        epreuve, lus = getattr(fait.event, "epreuve", None), _preuves(dite.explication)
        return any(
            one.id in lus and one.position >= fait.position
            for one in self.releve
            if isinstance(one.event, ResultatArrete) and one.event.epreuve == epreuve
        )

    @property
    def decisions(self) -> list[tuple[FaitLu, DecisionPrise]]:
        """Celles que son jury a prises pour lui."""
        return [
            (one, one.event)
            for one in self.jury
            if isinstance(one.event, DecisionPrise) and one.event.candidat == self.candidat
        ]

    @property
    def decisions_finales(self) -> list[tuple[FaitLu, DecisionPrise]]:
        """Celles qui n'attendaient ni une note, ni des épreuves de contrôle."""
        return [one for one in self.decisions if one[1].decision not in PROVISOIRES]


def _preuves(clauses: Iterable[Explication]) -> frozenset[str]:
    """Les faits que nomment ces clauses, et leurs détails."""
    return frozenset(one for clause in clauses for one in (*clause.preuves, *clause.faits, *_preuves(clause.details)))


def preuve(fait: FaitLu, session: SessionFigee) -> PreuveJournal:
    """Où ce fait se trouve, et ce qu'il est, en mots."""
    quand = f"le {jour_dit(fait.le, session.parametres.fuseau)}, par {par_qui(fait.role)}"
    return PreuveJournal(
        fait=fait.id,
        nom=fait.event.NAME,
        position=fait.position,
        le=fait.le,
        role=fait.role,
        dit=f"{_dire(fait.event)}, {quand}",
        journal=fait.journal or None,
    )


def preuves(faits: Iterable[FaitLu], session: SessionFigee) -> tuple[PreuveJournal, ...]:
    return tuple(preuve(one, session) for one in faits)


def place(event: Event) -> str:
    """``EP1, situation S1`` : là où une note se porte."""
    epreuve, situation = getattr(event, "epreuve", ""), getattr(event, "situation", None)
    return f"{epreuve}, situation {situation}" if situation else str(epreuve)


def note_dite(note: Decimal | None) -> str:
    return "absent" if note is None else nombre(note)


def _dire(event: Event) -> str:
    match event:
        case NoteSaisie(note=note):
            return f"{place(event)} : note {nombre(note)} saisie"
        case NoteVerrouillee(note=note):
            return f"{place(event)} : note {nombre(note)} verrouillée, le lot {event.lot} étant clos"
        case NoteHarmonisee(avant=avant, apres=apres, motif=motif):
            return f"{place(event)} : note portée de {nombre(avant)} à {nombre(apres)} à l'harmonisation ({motif})"
        case NoteRectifiee(avant=avant, apres=apres, motif=motif):
            return f"{place(event)} : {note_dite(avant)} corrigé en {note_dite(apres)} ({motif})"
        case NoteTardiveRecue(note=note):
            return f"{place(event)} : note {nombre(note)} arrivée après la remontée, gardée à part"
        case NoteTardiveIntegree(note=note, motif=motif):
            return f"{place(event)} : note tardive {nombre(note)} comptée ({motif})"
        case DoubleSaisieComparee(premiere=premiere, seconde=seconde):
            return f"{place(event)} : note {nombre(premiere)} relue {nombre(seconde)}"
        case AbsenceConstatee():
            return f"{place(event)} : absence constatée"
        case AbsenceJustifiee(motif=motif):
            return f"{place(event)} : motif d'absence admis ({motif})"
        case GrilleRemplie():
            return f"{place(event)} : grille remplie par une commission de {len(event.commission)} membre(s)"
        case ResultatArrete(note=note):
            return f"{place(event)} : résultat arrêté{'' if note is None else f' à {nombre(note)}'}"
        case _:
            return _dire_du_jury(event)


def _dire_du_jury(event: Event) -> str:
    match event:
        case DecisionPrise(decision=decision):
            return f"décision du jury {event.jury} : {DECISIONS[decision]}"
        case PointsDeJuryAccordes(avant=avant, apres=apres, motif=motif):
            return f"{event.epreuve} : le jury porte {nombre(avant)} à {nombre(apres)} ({motif})"
        case PresenceAttestee(membre=membre):
            return f"présence de {membre} attestée"
        case MembreRecuse(membre=membre, motif=motif):
            return f"{membre} récusé pour ce candidat ({motif})"
        case PresidenceTransmise(de=de, a=a, motif=motif):
            return f"présidence transmise de {de} à {a} ({motif})"
        case JuryConstitue(arrete=arrete):
            return f"jury {event.jury} nommé par « {arrete} »"
        case JuryClos():
            return f"jury {event.jury} clos"
        case JuryReconvoque(motif=motif):
            return f"jury {event.jury} réuni de nouveau ({motif})"
        case _:
            return _dire_du_dossier(event)


def _dire_du_dossier(event: Event) -> str:
    match event:
        case PieceJugee(piece=piece, verdict=verdict):
            return f"pièce {piece} jugée {verdict.replace('_', ' ')}"
        case RegularisationDemandee(piece=piece, manques=manques):
            return f"pièce {piece} à compléter ({', '.join(manques)})"
        case DossierDeclareConforme():
            return "dossier déclaré conforme"
        case DossierDeclareNonConforme(motifs=motifs):
            return f"dossier déclaré non conforme ({', '.join(motifs)})"
        case DouteSignale(motif=motif):
            return f"doute signalé ({motif})"
        case VerificationConclue(conforme=conforme, motif=motif):
            return f"vérification conclue {'conforme' if conforme else 'non conforme'} ({motif})"
        case _:
            return event.NAME.partition(".")[2].rpartition(".")[0].replace("_", " ")
