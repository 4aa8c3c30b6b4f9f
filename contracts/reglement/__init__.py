"""The règlement of an exam as data: what `contracts/reglements/<diplome>/<session>.yaml` may say.

Numbers by value, procedures by name, every clause with its rule id, every rule id with its source. A key or a word
that this schema does not know is an error at load, named by file, key and rule.
"""

from contracts.reglement.base import AFournir, Bloc, Choix, Nombre, RegleId, Source
from contracts.reglement.chargement import A_REMPLIR, DOSSIER, Faute, ReglementInvalide, load_all, load_reglement
from contracts.reglement.dossier import ContenuExige, Controle, Duree, Experience, Piece, PieceExigee, Reduction
from contracts.reglement.epreuves import (
    Arrondi,
    Calcul,
    Commission,
    Conduite,
    Epreuve,
    Grille,
    Modalite,
    Parcours,
    Recapitulatif,
    Situation,
    Support,
)
from contracts.reglement.jury import (
    Attestation,
    Clause,
    CompetenceRequise,
    Conservation,
    Deliberation,
    Documents,
    JuryRegle,
    Mention,
    Profil,
    Remplacement,
    SecondeChance,
)
from contracts.reglement.modele import CategorieReglee, InscriptionRegle, NotationRegle, Reglement, rules_used

__all__ = [
    "A_REMPLIR",
    "DOSSIER",
    "AFournir",
    "Arrondi",
    "Attestation",
    "Bloc",
    "Calcul",
    "CategorieReglee",
    "Choix",
    "Clause",
    "Commission",
    "CompetenceRequise",
    "Conduite",
    "Conservation",
    "ContenuExige",
    "Controle",
    "Deliberation",
    "Documents",
    "Duree",
    "Epreuve",
    "Experience",
    "Faute",
    "Grille",
    "InscriptionRegle",
    "JuryRegle",
    "Mention",
    "Modalite",
    "Nombre",
    "NotationRegle",
    "Parcours",
    "Piece",
    "PieceExigee",
    "Profil",
    "Recapitulatif",
    "Reduction",
    "RegleId",
    "Reglement",
    "ReglementInvalide",
    "Remplacement",
    "SecondeChance",
    "Situation",
    "Source",
    "Support",
    "load_all",
    "load_reglement",
    "rules_used",
]
