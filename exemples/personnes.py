"""Des personnes inventées : noms, naissances, adresses, INE, entreprises. Toute ressemblance est fortuite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

NOMS = """
Abadie Aït-Kaci Alvès Amiot Angot Arrighi Auzanneau Bâcle Bakayoko Ballu Barthélemy Beauchêne Bénard Ben-Salah Bézier
Bidaud Boïté Bordereau Boutin-Lesage Bréhier Buquet Cadiou Çelik Chambrelan Charlemaine Clérot Cossé Coulibaly Couespel
d'Aubigny Dahmani Dargent Delabarre Delaunay-Roux Dembélé Desmarets Diakité Dorléans Drouët Duboscq Dufaÿ Duthoit
Elkaïm Énault Espérance Fautrel Féron Fleutry Fontenoy Gâtinais Gbaguidi Ghesquière Gosselin-Petit Guérard Guignery
Hébert-Lemoine Heurtaux Houllegatte Huë Iglésias Jacqueline Jourdainne Kéïta Kerbrat Labbé L'Hermite L'Hôtellier
Lamperière Le-Guennec Lecœur Leclercq-Omont Lefrançois Lemonnier Lépiney Letellier-Bréant Levavasseur Maïga Malandain
Manoury Marécal Mbaye Mézières N'Diaye N'Guessan Noël Nouët Obry O'Meara Osmont Ouédraogo Pâques Paumier Péan Pesquet
Piednoël Quesnel Quibeuf Rébulard Renoncourt Roinville Sabourin Saint-Aubin Sénécal Sévère Soudais Taïeb Tesnière
Thézénas Tocqueville-Bras Touré Toutain Traoré Trévisan Ünal Vadcard Vallès Varin Vauquelin Vérité Vézier Wachnik Yâhia
Yvetot Zaïdi Zévaco
""".split()  # noqa: SIM905 - one word a name
PRENOMS = """
Adèle Aïcha Alix Amélie Anaëlle Andréa Anaïs Assia Astrid Aurèle Axel Aymeric Béatrice Benoît Bérénice Célestin Chloé
Clémence Côme Cyprien Daphné Djénéba Édouard Éléonore Élie Éloïse Émile Enzo Esteban Ève Fadila Fanny Félix Fatoumata
François Gaël Gaëtan Gédéon Gwenaëlle Hadrien Hélène Héloïse Hugo Inès Irène Ismaël Jade Jérémy Joël Joséphine Judith
Kenza Kévin Lætitia Léa Léonie Loïc Loïs Lucien Maël Maëlys Maïssa Malik Margaux Mathéo Mélissa Moïse Naël Naïma Nathan
Noémie Océane Olympe Oumar Pénélope Quentin Raphaël Rémi Rose Salomé Samba Sébastien Séréna Sidonie Théa Théophile
Timéo Titouan Ugo Ulysse Valère Wassim Xavière Yaël Yanis Yoann Zoé Jean-Baptiste Marie-Lou Anne-Sophie Pierre-Yves
Léo-Paul Lou-Anne
""".split()  # noqa: SIM905 - one word a name
VILLES = (
    ("Rouen", "76000"), ("Le Havre", "76600"), ("Évreux", "27000"), ("Caen", "14000"), ("Alençon", "61000"),
    ("Saint-Lô", "50000"), ("Dieppe", "76200"), ("Elbeuf", "76500"), ("Lisieux", "14100"), ("Bernay", "27300"),
    ("L'Aigle", "61300"), ("Fécamp", "76400"), ("Saint-Étienne-du-Rouvray", "76800"), ("Pont-l'Évêque", "14130"),
)  # fmt: skip
VOIES = (
    "rue des Cèdres", "rue de l'Écluse", "avenue du Général-Inconnu", "impasse des Pâturages", "quai de la Bouée",
    "place de l'Hôtel-de-Ville", "rue Haute", "chemin des Trois-Chênes", "boulevard de l'Orée", "allée des Tilleuls",
)  # fmt: skip
ENSEIGNES = (
    "Livraisons du Cailly", "Courses de l'Iton", "Messagerie des Deux-Caps", "Transports Bocage", "Colis d'Albâtre",
    "Fret d'Ouche", "Marée Express", "Panier du Perche", "Véhicules du Pays-de-Caux", "Distribution de la Risle",
)  # fmt: skip
ACTIVITES = (
    "livraison de colis", "messagerie", "transport de marchandises", "commerce de détail", "restauration livrée",
    "location de véhicules", "distribution alimentaire", "courrier et petits colis", "logistique", "vente à domicile",
)  # fmt: skip
FORMES = ("SARL", "SAS", "EURL", "SCOP", "association")
FONCTIONS = ("gérante", "gérant", "directrice des ressources humaines", "chef d'agence", "responsable d'exploitation")


@dataclass(frozen=True)
class Personne:
    """Une identité, telle que la commande d'inscription la porte."""

    nom: str
    prenoms: str
    naissance: date
    lieu_naissance: str
    adresse: str
    code_postal: str
    ville: str
    courriel: str
    ine: str | None

    def en_clair(self) -> dict[str, str]:
        champs = {
            "nom": self.nom,
            "prenoms": self.prenoms,
            "naissance": self.naissance.isoformat(),
            "lieu_naissance": self.lieu_naissance,
            "adresse": self.adresse,
            "code_postal": self.code_postal,
            "ville": self.ville,
            "courriel": self.courriel,
        }
        return champs if self.ine is None else {**champs, "ine": self.ine}


class Etat:
    """L'état civil inventé d'une session : jamais deux fois les mêmes nom et prénoms."""

    def __init__(self, graine: str) -> None:
        self._hasard = Random(graine)
        self._pris: set[tuple[str, str]] = set()
        self._rang = 0

    def personne(self, premiere: int, derniere: int, *, ine: bool = True) -> Personne:
        """Quelqu'un né entre le 1er janvier de ``premiere`` et le 31 décembre de ``derniere``."""
        nom, prenoms = self._nom()
        jours = (date(derniere, 12, 31) - date(premiere, 1, 1)).days
        ville, code = self._hasard.choice(VILLES)
        self._rang += 1
        return Personne(
            nom=nom,
            prenoms=prenoms,
            naissance=date(premiere, 1, 1) + timedelta(days=self._hasard.randint(0, jours)),
            lieu_naissance=self._hasard.choice(VILLES)[0],
            adresse=f"{self._hasard.randint(1, 180)} {self._hasard.choice(VOIES)}",
            code_postal=code,
            ville=ville,
            courriel=f"candidat{self._rang:04d}@exemple.invalid",
            ine=f"{self._hasard.randint(0, 999_999_999):09d}{self._lettres()}" if ine else None,
        )

    def _nom(self) -> tuple[str, str]:
        while True:
            choisi = self._hasard.choice(NOMS), self._prenoms()
            if choisi not in self._pris:
                self._pris.add(choisi)
                return choisi

    def _prenoms(self) -> str:
        second = f" {self._hasard.choice(PRENOMS)}" if self._hasard.randint(0, 3) == 0 else ""
        return self._hasard.choice(PRENOMS) + second

    def _lettres(self) -> str:
        return "".join(self._hasard.choice("ABCDEFGHJK") for _ in range(2))


class Employeurs:
    """Des attestations de stage ou d'emploi, au modèle officiel."""

    def __init__(self, graine: str) -> None:
        self._hasard = Random(graine)

    def attestation(self, *periodes: tuple[str, str, str, str], **autrement: Any) -> dict[str, Any]:
        """``periodes`` : (nature, début, fin, heures par semaine). ``autrement`` : ce qui diffère du cas net."""
        ville, code = self._hasard.choice(VILLES)
        dites = [
            {"nature": nature, "debut": debut, "fin": fin, "heures_hebdomadaires": heures}
            for nature, debut, fin, heures in periodes
        ]
        derniere = max(fin for _, _, fin, _ in periodes)
        entreprise: dict[str, Any] = {
            "type": self._hasard.choice(FORMES),
            "denomination": self._hasard.choice(ENSEIGNES),
            "adresse": f"{self._hasard.randint(1, 90)} {self._hasard.choice(VOIES)}",
            "code_postal": code,
            "ville": ville,
            "activite": self._hasard.choice(ACTIVITES),
            "siret": self._siret(),
        }
        champs: dict[str, Any] = {
            "entreprise": entreprise,
            "periodes": dites,
            "signataire_fonction": self._hasard.choice(FONCTIONS),
            "fait_a": ville,
            "fait_le": (date.fromisoformat(derniere) + timedelta(days=1)).isoformat(),
            "activites": ["accueil et conseil du client", "préparation de livraison", "conduite d'un véhicule"],
        }
        for cle, valeur in autrement.items():
            if cle in ("activite", "siret", "pays", "denomination", "type"):
                entreprise[cle] = valeur
            else:
                champs[cle] = valeur
        return champs

    def _siret(self) -> str:
        """Quatorze chiffres, clé de Luhn comprise."""
        debut = "9" + "".join(str(self._hasard.randint(0, 9)) for _ in range(12))
        somme = sum(self._poids(int(chiffre), rang) for rang, chiffre in enumerate(reversed(debut), 1))
        return f"{debut}{-somme % 10}"

    @staticmethod
    def _poids(chiffre: int, rang: int) -> int:
        double = chiffre * 2 if rang % 2 else chiffre
        return double - 9 if double > 9 else double
