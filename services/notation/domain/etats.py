"""Ce qu'un relevé peut être : son accès, chacune de ses places (épreuve ou situation), l'ETG, les résultats arrêtés."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from contracts.evenements.notation import CauseSuspension, GrilleRemplie, ResultatArrete
from contracts.vocabulaire import Categorie, EtatResultat, Fondement, Mode

Cle = tuple[str, str | None]
"""Une place du relevé : l'épreuve, et la situation quand l'épreuve en a."""

# L'accès : le relevé se souvient de ce qu'il apprend avant même d'être ouvert ------------------------------------


@dataclass(frozen=True)
class Inscription:
    """Ce que le candidat doit passer, et comment. ``unites`` : celles qu'il présente ; aucune nommée, toutes."""

    categorie: Categorie
    reglement: str
    modes: Mapping[str, Mode]
    facultatives: tuple[str, ...]
    unites: tuple[str, ...] = ()


@dataclass(frozen=True)
class NonOuvert:
    """L'inscription n'est pas encore connue ici."""


@dataclass(frozen=True)
class Ouvert:
    """Le candidat peut être évalué."""

    inscription: Inscription


@dataclass(frozen=True)
class Ferme:
    """Le candidat n'est pas autorisé à se présenter (CAP26-I05). ``inscription`` est nulle si elle suit."""

    regle: str
    inscription: Inscription | None


Acces = NonOuvert | Ouvert | Ferme

# Une place : ce qui est arrivé à une épreuve ou à une situation --------------------------------------------------


@dataclass(frozen=True)
class ANoter:
    """Rien encore."""


@dataclass(frozen=True)
class Notee:
    """Note saisie, que son auteur peut encore reprendre. ``lot`` : le bordereau dont elle vient."""

    note: Decimal
    auteur: str
    lot: str | None


@dataclass(frozen=True)
class Doublee:
    """Note saisie deux fois, par deux personnes."""

    note: Decimal
    auteur: str
    lot: str | None
    seconde: Decimal

    @property
    def concorde(self) -> bool:
        return self.note == self.seconde


INTEGREE = "intégration d'une note tardive"


@dataclass(frozen=True)
class Verrouillee:
    """Note qui ne change plus que par harmonisation ou rectification. ``cause`` : ce qui l'a verrouillée."""

    note: Decimal
    cause: str


@dataclass(frozen=True)
class AbsenceAdmise:
    """Absent, motif admis : zéro à l'épreuve, ou nouvelle situation en CCF (DC-CAP16, AMB-52)."""

    le: datetime | None = None


@dataclass(frozen=True)
class Absent:
    """Absent, sans motif admis. ``le`` : quand l'absence a été portée, si le fait le dit."""

    le: datetime | None = None


@dataclass(frozen=True)
class Tardive:
    """Note de CCF arrivée trop tard, gardée sans être intégrée. ``avant`` : l'état qui vaut encore."""

    note: Decimal
    avant: ANoter | AbsenceAdmise


@dataclass(frozen=True)
class ZeroSupport:
    """Support absent : non évalué, zéro ; le candidat n'est pas absent."""

    regle: str


@dataclass(frozen=True)
class Dispensee:
    """Non due. ``fondement`` : un titre détenu, ou l'expérience validée."""

    regle: str
    fondement: Fondement = Fondement.TITRE


@dataclass(frozen=True)
class NonTenue:
    """Facultative qui n'a pas lieu, faute du document qu'elle exige ; le candidat n'est pas absent (BTS-C21)."""

    regle: str


@dataclass(frozen=True)
class Evaluee:
    """Compétence dite acquise ou non, jamais notée (AMB-28). ``criteres`` : ceux qui ont été vus."""

    acquise: bool
    criteres: int | None
    auteur: str
    lot: str | None


@dataclass(frozen=True)
class Conduite:
    """Mention portée à la conduite. ``tentative`` : présentations faites ; zéro si absent ou non organisée."""

    mention: EtatResultat
    tentative: int
    regle: str


AvecNote = Notee | Doublee | Verrouillee
Place = ANoter | AvecNote | AbsenceAdmise | Absent | Tardive | ZeroSupport | Dispensee | Conduite | NonTenue | Evaluee

# Le reste ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EtgAPasser:
    """Épreuve théorique générale non acquise, après ``tentatives`` échecs."""

    tentatives: int = 0


@dataclass(frozen=True)
class EtgAcquise:
    """Épreuve théorique générale validée à la ``tentatives``-ième."""

    tentatives: int


@dataclass(frozen=True)
class Benefice:
    """Note conservée d'une session passée."""

    note: Decimal
    session_origine: str
    regle: str


@dataclass(frozen=True)
class Mention:
    """Ce qui tient lieu de note : l'épreuve n'est ni évaluée, ni portée absente."""

    mention: EtatResultat
    regle: str


@dataclass(frozen=True)
class FicheSujet:
    """L'activité du dossier que la commission a retenue, et la référence de la fiche qu'elle en a tirée."""

    activite: str
    fiche: str


@dataclass(frozen=True)
class Report:
    """Quand se passe une épreuve que la fermeture du centre a empêchée."""

    passage: datetime
    regle: str


@dataclass(frozen=True)
class NoteControle:
    """Ce qui a été porté à un oral de contrôle ; aucune note si le candidat ne s'y est pas présenté."""

    note: Decimal | None
    auteur: str


@dataclass(frozen=True)
class Releve:
    """Le relevé d'un candidat.

    ``non_valides`` : mentions du contrôle du dossier ; ``annulees`` : celles de la commission de discipline.
    ``suspensions`` : par épreuve, les causes qui gèlent encore sa note, et leur règle. ``remplacees`` : les épreuves
    passées à la session de remplacement. ``reportees`` : celles que la fermeture du centre a empêchées.
    ``ecartes`` : ce qu'une académie d'accueil a transmis sans que cela puisse se porter, et pourquoi.
    ``vers`` : l'académie où il est parti avec son candidat. ``repris`` : l'empreinte de l'histoire reprise.
    """

    acces: Acces = NonOuvert()
    places: Mapping[Cle, Place] = field(default_factory=dict)
    benefices: Mapping[str, Benefice] = field(default_factory=dict)
    grilles: Mapping[Cle, GrilleRemplie] = field(default_factory=dict)
    etg: EtgAPasser | EtgAcquise = EtgAPasser()
    resultats: Mapping[str, ResultatArrete] = field(default_factory=dict)
    non_valides: Mapping[str, Mention] = field(default_factory=dict)
    annulees: Mapping[str, Mention] = field(default_factory=dict)
    suspensions: Mapping[str, Mapping[CauseSuspension, str]] = field(default_factory=dict)
    acquis: Mapping[str, str] = field(default_factory=dict)
    choisies: tuple[str, ...] = ()
    remplacees: frozenset[str] = frozenset()
    controles: Mapping[str, NoteControle] = field(default_factory=dict)
    reportees: Mapping[str, Report] = field(default_factory=dict)
    fiches: Mapping[str, FicheSujet] = field(default_factory=dict)
    vers: str | None = None
    repris: str = ""
    ecartes: Mapping[tuple[str, str, str | None], tuple[Decimal | None, str]] = field(default_factory=dict)

    def place(self, cle: Cle) -> Place:
        """L'état d'une place ; une épreuve dispensée dispense de ses situations."""
        entiere = self.places.get((cle[0], None))
        if isinstance(entiere, Dispensee):
            return entiere
        return self.places.get(cle, ANoter())

    def mention(self, code: str) -> Mention | None:
        """La mention qui tient lieu de note ; l'annulation l'emporte sur la non-conformité."""
        return self.annulees.get(code) or self.non_valides.get(code)

    def suspendue(self, code: str) -> Mapping[CauseSuspension, str]:
        return self.suspensions.get(code, {})

    def gardee(self, code: str) -> bool:
        """Tenue d'une session passée, ou non due : elle compte, que le candidat la présente ou non."""
        entiere = isinstance(self.places.get((code, None)), Dispensee)
        return entiere or code in self.benefices or code in self.acquis

    @property
    def inscription(self) -> Inscription | None:
        return self.acces.inscription if isinstance(self.acces, (Ouvert, Ferme)) else None


initial = Releve()
