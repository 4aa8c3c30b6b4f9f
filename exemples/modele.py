"""Une session d'exemple : ses candidats, et ce que chaque étape fait faire. Les sessions disent les leurs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ecriture import Etape, Ligne, Montre, bordereau, candidats, commandes
from personnes import Etat, Personne

ACADEMIE, DIPLOME = "normandie", "cap_osrcl"
CCF, PONCTUEL = "ccf", "ponctuel"
EPREUVES = ("EP1", "EP2", "EP3", "UG1", "UG2", "UG3", "UG4")
NOTEES = ("EP1.S1", "EP1.S2", "EP2", "EP3.S2", "UG1", "UG2", "UG3", "UG4")
FACULTATIVES = ("UF1", "UF2", "UF3")
SUPPORTS = ("fiche_produit", "fiche_environnement", "recapitulatif")
EN_FORMATION = (
    "scolaire_public", "scolaire_prive_sous_contrat", "apprenti", "formation_continue", "hors_contrat", "distance",
)  # fmt: skip
LOT_MAX = 400
ATTENDRE: Ligne = {"attendre": True}  # que tout ce qui précède ait eu son effet
COLONNES = (
    "numero", "ine", "nom", "prenoms", "naissance", "lieu_naissance", "adresse", "code_postal", "ville", "courriel",
    "categorie", "modes", "facultatives", "etablissement", "formation_attestee", "permis_b", "livret",
)  # fmt: skip


def acteur(compte: str, role: str, *portee: str) -> Ligne:
    """Un auteur : un compte, jamais un nom."""
    return {"id": compte, "role": role, "academie": ACADEMIE, **({"portee": list(portee)} if portee else {})}


@dataclass
class Candidat:
    """Un candidat inventé, et son histoire.

    ``notes`` : clé d'épreuve ou de situation → note ou ``ABS``. ``avant`` et ``apres`` : par étape, les lignes qui
    précèdent ou suivent celles que l'étape écrit pour lui.
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
    ferme: bool = False
    annule: bool = False
    livret_vise: bool = True
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
        """Lui-même ; le service d'examens s'il a un titre ou une formation à faire valoir, sur pièce."""
        return "gestionnaire" if self.permis_b or self.formation_attestee else self.lui

    @property
    def chef(self) -> Ligne:
        return acteur(f"centre-{self.etablissement or self.centre}", "chef_centre")

    def ligne(self, commande: str, le: str, par: str | Ligne = "gestionnaire", **champs: Any) -> Ligne:
        """Une commande sur lui ; ``epreuve`` s'écrit ``EP1.S1`` ou ``UG1``."""
        cible = _cible(str(champs.pop("epreuve"))) if "epreuve" in champs else {}
        return {"commande": commande, "le": le, "candidat": self.numero, **cible, **champs, "par": par}


class Session:
    """Les candidats d'une session et ses étapes communes."""

    def __init__(self, annee: int, graine: int) -> None:
        self.annee = annee
        self.etat = Etat(f"etat-civil-{graine}-{annee}")
        self._hasard = Random(f"notes-{graine}-{annee}")
        self.candidats: list[Candidat] = []
        self.arretees: set[tuple[str, str]] = set()
        self._etapes: list[Etape] = []

    @property
    def etapes(self) -> list[Etape]:
        return self._etapes

    # Candidats -----------------------------------------------------------------------------------------------------

    def candidat(
        self, categorie: str, centre: str, etablissement: str | None, *, mode: str, **autrement: Any
    ) -> Candidat:
        """Un candidat de plus ; ses notes sont tirées au sort si l'on n'en dit rien."""
        jeunes = categorie in ("scolaire_public", "scolaire_prive_sous_contrat", "apprenti", "hors_contrat")
        nes = (self.annee - 19, self.annee - 18) if jeunes else (self.annee - 52, self.annee - 20)
        personne = autrement.pop("personne", None) or self.etat.personne(*nes, ine=jeunes)
        notes = autrement.pop("notes", None) or self.tirer(self._hasard.choice((9, 11, 12, 12, 13, 14, 15)))
        self.candidats.append(
            Candidat(
                numero=f"N{self.annee % 100}{len(self.candidats) + 1:05d}",
                personne=personne,
                categorie=categorie,
                etablissement=etablissement,
                centre=centre,
                mode=mode,
                notes=dict(notes),
                livret=autrement.pop("livret", jeunes),
                formation_attestee=autrement.pop("formation_attestee", categorie == "distance"),
                conduite=autrement.pop("conduite", self.tirer_conduite(mode)),
                **autrement,
            )
        )
        return self.candidats[-1]

    def tirer(self, niveau: int) -> dict[str, str]:
        """Des demi-points autour d'un niveau."""
        return {cle: demi(max(0, min(40, 2 * niveau + self._hasard.randint(-5, 5)))) for cle in NOTEES}

    def tirer_conduite(self, mode: str) -> tuple[str, ...]:
        bonne, mauvaise = ("favorable", "insuffisant") if mode == CCF else ("validee", "non_validee")
        return (bonne,) if self._hasard.randint(0, 9) < 7 else (mauvaise,)

    # Étapes --------------------------------------------------------------------------------------------------------

    def faire(self, titre: str, fichier: str, lignes: Iterable[Ligne | str]) -> None:
        """Une étape de commandes ; la session et le diplôme s'y ajoutent."""
        self._etapes.append(commandes(titre, fichier, (self._dater(one) for one in lignes)))

    def _dater(self, ligne: Ligne | str) -> Ligne | str:
        if isinstance(ligne, str) or ligne == ATTENDRE:
            return ligne
        return {
            "commande": ligne["commande"],
            "le": ligne["le"],
            "session": str(self.annee),
            "diplome": DIPLOME,
        } | ligne

    def importer(self, titre: str, fichier: str, choisis: Iterable[Candidat], le: str) -> None:
        self._etapes.append(candidats(titre, fichier, COLONNES, (_rangee(one) for one in choisis), le))

    def inscriptions(self, choisis: Iterable[Candidat], montre: Montre) -> Iterator[Ligne]:
        """Un par un : le candidat s'inscrit lui-même."""
        for one in choisis:
            champs: Ligne = {"identite": one.personne.en_clair(), "categorie": one.categorie}
            if one.facultatives:
                champs["facultatives"] = list(one.facultatives)
            champs |= {cle: True for cle in ("formation_attestee", "permis_b", "livret") if getattr(one, cle)}
            yield one.ligne("inscription.inscrire_candidat", montre.suivant(), one.inscrit_par, **champs)

    def controles(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            if not one.annule:
                yield from one.avant["controle"]
                yield one.ligne("conformite.controler_dossier", montre.suivant())
                yield from one.apres["controle"]

    def centres(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            if one.compose:
                yield from one.avant["centre"]
                yield one.ligne("inscription.affecter_centre", montre.suivant(), centre=one.centre)

    def convocations(self, montre: Montre, date: str) -> Iterator[Ligne]:
        for one in self.candidats:
            yield from one.avant["convocation"]
            if one.compose and one.mode == PONCTUEL:
                yield one.ligne("inscription.emettre_convocation", montre.suivant(), date=date)

    def supports(self, montre: Montre) -> Iterator[Ligne]:
        """Les fiches et le récapitulatif : par l'établissement, ou par le candidat s'il n'en a pas."""
        for one in self.candidats:
            if not one.compose:
                continue
            yield from one.avant["supports"]
            par = one.lui if one.individuel else one.chef
            for nature in SUPPORTS:
                if nature in one.sans:
                    continue
                champs: Ligne = {"piece": nature.replace("_", "-"), "nature": nature}
                if nature == "recapitulatif":
                    champs["nature"] = "recapitulatif_experience" if one.individuel else "recapitulatif_pfmp"
                    signe = ("candidat",) if one.individuel else ("tuteur", "professeur")
                    champs["signataires"] = list(one.signataires or signe)
                yield self.depot(one, montre.suivant(), par, **champs)
            yield from one.apres["supports"]

    def depot(self, one: Candidat, le: str, par: str | Ligne, **champs: Any) -> Ligne:
        return one.ligne("conformite.deposer_piece", le, par, depose_le=le, **champs)

    def arreter_supports(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            if one.compose:
                yield one.ligne("conformite.arreter_supports", montre.suivant())

    def grilles(self, mode: str, cles: Iterable[str], etape: str, montre: Montre) -> Iterator[Ligne]:
        """Les grilles officielles, remplies par la commission du lieu, dans le lot de l'épreuve."""
        for one in self.candidats:
            if not one.compose or one.mode != mode:
                continue
            yield from one.avant[etape]
            for cle in cles:
                if cle in one.notes:
                    yield self.note(one, cle, one.notes[cle], montre.suivant())
            yield from one.apres[etape]

    def note(self, one: Candidat, cle: str, note: str, le: str, **autrement: Any) -> Ligne:
        """La grille d'une note, ou le constat d'une absence."""
        if note == "ABS":
            return one.ligne("notation.constater_absence", le, one.chef, epreuve=cle)
        lieu = one.etablissement if one.mode == CCF else one.centre
        lot = f"{cle.replace('.', '')}-{one.mode.upper()}-{lieu}"
        commission = one.commission_ep3 if cle.startswith("EP3") else ("enseignant_specialite", "professionnel")
        grille = {"criteres": criteres(cle, one.numero), "commission": list(commission), "note": note, "lot": lot}
        par = acteur(f"commission-{lieu}", "commission", f"lot:{lot}")
        return one.ligne("notation.remplir_grille", le, par, epreuve=cle, **(grille | autrement))

    def conduites(self, montre: Montre) -> Iterator[Ligne]:
        """L'épreuve théorique, puis la conduite ; dispensés et conduites non organisées n'y sont pas."""
        for one in self.candidats:
            if not one.compose or one.permis_b:
                continue
            yield from one.avant["conduite"]
            for valide in one.etg:
                yield one.ligne("notation.enregistrer_etg", montre.suivant(), one.chef, valide=valide)
            for mention in one.conduite:
                siegent = ["expert_permis", "enseignant_conduite"] if one.mode == CCF else []
                yield one.ligne(
                    "notation.enregistrer_conduite", montre.suivant(), one.chef, mention=mention, commission=siegent
                )
            yield from one.apres["conduite"]

    def bordereaux(self, rang: int, mode: str, cle: str, intitule: str, le: str, *, format: str = "csv") -> list[str]:
        """Le bordereau d'une épreuve dans un mode, en autant de lots qu'il faut ; leurs codes."""
        lignes = [(c.numero, c.notes[cle]) for c in self.candidats if c.compose and c.mode == mode and cle in c.notes]
        code, lots = cle.replace(".", ""), []
        for debut in range(0, len(lignes), LOT_MAX):
            suite = f"-{debut // LOT_MAX + 1}" if len(lignes) > LOT_MAX else ""
            lot = f"{code}-{mode.upper()}{suite}"
            fichier = f"{rang}-{code.lower()}-{mode}{suite}.{format}"
            morceau = lignes[debut : debut + LOT_MAX]
            self._etapes.append(bordereau(f"Bordereau {cle}, {intitule}", fichier, lot, cle, morceau, le))
            lots.append(lot)
        self.arretees |= {(numero, cle.partition(".")[0]) for numero, _ in lignes}
        return lots

    def clotures(self, lots: Iterable[str], montre: Montre) -> Iterator[Ligne]:
        for lot in lots:
            yield {"commande": "notation.clore_bordereau", "le": montre.suivant(), "lot": lot, "par": "gestionnaire"}

    def facultatives(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            for code in one.facultatives:
                if code not in one.notes:
                    continue
                le = montre.suivant()
                if one.notes[code] == "ABS":
                    yield one.ligne("notation.constater_absence", le, one.chef, epreuve=code)
                    continue
                par = acteur(f"correcteur-{code}", "correcteur", f"lot:{code}")
                yield one.ligne("notation.saisir_note", le, par, epreuve=code, note=one.notes[code], lot=code)

    def arrets(self, montre: Montre) -> Iterator[Ligne]:
        """Les résultats que la clôture d'un bordereau n'a pas arrêtés."""
        for one in self.candidats:
            if not one.compose:
                continue
            yield from one.avant["arret"]
            for code in (*EPREUVES, *one.facultatives):
                if (one.numero, code) not in self.arretees:
                    yield one.ligne("notation.arreter_resultat", montre.suivant(), epreuve=code)
            yield from one.apres["arret"]

    def delibere(self, jury: str, preside: Ligne, choisis: Iterable[Candidat], montre: Montre) -> Iterator[Ligne]:
        """Le livret visé, puis la décision, candidat par candidat."""
        for one in choisis:
            yield from ({**ligne, "par": preside} for ligne in one.avant["jury"])
            if one.livret and not one.ferme:
                yield one.ligne("deliberation.viser_livret", montre.suivant(), preside, jury=jury)
            yield from ({**ligne, "par": preside} for ligne in one.apres["jury"])
            yield one.ligne("deliberation.prendre_decision", montre.suivant(), preside, jury=jury)


def demi(demis: int) -> str:
    """Des demi-points en note : 25 donne ``12.5``."""
    return f"{demis // 2}.5" if demis % 2 else str(demis // 2)


def notes(*valeurs: str) -> dict[str, str]:
    """EP1.S1, EP1.S2, EP2, EP3.S2, UG1 à UG4, dans cet ordre ; ``-`` : aucune note."""
    return {cle: note for cle, note in zip(NOTEES, valeurs, strict=True) if note != "-"}


def criteres(cle: str, numero: str) -> dict[str, int]:
    """Les critères évalués : la grille de vente veut C3 et une de C2, C5 ; les autres ont leurs propres compétences."""
    pair = int(numero[-1]) % 2 == 0
    if cle == "EP1.S1":
        return {"C3": 6, "C2" if pair else "C5": 5}
    if cle == "EP1.S2":
        return {"C1": 5, "C4": 6}
    return {"C6": 4, "C7": 3} if cle == "EP2" else {"C8": 4, "C9": 4}


def _cible(cle: str) -> Ligne:
    code, _, situation = cle.partition(".")
    return {"epreuve": code, "situation": situation} if situation else {"epreuve": code}


def _rangee(one: Candidat) -> Ligne:
    oui = {True: "oui", False: ""}
    tous = one.personne.en_clair()
    modes = "" if one.mode == CCF or one.categorie in ("hors_contrat", "distance") else _modes_ponctuels()
    return {
        **tous,
        "numero": one.numero,
        "categorie": one.categorie,
        "modes": modes,
        "facultatives": ",".join(one.facultatives),
        "etablissement": one.etablissement or "",
        "formation_attestee": oui[one.formation_attestee],
        "permis_b": oui[one.permis_b],
        "livret": oui[one.livret],
    }


def _modes_ponctuels() -> str:
    return ",".join(f"{code}={PONCTUEL}" for code in EPREUVES)
