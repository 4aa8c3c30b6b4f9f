"""Ce qui est gardé d'un candidat et jusqu'à quand (DC-ARC01, AMB-58, MC-R01) ; un recours qui court le prolonge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from contracts.session import SessionFigee
from contracts.vocabulaire import Explication
from services.communs.explication import clause
from services.publication.documents.francais import date_longue
from services.publication.domain.delais import jour_legal, plus_mois

Objet: TypeAlias = Literal["copies", "pieces", "resultats"]
DITS: dict[Objet, str] = {
    "copies": "la conservation de vos copies et de leurs appréciations",
    "pieces": "la conservation de vos dossiers et de leurs pièces",
    "resultats": "la conservation de vos résultats et du procès-verbal du jury",
}


@dataclass(frozen=True)
class Gel:
    """Les recours qui courent (par numéro), et le dernier jour où une issue déjà donnée peut encore se contester."""

    en_cours: tuple[str, ...] = ()
    fin: date | None = None


@dataclass(frozen=True)
class Tenu:
    """Ce qui est gardé. ``jusqu_au`` : dernier jour, compris ; absent tant que la fin ne peut pas être dite."""

    objet: Objet
    jusqu_au: date | None
    regle: str
    explication: Explication

    def tient(self, jour: date) -> bool:
        """Est-ce encore gardé ce jour-là ?"""
        return self.jusqu_au is None or jour <= self.jusqu_au


def conservation(
    session: SessionFigee, *, publie_le: datetime, gel: Gel, suivante: date | None = None
) -> tuple[Tenu, ...]:
    """Tout ce qui est gardé. ``suivante`` : la première épreuve de la session suivante, dès qu'elle est ouverte."""
    table, publie = session.conservation, jour_legal(publie_le, session)
    copies = _tenir("copies", plus_mois(publie, table.mois("copies")), table.duree("copies").regle, session, gel)
    documents = session.reglement.documents
    if documents.pieces_jusqua == "session_suivante":
        pieces = _tenir("pieces", suivante, documents.regle_pieces, session, gel)
    else:
        pieces = _tenir("pieces", plus_mois(publie, table.mois("pieces")), table.duree("pieces").regle, session, gel)
    return copies, pieces, _resultats(session)


def echeance(gardes: tuple[Tenu, ...]) -> date | None:
    """Dernier jour où quelque chose retient encore l'identité ; rien tant que cette fin ne peut pas être dite."""
    fins = [one.jusqu_au for one in gardes if one.objet != "resultats"]
    connues = [fin for fin in fins if fin is not None]
    return max(connues) if len(connues) == len(fins) else None


def tenu(session: SessionFigee, objet: Objet, *, publie_le: datetime, gel: Gel, suivante: date | None = None) -> Tenu:
    """L'un d'eux."""
    tous = conservation(session, publie_le=publie_le, gel=gel, suivante=suivante)
    return next(one for one in tous if one.objet == objet)


def _tenir(objet: Objet, ordinaire: date | None, regle: str, session: SessionFigee, gel: Gel) -> Tenu:
    """La durée ordinaire, prolongée par ce qui se conteste encore."""
    reglement, regle_gel = session.reglement, session.conservation.gel.regle
    if gel.en_cours:
        texte = f"Une réclamation court : {DITS[objet]} dure au moins jusqu'à son issue."
        faits = tuple(f"réclamation {one} sans issue" for one in gel.en_cours)
        return Tenu(
            objet, None, regle_gel, clause(reglement, regle_gel, texte, faits=faits, effet="conservation sans limite")
        )
    if ordinaire is None:
        texte = f"À la disposition du jury et du rectorat, {DITS[objet]} dure jusqu'à la session suivante."
        effet = "conservation : la session suivante n'est pas encore ouverte"
        return Tenu(objet, None, regle, clause(reglement, regle, texte, effet=effet))
    if gel.fin is not None and gel.fin > ordinaire:
        texte = f"Une issue peut encore être contestée : {DITS[objet]} dure jusqu'à la fin de ce délai."
        chiffres = {"ordinairement jusqu'au": ordinaire.isoformat(), "jusqu'au": gel.fin.isoformat()}
        effet = f"conservation jusqu'au {date_longue(gel.fin)}"
        return Tenu(objet, gel.fin, regle_gel, clause(reglement, regle_gel, texte, chiffres=chiffres, effet=effet))
    effet = f"conservation jusqu'au {date_longue(ordinaire)}, puis destruction prévue"
    texte = f"Aucun recours ne court : {DITS[objet]} a sa durée ordinaire."
    chiffres = {"jusqu'au": ordinaire.isoformat()}
    return Tenu(objet, ordinaire, regle, clause(reglement, regle, texte, chiffres=chiffres, effet=effet))


def _resultats(session: SessionFigee) -> Tenu:
    """Leur durée est longue ; seul l'archiviste y met fin."""
    reglement, table = session.reglement, session.conservation
    regle = table.duree("resultats").regle
    archives = clause(
        reglement, table.accord.regle, "Ils ne s'éliminent qu'avec l'accord de l'administration des archives."
    )
    texte = "Vos résultats et le procès-verbal du jury sont gardés pour longtemps ; l'archiviste en fixe la durée."
    return Tenu(
        "resultats",
        None,
        regle,
        clause(reglement, regle, texte, effet="conservation sans limite", details=(archives,)),
    )
