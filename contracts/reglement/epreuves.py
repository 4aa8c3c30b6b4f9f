"""The épreuves: what is marked, validated or acquired, in which mode, by whom, on which grid."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from contracts.reglement.base import Bloc, Cle, Nombre, RegleId
from contracts.vocabulaire import Categorie, Mode


class Arrondi(StrEnum):
    """Named procedures that round a computed mark (never an entered one)."""

    AUCUN = "aucun"
    DEMI_POINT_SUPERIEUR = "demi_point_superieur"


class Calcul(StrEnum):
    """Named procedures that give the mark of an épreuve."""

    NOTE_DIRECTE = "note_directe"
    MOYENNE_PONDEREE = "moyenne_ponderee"
    SITUATION_NOTEE = "situation_notee"
    TOUTES_ACQUISES = "toutes_acquises"  # competences: acquired or not, never a mark


class Grille(Bloc):
    """What a filled grid must contain to be accepted.

    ``competences``: code → how many criteria the official grid has for it. ``signataires``: profiles that sign it.
    """

    annexe: str
    regle: RegleId
    obligatoires: tuple[str, ...] = ()
    au_choix: tuple[str, ...] = ()
    nombre_au_choix: int = 0
    criteres_min: int = 1
    intitule: str = ""
    competences: dict[str, int] = {}
    signataires: tuple[str, ...] = ()


class Commission(Bloc):
    """Profiles that must sit: each `obligatoires`; a missing `repli` key may be replaced by its value."""

    regle: RegleId
    obligatoires: tuple[str, ...]
    facultatifs: tuple[str, ...] = ()
    repli: dict[str, str] = {}


class Support(Bloc):
    """The document without which a situation is not assessed.

    ``zero``: a zero there (CAP). ``non_tenue``: the optional épreuve does not take place (BTS-C21).
    """

    natures: tuple[str, ...]
    effet: Literal["zero", "non_tenue"] = "zero"
    regle: RegleId


class Recapitulatif(Bloc):
    """The summary grid without which a mark is not final."""

    annexe: str
    regle: RegleId


class Conduite(Bloc):
    """A situation that is validated, never marked (driving). ``regle`` and ``regle_ccf``: its words in each mode."""

    regle: RegleId
    regle_ccf: RegleId
    mentions: dict[Mode, tuple[str, str]]  # (favourable, unfavourable) per mode
    commissions: dict[Mode, Commission] = {}
    tentatives: dict[Mode, int] = {}  # absent mode: no limit
    regle_tentatives: RegleId
    prealable: Literal["etg"] | None = None
    regle_prealable: RegleId
    regle_etg: RegleId
    dispense: Literal["permis_b"] | None = None
    regle_dispense: RegleId
    individuel: Literal["selon_academie", "organisee"] = "organisee"
    regle_individuel: RegleId
    absence: str = "non_validee"
    regle_absence: RegleId


class Modalite(Bloc):
    """One moment of a sitting, in minutes. ``apres``: what must be done before (``correction`` for the jury's own).

    ``regle_apres``: why in that order; ``regle_presence``: why those people, and no one else (TP-N15, AMB-27). Without
    them, ``regle`` says it.
    """

    intitule: str
    minutes: Decimal
    regle: RegleId
    jury: bool = False
    surveillant: bool = False
    poste: bool = False
    echanges: int = 0
    apres: tuple[str, ...] = ()
    regle_apres: RegleId | None = None
    regle_presence: RegleId | None = None


class Parcours(Bloc):
    """A way of presenting the exam: which épreuves together, and their moments.

    ``duree``, ``presence_jury``, ``surveillance``: the totals in minutes that the text states; checked, never used.
    """

    intitule: str
    regle: RegleId
    epreuves: tuple[Cle, ...]
    acquis: tuple[Cle, ...] = ()  # units that must already be held
    categories: tuple[Categorie, ...] = ()  # none: all
    modalites: dict[str, Modalite] = {}
    duree: Decimal | None = None
    regle_duree: RegleId | None = None
    presence_jury: Decimal | None = None
    regle_jury: RegleId | None = None
    surveillance: Decimal | None = None
    regle_surveillance: RegleId | None = None
    regle_poste: RegleId | None = None  # one place of work for each candidate (TP-C02)


class Situation(Bloc):
    intitule: str
    poids: Nombre | None = None
    support: Support | None = None
    grilles: dict[Mode, Grille] = {}
    conduite: Conduite | None = None
    criteres: int | None = None  # of the competence, when it is acquired or not
    minutes: Decimal | None = None  # of one assessed in the course of training, that no convocation plans

    @property
    def notee(self) -> bool:
        return self.conduite is None


class FicheSujet(Bloc):
    """What a candidate is given to treat, written for him from one of the activities of his dossier (BTS-N05)."""

    regle: RegleId
    activites: tuple[str, ...]
    modes: tuple[Mode, ...] = (Mode.PONCTUEL,)


class Epreuve(Bloc):
    intitule: str
    regle: RegleId
    domaine: Literal["professionnel", "general", "facultatif"]
    coefficient: Nombre
    modes: tuple[Mode, ...] = (Mode.PONCTUEL,)
    note_max: Decimal = Decimal(20)
    pas: Decimal = Decimal("0.5")
    calcul: Calcul = Calcul.NOTE_DIRECTE
    arrondi: Arrondi = Arrondi.DEMI_POINT_SUPERIEUR
    regle_calcul: RegleId = "DC-CAP11"
    regle_pas: RegleId = "DC-CAP11"
    situations: dict[Cle, Situation] = {}
    support: Support | None = None
    grilles: dict[Mode, Grille] = {}
    recapitulatif: dict[Mode, Recapitulatif] = {}
    commissions: dict[Mode, Commission] = {}
    remplacement: bool = True
    dispensable: bool = True
    dispense_exclue: tuple[Categorie, ...] = ()
    regle_dispense: RegleId | None = None
    vae: bool = False
    absence_situation: Literal["epreuve", "situation"] = "epreuve"
    regle_absence_situation: RegleId | None = None
    habilitation_ccf: RegleId | None = None
    modalites: dict[str, Modalite] = {}
    unite: str = ""  # its bloc de compétences, as an attestation names it
    modes_situations: tuple[Mode, ...] = ()  # modes in which it is cut in situations; none: all of them
    fiche_sujet: FicheSujet | None = None
    regle_proposition: RegleId | None = None  # what its own text says of its CCF mark, where it says more than the rest

    def situations_en(self, mode: Mode) -> dict[Cle, Situation]:
        """The situations of a candidate in this mode: an épreuve may be cut in CCF alone (MC-N05)."""
        return self.situations if not self.modes_situations or mode in self.modes_situations else {}

    @property
    def acquise_ou_non(self) -> bool:
        """Acquired or not, never marked."""
        return self.calcul is Calcul.TOUTES_ACQUISES

    @property
    def obligatoire(self) -> bool:
        return self.domaine != "facultatif"
