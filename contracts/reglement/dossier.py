"""The dossier: pieces, durations, controls, and what a non-conforming one entails."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contracts.reglement.base import Annee, Bloc, Cle, RegleId
from contracts.vocabulaire import Categorie, CauseReduction, Mode


class Experience(Bloc):
    """Condition of experience (CAP 2026): hours capped by civil week inside a window."""

    regle: RegleId
    procedure: Literal["heures_plafonnees"]
    semaines: int
    heures_semaine: Decimal
    heures: Decimal
    fenetre_annees: int
    public: Literal["majeur_hors_formation"]
    regle_public: RegleId
    regle_majorite: RegleId
    regle_refus: RegleId
    regle_delai: RegleId
    regle_secteur: RegleId
    regle_heures: RegleId
    regle_fenetre: RegleId
    secteurs: tuple[str, ...]
    champs_obligatoires: tuple[str, ...]
    regle_champs: RegleId
    orientation: str
    regle_orientation: RegleId


class Piece(Bloc):
    """A document of the dossier: who owes it, who must sign it."""

    intitule: str
    regle: RegleId
    annexe: str = ""
    signataires: dict[Literal["en_etablissement", "individuel"], tuple[str, ...]] = {}
    regle_signature: RegleId | None = None


class Reduction(Bloc):
    """A lawful reduction of a duration, once the authority has allowed it; ``sessions``: only those, if any."""

    cause: CauseReduction
    minimum: Decimal
    regle: RegleId
    sessions: tuple[Annee, ...] = ()


class Quotite(Bloc):
    """So many months of work inside the last ``fenetre_mois`` before the first épreuve (MC-C08, AMB-42)."""

    mois: int
    fenetre_mois: int


class Duree(Bloc):
    """A duration to be attested by pieces of ``natures``.

    ``semaines_calendaires``: union of calendar days, whole weeks counted once on the sum (AMB-30 to 32), ``minimum``
    weeks. ``mois_recents``: ``plein`` or ``partiel``. ``annees_experience``: ``minimum`` years, whenever (AMB-43).
    """

    regle: RegleId
    procedure: Literal["semaines_calendaires", "mois_recents", "annees_experience"]
    natures: tuple[str, ...]
    minimum: Decimal = Decimal(0)
    plein: Quotite | None = None
    partiel: Quotite | None = None
    heures_temps_plein: Decimal = Decimal(35)
    reductions: tuple[Reduction, ...] = ()
    regle_decompte: RegleId
    regle_chevauchement: RegleId = "AMB-32"
    regle_temps_partiel: RegleId = "AMB-30"
    regle_fenetre: RegleId | None = None
    secteurs: tuple[str, ...] = ()
    regle_secteur: RegleId | None = None


class ContenuExige(Bloc):
    """What a dossier must hold. Sheets: each of ``fiches`` at least ``nombre`` times in all, of different natures.

    ``regle_...``: the rule that asks for each, when it is not that of the piece.
    """

    fiches: tuple[str, ...] = ()
    nombre: int = 0
    annexes: int = 0
    situations: tuple[str, ...] = ()
    etude: bool = False
    experience_reelle: bool = False
    pages_max: int | None = None
    faces_max: int | None = None
    regle_fiches: RegleId | None = None
    regle_annexes: RegleId | None = None
    regle_situations: RegleId | None = None
    regle_etude: RegleId | None = None
    regle_pages: RegleId | None = None
    regle_faces: RegleId | None = None


class PieceExigee(Bloc):
    """A piece that a control asks for: one of ``natures`` is enough. None of ``categories``, of ``modes``: all of them.

    ``motif``: the ground of its absence. ``contenu``: what it must hold; what lacks is a ground when
    ``contenu_bloque``, otherwise a defect left to whoever assesses (BTS-C11, BTS-C18). ``contenus``: by nature, for
    one that holds something else than ``contenu`` (BTS-C15). ``modes``: of the épreuve, for this candidate (MC-C12).
    """

    natures: tuple[str, ...]
    regle: RegleId
    motif: Literal["depot", "attestation", "piece"] = "depot"
    categories: tuple[Categorie, ...] = ()
    modes: tuple[Mode, ...] = ()
    signataires: tuple[str, ...] = ()
    regle_signature: RegleId | None = None
    contenu: ContenuExige | None = None
    contenus: dict[str, ContenuExige] = {}
    contenu_bloque: bool = False
    regle_contenu: RegleId | None = None

    def contenu_de(self, nature: str) -> ContenuExige | None:
        """What a piece of this nature must hold."""
        return self.contenus.get(nature, self.contenu)


class Controle(Bloc):
    """A control of conformity, épreuve by épreuve, or of the whole exam when it names none.

    ``regles``: the rule of the categories to which the text gives a paragraph of their own. ``durees``: by category,
    keys of `Reglement.durees`, any one of which is enough; none for a category: no duration is due. ``dispense_avec``:
    dispensed from all of these, the candidate owes no duration (BTS-I02, AMB-60).
    ``regularisable``: an incomplete piece is asked for again before the date.
    """

    intitule: str
    regle: RegleId
    regles: dict[Categorie, RegleId] = {}
    epreuves: tuple[Cle, ...] = ()
    effet: Literal["non_valide", "non_subie", "non_autorise"]
    regle_effet: RegleId
    pieces: tuple[PieceExigee, ...] = ()
    durees: dict[Categorie, tuple[str, ...]] = {}
    dispense_avec: tuple[Cle, ...] = ()
    regle_dispense: RegleId | None = None
    attestation_par_periode: RegleId | None = None
    regle_delai: RegleId
    regle_doute: RegleId | None = None
    regle_verification: RegleId | None = None
    regularisable: bool = False
    regle_regularisation: RegleId | None = None
