"""Un candidat inventé : ce qu'il est, ce qui lui arrive, et les commandes qui le concernent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ecriture import Ligne
from personnes import Personne

ACADEMIE = "normandie"
CCF, PONCTUEL = "ccf", "ponctuel"


def acteur(compte: str, role: str, *portee: str) -> Ligne:
    """Un auteur : un compte, jamais un nom."""
    return {"id": compte, "role": role, "academie": ACADEMIE, **({"portee": list(portee)} if portee else {})}


@dataclass
class Candidat:
    """Un candidat inventé, et son histoire.

    ``notes`` : clé d'épreuve ou de situation → note ou ``ABS``. ``avant`` et ``apres`` : par étape, les lignes qui
    précèdent ou suivent celles que l'étape écrit pour lui. ``champs`` : ce que son inscription dit de plus (``forme``,
    ``unites``, ``modes``…) ; il est alors inscrit par une commande, le fichier n'a pas ces colonnes. ``attestations`` :
    l'instant du dépôt, vide si c'est celui des autres, et ce qu'elle dit. ``contenus`` : par nature de dossier, ce en
    quoi le sien n'est pas ordinaire.
    """

    numero: str
    personne: Personne
    categorie: str
    etablissement: str | None
    centre: str
    mode: str
    notes: dict[str, str]
    facultatives: tuple[str, ...] = ()
    formation_attestee: bool = False
    permis_b: bool = False
    livret: bool = False
    sans: tuple[str, ...] = ()
    signataires: tuple[str, ...] | None = None
    etg: tuple[bool, ...] = (True,)
    conduite: tuple[str, ...] = ()
    commission_ep3: tuple[str, ...] = ("enseignant_specialite", "professionnel")
    attestations: list[tuple[str, Ligne]] = field(default_factory=list)
    contenus: dict[str, Ligne] = field(default_factory=dict)
    champs: Ligne = field(default_factory=dict)
    ferme: bool = False
    annule: bool = False
    avant: dict[str, list[Ligne]] = field(default_factory=lambda: defaultdict(list))
    apres: dict[str, list[Ligne]] = field(default_factory=lambda: defaultdict(list))

    @property
    def compose(self) -> bool:
        return not self.ferme and not self.annule

    @property
    def individuel(self) -> bool:
        return self.categorie == "individuel"

    @property
    def lui(self) -> Ligne:
        return acteur(f"candidat-{self.numero}", "candidat", f"candidat:{self.numero}")

    @property
    def inscrit_par(self) -> str | Ligne:
        """Lui-même ; le service d'examens s'il a un titre, une formation ou un passé à faire valoir, sur pièce."""
        sur_piece = self.permis_b or self.formation_attestee or "anteriorite" in self.champs
        return "gestionnaire" if sur_piece else self.lui

    @property
    def chef(self) -> Ligne:
        return acteur(f"centre-{self.etablissement or self.centre}", "chef_centre")

    def ligne(self, commande: str, le: str, par: str | Ligne = "gestionnaire", **champs: Any) -> Ligne:
        """Une commande sur lui ; ``epreuve`` s'écrit ``EP1.S1`` ou ``UG1``."""
        cible = _cible(str(champs.pop("epreuve"))) if "epreuve" in champs else {}
        return {"commande": commande, "le": le, "candidat": self.numero, **cible, **champs, "par": par}

    def benefice(self, le: str, epreuve: str, note: str, origine: str, **autrement: Any) -> Ligne:
        """Une note gardée d'une session antérieure."""
        champs: Ligne = {"epreuve": epreuve, "note": note, "session_origine": origine}
        return self.ligne("inscription.accorder_benefice", le, **champs, **autrement)

    def reclame(self, le: str, nature: str, **champs: Any) -> Ligne:
        """Sa réclamation R1, qu'il dépose lui-même."""
        return self.ligne(
            "publication.deposer_reclamation", le, self.lui, numero="R1", nature=nature, depose_le=le, **champs
        )

    def instruite(self, le: str, constat: str, motif: str) -> Ligne:
        return self.ligne("publication.instruire_reclamation", le, numero="R1", constat=constat, motif=motif)

    def repondue(self, le: str, issue: str, motif: str, **autrement: Any) -> Ligne:
        return self.ligne("publication.clore_reclamation", le, numero="R1", issue=issue, motif=motif, **autrement)

    def justification(self, le: str, epreuve: str, motif: str) -> Ligne:
        return self.ligne("notation.justifier_absence", le, epreuve=epreuve, motif=motif)


def _cible(cle: str) -> Ligne:
    code, _, situation = cle.partition(".")
    return {"epreuve": code, "situation": situation} if situation else {"epreuve": code}
