"""Le fichier des candidats (CSV) : chaque ligne donne une inscription à demander, ou dit ce qui n'y va pas.

Une erreur nomme la ligne, la colonne et quoi faire ; elle ne répète jamais une valeur, qui peut être personnelle.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from contracts.commandes.inscription import InscrireCandidat
from contracts.messages import Acteur
from contracts.vocabulaire import Anteriorite, Categorie, Forme, Identite, Mode
from services.inscription.domain import champs
from services.inscription.domain.champs import Illisible
from services.inscription.domain.empreinte import cle_personne

OBLIGATOIRES = ("numero", "nom", "prenoms", "naissance", "lieu_naissance", "categorie")
FACULTATIVES = (
    "ine",
    "nom_usage",
    "adresse",
    "code_postal",
    "ville",
    "courriel",
    "etablissement",
    "modes",
    "facultatives",
    "formation_attestee",
    "permis_b",
    "livret",
    "derogation",
    "contrat_deux_specialites",
    "forme",
    "unites",
    "premiere_inscription",
    "dernier_echec",
    "formation_suivie",
)
OUI_NON = ("formation_attestee", "permis_b", "livret", "derogation", "contrat_deux_specialites", "formation_suivie")
COLONNES = (*OBLIGATOIRES, *FACULTATIVES)
NON_CSV = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xfe\xff", b"%PDF")  # classeurs, UTF-16, PDF


class FichierRefuse(Exception):
    """Le fichier entier ne se lit pas. ``code`` est stable ; le texte dit quoi faire."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True)
class ErreurLigne:
    """Ce qui ne va pas dans une ligne. ``colonne`` est vide quand la ligne entière est en cause."""

    ligne: int
    colonne: str
    code: str
    detail: str


@dataclass(frozen=True)
class Candidat:
    """Une ligne lue : les champs propres d'`InscrireCandidat`."""

    ligne: int
    numero: str
    identite: Identite
    categorie: Categorie
    modes: Mapping[str, Mode]
    facultatives: tuple[str, ...]
    etablissement: str | None
    formation_attestee: bool
    permis_b: bool
    livret: bool
    derogation: bool
    contrat_deux_specialites: bool
    forme: Forme = Forme.GLOBALE
    unites: tuple[str, ...] = ()
    anteriorite: Anteriorite | None = None

    def commande(self, *, identifiant: str, le: datetime, par: Acteur, session: str, diplome: str) -> InscrireCandidat:
        """L'ordre d'inscrire ce candidat."""
        return InscrireCandidat(
            id=identifiant,
            le=le,
            par=par,
            session=session,
            diplome=diplome,
            candidat=self.numero,
            identite=self.identite,
            categorie=self.categorie,
            modes=dict(self.modes),
            facultatives=self.facultatives,
            etablissement=self.etablissement,
            formation_attestee=self.formation_attestee,
            permis_b=self.permis_b,
            livret=self.livret,
            derogation=self.derogation,
            contrat_deux_specialites=self.contrat_deux_specialites,
            forme=self.forme,
            unites=self.unites,
            anteriorite=self.anteriorite,
        )


@dataclass(frozen=True)
class Lecture:
    """Ce que le fichier contient. ``lignes`` : celles qui ne sont pas vides, sans l'en-tête."""

    lignes: int
    candidats: tuple[Candidat, ...]
    erreurs: tuple[ErreurLigne, ...]


def lire(contenu: bytes) -> Lecture:
    """Les candidats d'un fichier CSV : point-virgule ou virgule, UTF-8 (avec ou sans BOM) ou Windows-1252.

    Raises:
        FichierRefuse: ``FICHIER_VIDE``, ``FORMAT_INCONNU``, ``CSV_MAL_FORME``, et ceux de `lire_tableau`.
    """
    return lire_tableau(_lignes(_texte(contenu)))


def lire_tableau(lignes: Iterable[tuple[int, Sequence[str]]]) -> Lecture:
    """Les candidats de lignes numérotées, la première est l'en-tête.

    Raises:
        FichierRefuse: ``FICHIER_VIDE``, ``ENTETE_ABSENT``, ``COLONNE_INCONNUE``, ``COLONNE_EN_DOUBLE``,
            ``COLONNE_ABSENTE``.
    """
    pleines = ((numero, cellules) for numero, cellules in lignes if any(cellule.strip() for cellule in cellules))
    premiere = next(pleines, None)
    if premiere is None:
        raise FichierRefuse("FICHIER_VIDE", "le fichier est vide : il faut un en-tête et une ligne par candidat")
    entete = _entete(premiere[1])
    lues = [_ligne(numero, cellules, entete) for numero, cellules in pleines]
    if not lues:
        raise FichierRefuse("FICHIER_VIDE", "le fichier n'a que son en-tête : ajoutez une ligne par candidat")
    candidats, doubles = _sans_doubles(one for one, _ in lues if one is not None)
    erreurs = [erreur for _, fautes in lues for erreur in fautes] + doubles
    return Lecture(len(lues), tuple(candidats), tuple(sorted(erreurs, key=lambda erreur: erreur.ligne)))


# Du fichier aux cellules -------------------------------------------------------------------------------------------


def _texte(contenu: bytes) -> str:
    if contenu.startswith(NON_CSV) or b"\x00" in contenu:
        raise FichierRefuse("FORMAT_INCONNU", "ce n'est pas un CSV : enregistrez le classeur en « CSV UTF-8 »")
    for codage in ("utf-8-sig", "cp1252"):
        try:
            return contenu.decode(codage)
        except UnicodeDecodeError:
            continue
    return contenu.decode("latin-1")


def _lignes(texte: str) -> Iterator[tuple[int, list[str]]]:
    """Les cellules de chaque ligne, avec le numéro de la ligne où elle commence."""
    entete = next((ligne for ligne in texte.splitlines() if ligne.strip()), "")
    separateur = ";" if entete.count(";") >= entete.count(",") else ","
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=separateur, strict=True)
    fin = 0
    try:
        for cellules in lecteur:
            yield fin + 1, cellules
            fin = lecteur.line_num
    except csv.Error:
        raise FichierRefuse(
            "CSV_MAL_FORME", f"ligne {fin + 1} : guillemets mal fermés ou mal placés, corrigez-les"
        ) from None


def _entete(cellules: Sequence[str]) -> list[str]:
    """Les colonnes dans l'ordre du fichier. Un titre inconnu n'est pas répété : ce peut être une donnée."""
    noms = [cellule.strip().lower() for cellule in cellules]
    while noms and not noms[-1]:
        noms.pop()
    attendues = ", ".join(COLONNES)
    if not set(noms) & set(COLONNES):
        raise FichierRefuse("ENTETE_ABSENT", f"la première ligne doit nommer les colonnes : {attendues}")
    inconnues = [str(rang) for rang, nom in enumerate(noms, 1) if nom not in COLONNES]
    if inconnues:
        raise FichierRefuse("COLONNE_INCONNUE", f"titre inconnu, colonne n° {', '.join(inconnues)} : {attendues}")
    doubles = sorted({nom for nom in noms if noms.count(nom) > 1})
    if doubles:
        raise FichierRefuse("COLONNE_EN_DOUBLE", f"{', '.join(doubles)} : gardez une seule de ces colonnes")
    absentes = [nom for nom in OBLIGATOIRES if nom not in noms]
    if absentes:
        raise FichierRefuse("COLONNE_ABSENTE", f"ajoutez la colonne {', '.join(absentes)}")
    return noms


# D'une ligne à un candidat -----------------------------------------------------------------------------------------


class _Cellules:
    """Les cellules d'une ligne par colonne ; retient chaque faute et continue, pour les dire toutes."""

    def __init__(self, ligne: int, valeurs: Mapping[str, str]) -> None:
        self.ligne, self._valeurs = ligne, valeurs
        self.erreurs: list[ErreurLigne] = []

    def __getitem__(self, colonne: str) -> str:
        return self._valeurs.get(colonne, "")

    def lire(self, colonne: str, lecteur: champs.Lecteur[champs.T]) -> champs.T | None:
        """La valeur, ou ``None`` et une faute de plus."""
        try:
            return lecteur(self[colonne])
        except Illisible as faute:
            self.erreurs.append(ErreurLigne(self.ligne, colonne, faute.code, faute.detail))
            return None


def _ligne(numero: int, cellules: Sequence[str], entete: Sequence[str]) -> tuple[Candidat | None, list[ErreurLigne]]:
    if any(cellule.strip() for cellule in cellules[len(entete) :]):
        detail = f"plus de {len(entete)} cellules : mettez entre guillemets ce qui contient un séparateur"
        return None, [ErreurLigne(numero, "", "LIGNE_TROP_LONGUE", detail)]
    paires = zip_longest(entete, cellules[: len(entete)], fillvalue="")
    lues = _Cellules(numero, {colonne: " ".join(cellule.split()) for colonne, cellule in paires})
    return _candidat(lues), lues.erreurs


def _candidat(cellules: _Cellules) -> Candidat | None:
    numero = cellules.lire("numero", champs.numero)
    identite = _identite(cellules)
    categorie = cellules.lire("categorie", champs.categorie)
    modes = cellules.lire("modes", champs.modes)
    facultatives = cellules.lire("facultatives", champs.epreuves)
    etablissement = cellules.lire("etablissement", champs.code)
    forme = cellules.lire("forme", champs.forme)
    unites = cellules.lire("unites", champs.epreuves)
    oui = {colonne: cellules.lire(colonne, champs.oui_non) or False for colonne in OUI_NON}
    anteriorite = _anteriorite(cellules, oui["formation_suivie"])
    if numero is None or identite is None or categorie is None or modes is None or cellules.erreurs:
        return None
    return Candidat(
        ligne=cellules.ligne,
        numero=numero,
        identite=identite,
        categorie=categorie,
        modes=modes,
        facultatives=facultatives or (),
        etablissement=etablissement or None,
        formation_attestee=oui["formation_attestee"],
        permis_b=oui["permis_b"],
        livret=oui["livret"],
        derogation=oui["derogation"],
        contrat_deux_specialites=oui["contrat_deux_specialites"],
        forme=forme or Forme.GLOBALE,
        unites=unites or (),
        anteriorite=anteriorite,
    )


def _anteriorite(cellules: _Cellules, formation_suivie: bool) -> Anteriorite | None:
    """Ce que la ligne dit du passé du candidat ; rien si elle n'en dit rien."""
    passe = Anteriorite(
        premiere_inscription=cellules.lire("premiere_inscription", champs.jour_facultatif),
        dernier_echec=cellules.lire("dernier_echec", champs.jour_facultatif),
        formation_suivie=formation_suivie,
    )
    return None if passe == Anteriorite() else passe


def _identite(cellules: _Cellules) -> Identite | None:
    ine = cellules.lire("ine", champs.ine)
    nom = cellules.lire("nom", champs.texte(100, obligatoire=True))
    nom_usage = cellules.lire("nom_usage", champs.texte(100))
    prenoms = cellules.lire("prenoms", champs.texte(200, obligatoire=True))
    naissance = cellules.lire("naissance", champs.jour)
    lieu = cellules.lire("lieu_naissance", champs.texte(100, obligatoire=True))
    adresse = cellules.lire("adresse", champs.texte(300))
    code_postal = cellules.lire("code_postal", champs.texte(10))
    ville = cellules.lire("ville", champs.texte(100))
    courriel = cellules.lire("courriel", champs.courriel)
    if nom is None or prenoms is None or naissance is None or lieu is None or cellules.erreurs:
        return None
    return Identite(
        ine=ine or None,
        nom=nom,
        nom_usage=nom_usage or None,
        prenoms=prenoms,
        naissance=naissance,
        lieu_naissance=lieu,
        adresse=adresse or "",
        code_postal=code_postal or "",
        ville=ville or "",
        courriel=courriel or "",
    )


def _sans_doubles(candidats: Iterable[Candidat]) -> tuple[list[Candidat], list[ErreurLigne]]:
    """Un numéro, ou une personne, n'est qu'une fois dans le fichier ; la première ligne compte (AMB-56)."""
    gardes: list[Candidat] = []
    erreurs: list[ErreurLigne] = []
    numeros: dict[str, int] = {}
    personnes: dict[str, int] = {}
    for one in candidats:
        meme_numero, cle = numeros.get(one.numero), cle_personne(one.identite)
        meme_personne = personnes.get(cle)
        if meme_numero is not None:
            detail = f"numéro déjà donné ligne {meme_numero} : gardez une seule des deux lignes, ou corrigez le numéro"
            erreurs.append(ErreurLigne(one.ligne, "numero", "NUMERO_EN_DOUBLE", detail))
        elif meme_personne is not None:
            detail = (
                f"même personne que ligne {meme_personne} : gardez-en une ; si ce sont des homonymes, donnez leur INE"
            )
            erreurs.append(ErreurLigne(one.ligne, "", "PERSONNE_EN_DOUBLE", detail))
        else:
            gardes.append(one)
            numeros[one.numero] = personnes[cle] = one.ligne
    return gardes, erreurs
