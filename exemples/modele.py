"""Une session d'exemple de n'importe quel diplôme : ses candidats, et ce que chaque étape fait faire.

Un diplôme hérite de `Session` et y dit ce qui lui est propre (`cap_osrcl.py`) ; ses sessions disent leurs candidats.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from candidat import CCF, PONCTUEL, Candidat, acteur
from ecriture import Etape, Ligne, Montre, bordereau, candidats, commandes
from jurys import Jury
from personnes import Etat

JEUNES = ("scolaire_public", "scolaire_prive_sous_contrat", "apprenti", "hors_contrat")
LOT_MAX = 400
ATTENDRE: Ligne = {"attendre": True}  # que tout ce qui précède ait eu son effet
COLONNES = (
    "numero", "ine", "nom", "prenoms", "naissance", "lieu_naissance", "adresse", "code_postal", "ville", "courriel",
    "categorie", "modes", "facultatives", "etablissement", "formation_attestee", "permis_b", "livret",
)  # fmt: skip


class Session:
    """Les candidats d'une session et ses étapes communes ; un diplôme en hérite et dit ce qui suit.

    ``prefixe`` commence les numéros de candidat, ``epreuves`` sont les obligatoires, ``notees`` les épreuves et
    situations qui ont une note, ``ages`` ceux des élèves et apprentis à la fin de l'année.
    """

    diplome: ClassVar[str]
    prefixe: ClassVar[str]
    epreuves: ClassVar[tuple[str, ...]]
    notees: ClassVar[tuple[str, ...]]
    ages: ClassVar[tuple[int, int]] = (18, 19)

    def __init__(self, annee: int, graine: int) -> None:
        self.annee = annee
        self.etat = Etat(f"etat-civil-{graine}-{self.dossier}")
        self._hasard = Random(f"notes-{graine}-{self.dossier}")
        self.candidats: list[Candidat] = []
        self.arretees: set[tuple[str, str]] = set()
        self._etapes: list[Etape] = []

    @property
    def dossier(self) -> str:
        """Où elle s'écrit, et ce qui la distingue des autres ; les sessions se jouent dans l'ordre de ces noms."""
        return f"{self.annee}-{self.diplome}"

    @property
    def etapes(self) -> list[Etape]:
        return self._etapes

    # Candidats -----------------------------------------------------------------------------------------------------

    def candidat(
        self, categorie: str, centre: str, etablissement: str | None, *, mode: str, **autrement: Any
    ) -> Candidat:
        """Un candidat de plus ; ses notes sont tirées au sort si l'on n'en dit rien."""
        jeunes = categorie in JEUNES
        ages = self.ages if jeunes else (20, 52)
        nes = (self.annee - ages[1], self.annee - ages[0])
        personne = autrement.pop("personne", None) or self.etat.personne(*nes, ine=jeunes)
        notes = autrement.pop("notes", None) or self.tirer(self._hasard.choice((9, 11, 12, 12, 13, 14, 15)))
        self.candidats.append(
            Candidat(
                numero=f"{self.prefixe}{self.annee % 100}{len(self.candidats) + 1:05d}",
                personne=personne,
                categorie=categorie,
                etablissement=etablissement,
                centre=centre,
                mode=mode,
                notes=dict(notes),
                livret=autrement.pop("livret", jeunes),
                formation_attestee=autrement.pop("formation_attestee", categorie == "distance"),
                **autrement,
            )
        )
        return self.candidats[-1]

    def tirer(self, niveau: int) -> dict[str, str]:
        """Des demi-points autour d'un niveau."""
        return {cle: demi(max(0, min(40, 2 * niveau + self._hasard.randint(-5, 5)))) for cle in self.notees}

    def mode(self, one: Candidat, code: str) -> str:
        """Le mode dans lequel il passe une épreuve : le sien, sauf si le diplôme en impose un."""
        return one.mode

    def dues(self, one: Candidat) -> tuple[str, ...]:
        """Les épreuves dont son résultat s'arrête."""
        return (*(one.champs.get("unites") or self.epreuves), *one.facultatives)

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
            "diplome": self.diplome,
        } | ligne

    def importer(self, titre: str, fichier: str, choisis: Iterable[Candidat], le: str) -> None:
        self._etapes.append(candidats(titre, fichier, COLONNES, (self._rangee(one) for one in choisis), le))

    def _rangee(self, one: Candidat) -> Ligne:
        oui = {True: "oui", False: ""}
        choisit = one.mode != CCF and one.categorie not in ("hors_contrat", "distance")
        return {
            **one.personne.en_clair(),
            "numero": one.numero,
            "categorie": one.categorie,
            "modes": ",".join(f"{code}={PONCTUEL}" for code in self.epreuves) if choisit else "",
            "facultatives": ",".join(one.facultatives),
            "etablissement": one.etablissement or "",
            "formation_attestee": oui[one.formation_attestee],
            "permis_b": oui[one.permis_b],
            "livret": oui[one.livret],
        }

    def ouvrir(self, le: str, reglement: str, parametres: Ligne, valeurs: Ligne) -> Ligne:
        return {
            "commande": "inscription.ouvrir_session", "le": le, "reglement": reglement, "parametres": parametres,
            "valeurs": valeurs, "par": "recteur",
        }  # fmt: skip

    def ouvrir_centres(
        self, montre: Montre, principaux: Iterable[str], annexes: Mapping[str, str] | None = None
    ) -> Iterator[Ligne]:
        """Les centres principaux, puis les annexes, chacun avec l'acte qui le désigne."""
        ouvrir = {"commande": "inscription.ouvrir_centre"}
        for centre in principaux:
            yield {**ouvrir, "le": montre.suivant(), "centre": centre, "type": "principal", "par": "recteur"}
        for centre, acte in (annexes or {}).items():
            le = montre.suivant()
            yield {**ouvrir, "le": le, "centre": centre, "type": "annexe", "acte": acte, "par": "recteur"}

    def avant(self, *etapes: str) -> Iterator[Ligne]:
        """Ce que les candidats ont à jouer avant ces étapes."""
        return (ligne for one in self.candidats for etape in etapes for ligne in one.avant[etape])

    def apres(self, *etapes: str) -> Iterator[Ligne]:
        """Ce que les candidats ont à jouer après ces étapes."""
        return (ligne for one in self.candidats for etape in etapes for ligne in one.apres[etape])

    def inscriptions(self, choisis: Iterable[Candidat], montre: Montre) -> Iterator[Ligne]:
        """Un par un : le candidat s'inscrit lui-même."""
        for one in choisis:
            champs: Ligne = {"identite": one.personne.en_clair(), "categorie": one.categorie}
            if one.facultatives:
                champs["facultatives"] = list(one.facultatives)
            champs |= {cle: True for cle in ("formation_attestee", "permis_b", "livret") if getattr(one, cle)}
            champs |= one.champs
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
            if one.compose and any(self.mode(one, code) == PONCTUEL for code in self.dues(one)):
                yield one.ligne("inscription.emettre_convocation", montre.suivant(), date=date)

    def depot(self, one: Candidat, le: str, par: str | Ligne, **champs: Any) -> Ligne:
        return one.ligne("conformite.deposer_piece", le, par, depose_le=le, **champs)

    def grilles(self, mode: str, cles: Iterable[str], etape: str, montre: Montre) -> Iterator[Ligne]:
        """Les grilles officielles, remplies par la commission du lieu, dans le lot de l'épreuve."""
        for one in self.candidats:
            siennes = [cle for cle in cles if cle in one.notes and self.mode(one, _epreuve(cle)) == mode]
            if not one.compose or (one.mode != mode and not siennes):
                continue
            yield from one.avant[etape]
            for cle in siennes:
                yield self.note(one, cle, one.notes[cle], montre.suivant())
            yield from one.apres[etape]

    def note(self, one: Candidat, cle: str, note: str, le: str, **autrement: Any) -> Ligne:
        """La grille d'une note, ou le constat d'une absence."""
        if note == "ABS":
            return one.ligne("notation.constater_absence", le, one.chef, epreuve=cle)
        mode = self.mode(one, _epreuve(cle))
        lieu = one.etablissement if mode == CCF else one.centre
        lot = f"{cle.replace('.', '')}-{mode.upper()}-{lieu}"
        commission = list(self.commission(one, cle))
        grille = {"criteres": self.criteres(one, cle), "commission": commission, "note": note, "lot": lot}
        par = acteur(f"commission-{lieu}", "commission", f"lot:{lot}")
        return one.ligne("notation.remplir_grille", le, par, epreuve=cle, **(grille | autrement))

    def criteres(self, one: Candidat, cle: str) -> dict[str, int]:
        """Les critères évalués de la grille d'une épreuve ou d'une situation, quand le diplôme a des grilles."""
        raise ValueError(f"{self.diplome} : {cle} n'a pas de grille, elle ne se remplit pas")

    def commission(self, one: Candidat, cle: str) -> Sequence[str]:
        """Qui remplit la grille."""
        return ("enseignant_specialite", "professionnel")

    def remises(
        self, rang: int, mode: str, intitule: str, dates: Mapping[str, str], *, classeurs: Collection[str] = ()
    ) -> list[str]:
        """Les bordereaux de plusieurs épreuves, clé → instant, numérotés à partir de ``rang`` ; les codes des lots.

        ``classeurs`` : les épreuves rendues en xlsx.
        """
        lots: list[str] = []
        for suivant, (cle, le) in enumerate(dates.items(), rang):
            extension = "xlsx" if cle in classeurs else "csv"
            lots += self.bordereaux(suivant, mode, cle, intitule, le, format=extension)
        return lots

    def bordereaux(self, rang: int, mode: str, cle: str, intitule: str, le: str, *, format: str = "csv") -> list[str]:
        """Le bordereau d'une épreuve dans un mode, en autant de lots qu'il faut ; leurs codes."""
        notes = [c for c in self.candidats if c.compose and cle in c.notes and self.mode(c, _epreuve(cle)) == mode]
        lignes = [(c.numero, c.notes[cle]) for c in notes]
        code, lots = cle.replace(".", ""), []
        for debut in range(0, len(lignes), LOT_MAX):
            suite = f"-{debut // LOT_MAX + 1}" if len(lignes) > LOT_MAX else ""
            lot = f"{code}-{mode.upper()}{suite}"
            fichier = f"{rang}-{code.lower()}-{mode}{suite}.{format}"
            morceau = lignes[debut : debut + LOT_MAX]
            self._etapes.append(bordereau(f"Bordereau {cle}, {intitule}", fichier, lot, cle, morceau, le))
            lots.append(lot)
        self.arretees |= {(numero, _epreuve(cle)) for numero, _ in lignes}
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
            for code in self.dues(one):
                if (one.numero, code) not in self.arretees:
                    yield one.ligne("notation.arreter_resultat", montre.suivant(), epreuve=code)
            yield from one.apres["arret"]

    def delibere(
        self, jury: Jury, choisis: Iterable[Candidat], montre: Montre, par: Ligne | None = None
    ) -> Iterator[Ligne]:
        """Le livret visé, puis la décision, candidat par candidat ; ``par`` : qui supplée le président."""
        preside = par or jury.preside()
        for one in choisis:
            yield from (_en_seance(ligne, montre, preside) for ligne in one.avant["jury"])
            if one.livret and not one.ferme:
                yield one.ligne("deliberation.viser_livret", montre.suivant(), preside, jury=jury.code)
            yield from (_en_seance(ligne, montre, preside) for ligne in one.apres["jury"])
            yield one.ligne("deliberation.prendre_decision", montre.suivant(), preside, jury=jury.code)


def demi(demis: int) -> str:
    """Des demi-points en note : 25 donne ``12.5``."""
    return f"{demis // 2}.5" if demis % 2 else str(demis // 2)


def _en_seance(ligne: Ligne, montre: Montre, preside: Ligne) -> Ligne:
    """Ordonnée par qui préside, à son tour si elle ne dit pas quand."""
    return {**ligne, "le": ligne["le"] or montre.suivant(), "par": preside}


def _epreuve(cle: str) -> str:
    """``EP1`` de ``EP1.S1``."""
    return cle.partition(".")[0]
