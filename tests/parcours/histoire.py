"""Une session entière du CAP, en commandes : qui s'inscrit, ce qui lui arrive, ce que le jury décide, ce qui suit.

Coefficients de démonstration : EP1 4, EP2 3, EP3 3 ; UG1 3, UG2 2, UG3 1, UG4 1 ; 17 en tout. Les notes sont choisies
pour que chaque décision se calcule de tête.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from contracts.messages import Data
from contracts.vocabulaire import Identite
from tests.parcours.donnees import PARAMETRES, PARIS, VALEURS

SESSION, DIPLOME, ACADEMIE, JURY = "2026", "cap_osrcl", "normandie", "J1"
LIEU: Data = {"session": SESSION, "diplome": DIPLOME}
PARAMETRES_2026 = PARAMETRES.model_copy(update={"conduite_individuels": True})

CENTRE, LYCEE, GRETA = "0769001A", "0769002B", "0769003C"
GENERALES = ("UG1", "UG2", "UG3", "UG4")
# Étapes dont les réactions précèdent la suivante, ou la fin.
SUIVIES = ("inscriptions", "dossiers", "jury", "publication", "remplacements")
SUPPORTS = ("fiche_produit", "fiche_environnement", "recapitulatif")

# EP1 S1 veut C3 et une compétence au choix, S2 cinq critères au moins (CAP24-N04, CAP24-N05) ; ailleurs, peu importe.
CRITERES = {"EP1.S1": {"C3": 5, "C2": 5}, "EP1.S2": {"C1": 5, "C4": 5}, "EP2": {"C1": 3}, "EP3.S2": {"C1": 3}}


def acteur(identifiant: str, role: str, *portee: str, academie: str = ACADEMIE) -> Data:
    return {"id": identifiant, "role": role, "academie": academie, "portee": list(portee)}


GESTIONNAIRE = acteur("dec:agent-1", "gestionnaire")
RECTEUR = acteur("dec:recteur", "recteur")
COMMISSION = acteur("com:12", "commission", *(f"lot:{one}" for one in GENERALES))
PRESIDENTE = acteur("PRO1", "president_jury", f"jury:{JURY}")
SUPPLEANT = acteur("ENS1", "president_jury", f"jury:{JURY}")


@dataclass(frozen=True)
class Candidat:
    """Un candidat et ce que l'histoire lui réserve.

    ``notes`` : huit, d'EP1.S1 à UG4 ; ``None`` : absent ; "-" : rien à noter.
    """

    numero: str
    identite: Identite
    categorie: str
    notes: tuple[str | None, ...]
    conduite: str | None = None
    sans_support: str | None = None
    semaines: int | None = None
    livret: bool = False
    permis_b: bool = False

    @property
    def individuel(self) -> bool:
        return self.categorie == "individuel"

    @property
    def ponctuel(self) -> bool:
        return self.categorie in ("individuel", "formation_continue")

    @property
    def par_cle(self) -> Mapping[str, str | None]:
        return dict(zip((*CRITERES, *GENERALES), self.notes, strict=True))


def _personne(rang: int, nom: str, prenoms: str, ne: str, usage: str | None = None) -> Identite:
    """Des mots que rien d'autre n'emploie : on les cherche ensuite partout où ils ne doivent pas être."""
    return Identite(
        ine=f"{rang}7AZQX{rang}44KJ",
        nom=nom,
        nom_usage=usage,
        prenoms=prenoms,
        naissance=date.fromisoformat(ne),
        lieu_naissance=f"Ouistrebourg-{nom}",
        adresse=f"{rang}17 venelle des Coquecigrues-{prenoms}",
        code_postal=f"9{rang}417",
        ville=f"Tournebride-lès-{nom}",
        courriel=f"{rang}.coquecigrue@{nom.lower()}.invalid",
    )


def _notes(*notes: str | None) -> tuple[str | None, ...]:
    return notes


ALICE = Candidat(
    "N26A0001",
    _personne(1, "Zwyxmont", "Alicidore", "2008-01-17"),
    "scolaire_public",
    _notes("15", "15", "15", "14.5", "14", "14", "15", "14"),  # 247,5 points, et 3 de facultative : 14,73, mention bien
    conduite="favorable",
)
BASILE = Candidat(
    "N26B0002",
    _personne(2, "Quetzaudrel", "Basilopompe", "1987-02-23", usage="Yrrbéline"),
    "individuel",
    _notes("11", "11", "11", "11", "10.5", "11", "11", "11"),  # UG1 portée à 11 à l'harmonisation
    conduite="validee",
    semaines=14,  # 490 heures, tout juste
)
CELIA = Candidat(
    "N26C0003",
    _personne(3, "Vroumachard", "Céliandrine", "1991-03-29"),
    "individuel",
    _notes("-", "-", "-", "-", "-", "-", "-", "-"),
    semaines=13,  # 455 heures : elle n'est pas autorisée à se présenter
)
DRISS = Candidat(
    "N26D0004",
    _personne(4, "Xhoffbenne", "Drissamour", "2008-04-04"),
    "scolaire_public",
    _notes("-", "15", "14", "14", "12", "12", "12", "12"),  # EP1 : (2 x 0 + 15) / 3 = 5 ; 104 points en professionnel
    conduite="insuffisant",
    sans_support="fiche_produit",
)
ELISE = Candidat(
    "N26E0005",
    _personne(5, "Wittlokken", "Élisabelline", "2008-05-05"),
    "scolaire_public",
    _notes("14", "14", "14", "14", None, "14", "14", "14"),  # absente sans motif : pas de diplôme (DC-CAP16)
    conduite="favorable",
    livret=True,
)
FARID = Candidat(
    "N26F0006",
    _personne(6, "Jzaoufel", "Faridoque", "1979-06-16"),
    "individuel",
    _notes("11", "11", None, "11", "11", "11", "11", "11"),  # 77 points sur 100 en professionnel
    conduite="validee",
    semaines=20,
)
GAELLE = Candidat(
    "N26G0007",
    _personne(7, "Kerguzul", "Gaëlliptique", "2008-07-07"),
    "scolaire_public",
    _notes("8", "8", "8", "8", "9", "9", None, "9"),  # garde 11 à UG4, puis y renonce : 9
    conduite="insuffisant",
)
HUGO = Candidat(
    "N26H0008",
    _personne(8, "Pfluzgrave", "Hugolinet", "1999-08-18"),
    "formation_continue",
    _notes(
        "10", "10", "9.5", "10", "12", "12", "-", "12"
    ),  # dispensé d'EPS ; 98,5 points sur 100 : un demi-point manque
    permis_b=True,
)
INES = Candidat(
    "N26I0009",
    _personne(9, "Hrodbiscay", "Inésitation", "2008-09-09"),
    "scolaire_public",
    _notes("13", "13", "13", "13", "13", None, "13", "13"),  # 195 points malgré le zéro
    conduite="favorable",
)
JULES = Candidat(
    "N26J0010",
    _personne(0, "Nzwakele", "Julesquin", "2008-10-10"),
    "scolaire_public",
    _notes("-", "-", "-", "-", "-", "-", "-", "-"),  # il se désiste
)
TOUS = (ALICE, BASILE, CELIA, DRISS, ELISE, FARID, GAELLE, HUGO, INES)
EVALUES = tuple(one for one in TOUS if one is not CELIA)


def histoire() -> list[Data]:
    """Toutes les étapes à la suite, comme un fichier de `parchemin jouer`."""
    attendre: list[Data] = [{"attendre": True}]
    return [one for nom, lignes in etapes().items() for one in lignes + (attendre if nom in SUIVIES else [])]


Commander = Callable[[Mapping[str, Any]], Awaitable[Data]]
Attendre = Callable[[], Awaitable[None]]


async def jouer(commander: Commander, choisies: Iterable[str] = (), *, attendre: Attendre | None = None) -> list[Data]:
    """Les réponses aux commandes de ces étapes (toutes par défaut) ; chacune est faite, ou refusée comme annoncé."""
    reponses, toutes = [], etapes()
    for nom in choisies or toutes:
        for ligne in toutes[nom]:
            attendu = ligne.pop("refus_attendu", None)
            reponse = await commander(ligne)
            assert reponse.get("code") == attendu, (ligne["id"], reponse)
            reponses.append(reponse)
        if attendre is not None and nom in SUIVIES:
            await attendre()
    return reponses


def etapes() -> dict[str, list[Data]]:
    """Les commandes de chaque étape, complètes, à l'identifiant toujours le même."""
    told = {
        "ouverture": ("2025-09-15", _ouverture()),
        "inscriptions": ("2025-10-06", _inscriptions()),
        "dossiers": ("2026-05-04", _dossiers()),
        "convocations": ("2026-05-06", _convocations()),
        "evaluation": ("2026-05-26", _evaluation()),
        "resultats": ("2026-06-15", _resultats()),
        "jury": ("2026-07-01", _jury()),
        "publication": ("2026-07-06", _publication()),
        "remplacements": ("2026-07-08", _remplacements()),
    }
    return {nom: list(_datees(nom, jour, lignes)) for nom, (jour, lignes) in told.items()}


def _datees(nom: str, jour: str, lignes: Iterator[Data]) -> Iterator[Data]:
    le = datetime.fromisoformat(f"{jour}T08:00:00").replace(tzinfo=PARIS)
    for rang, ligne in enumerate(lignes, 1):
        minute = (le + timedelta(minutes=rang)).isoformat()
        yield {"id": f"histoire-{nom}-{rang:03d}", "le": minute, "par": GESTIONNAIRE, **LIEU, **ligne}


def _sur(candidat: Candidat, commande: str, cle: str | None = None, **champs: Any) -> Data:
    """Une commande sur un candidat ; ``cle`` s'écrit ``EP1.S1`` ou ``UG1``."""
    cible: Data = {}
    if cle is not None:
        epreuve, _, situation = cle.partition(".")
        cible = {"epreuve": epreuve, **({"situation": situation} if situation else {})}
    return {"commande": commande, "candidat": candidat.numero, **cible, **champs}


def _ouverture() -> Iterator[Data]:
    yield {
        "commande": "inscription.ouvrir_session",
        "reglement": "CAP-OSRCL-2026",
        "parametres": PARAMETRES_2026.model_dump(mode="json"),
        "valeurs": VALEURS.model_dump(mode="json"),
        "par": RECTEUR,
    }
    yield {"commande": "inscription.ouvrir_centre", "centre": CENTRE, "type": "principal", "par": RECTEUR}


def inscription(one: Candidat, numero: str | None = None) -> Data:
    return {
        "commande": "inscription.inscrire_candidat",
        "candidat": numero or one.numero,
        "identite": one.identite.model_dump(mode="json"),
        "categorie": one.categorie,
        "modes": dict.fromkeys(("EP1", "EP2", "EP3", *GENERALES), "ponctuel") if one.ponctuel else {},
        "etablissement": None if one.individuel else GRETA if one.ponctuel else LYCEE,
        "livret": one.livret,
        "permis_b": one.permis_b,
    }


def _inscriptions() -> Iterator[Data]:
    for one in TOUS:
        yield inscription(one)
        yield _sur(one, "inscription.affecter_centre", centre=CENTRE)
        if one.semaines is not None:
            yield _attestation(one, one.semaines)
    yield inscription(JULES)
    yield _sur(ALICE, "inscription.modifier_inscription", facultatives=["UF1"])
    yield _sur(GAELLE, "inscription.accorder_benefice", "UG4", note="11", session_origine="2024")
    yield _sur(GAELLE, "inscription.abandonner_benefice", "UG4")
    yield _sur(HUGO, "inscription.accorder_dispense", "UG3", motif="titulaire d'un baccalauréat professionnel")
    yield _sur(INES, "inscription.accorder_amenagement", nature="tiers-temps", epreuves=["UG1"])
    yield _sur(JULES, "inscription.annuler_inscription", motif="désistement écrit")
    yield {**inscription(ALICE, "N26Z9999"), "refus_attendu": "AMB-56"}  # la même personne, sous un autre numéro


def _attestation(one: Candidat, semaines: int) -> Data:
    debut = date(2025, 3, 3)
    fin = debut + timedelta(weeks=semaines, days=-1)
    depot = "2025-10-07T10:00:00+02:00"
    return {
        **_sur(one, "conformite.deposer_piece", piece="ATT", nature="attestation_experience", depose_le=depot),
        "attestation": {
            "entreprise": {
                "type": "SARL",
                "denomination": "Livraisons du Cailly",
                "adresse": "12 rue du Port",
                "code_postal": "76000",
                "ville": "Rouen",
                "activite": "livraison de colis",
                "siret": "12345678900011",
            },
            "periodes": [
                {"nature": "emploi", "debut": str(debut), "fin": str(fin), "heures_hebdomadaires": "35"},
            ],
            "signataire_fonction": "gérante",
            "fait_a": "Rouen",
            "fait_le": "2025-09-20",
        },
        "le": depot,
    }


def _dossiers() -> Iterator[Data]:
    for one in TOUS:
        yield _sur(one, "conformite.controler_dossier", le="2025-12-01T09:00:00+01:00")
    yield _sur(FARID, "conformite.signaler_doute", motif="cachet de l'employeur peu lisible")
    yield _sur(FARID, "conformite.conclure_verification", conforme=True, motif="employeur joint, période confirmée")
    for one in EVALUES:
        for support in SUPPORTS:
            if support != one.sans_support:
                yield _support(one, support)
        yield _sur(one, "conformite.arreter_supports")


def _support(one: Candidat, support: str) -> Data:
    nature, signataires = support, list[str]()
    if support == "recapitulatif":
        nature = "recapitulatif_experience" if one.individuel else "recapitulatif_pfmp"
        signataires = ["candidat"] if one.individuel else ["tuteur", "formateur"]
    depot = "2026-04-20T10:00:00+02:00"
    quoi = {"piece": support, "nature": nature, "depose_le": depot, "signataires": signataires, "le": depot}
    return _sur(one, "conformite.deposer_piece") | quoi


def _convocations() -> Iterator[Data]:
    for one in TOUS:
        if one.ponctuel:
            refus = {"refus_attendu": "CAP26-P01"} if one is CELIA else {}
            yield _sur(one, "inscription.emettre_convocation", date="2026-05-18T08:00:00+02:00", **refus)


def _evaluation() -> Iterator[Data]:
    for one in EVALUES:
        yield from _notes_professionnelles(one)
        if one.conduite is not None:
            yield _sur(one, "notation.enregistrer_etg", valide=True)
            commission = [] if one.ponctuel else ["expert_permis", "enseignant_conduite"]
            yield _sur(one, "notation.enregistrer_conduite", mention=one.conduite, commission=commission)
    yield _sur(CELIA, "notation.saisir_note", "UG1", note="12", refus_attendu="CAP26-I05")
    yield _sur(ALICE, "notation.saisir_note", "EP3.S1", note="15", refus_attendu="CAP24-N15")
    yield _sur(ALICE, "notation.saisir_note", "UF1", note="13")
    yield _sur(BASILE, "notation.saisir_seconde_fois", "EP2", note="11", par=acteur("dec:agent-2", "gestionnaire"))
    for epreuve in GENERALES:
        notes = {one.numero: one.par_cle[epreuve] for one in EVALUES}
        lignes = [{"candidat": numero, "note": note or "ABS"} for numero, note in notes.items() if note != "-"]
        depot = {"lot": epreuve, "epreuve": epreuve, "lignes": lignes}
        yield {"commande": "notation.deposer_bordereau", **depot, "par": COMMISSION}


def _notes_professionnelles(one: Candidat) -> Iterator[Data]:
    for cle, criteres in CRITERES.items():
        note = one.par_cle[cle]
        if note is None:
            yield _sur(one, "notation.constater_absence", cle)
        elif note != "-":
            commission = ["enseignant_specialite", "professionnel"]
            yield _sur(one, "notation.remplir_grille", cle, criteres=criteres, commission=commission, note=note)


def _resultats() -> Iterator[Data]:
    yield _sur(FARID, "notation.justifier_absence", "EP2", motif="hospitalisation, bulletin joint")
    yield _sur(GAELLE, "notation.justifier_absence", "UG3", motif="certificat médical du jour")
    yield _sur(INES, "notation.justifier_absence", "UG2", motif="accident de la circulation, procès-verbal joint")
    for epreuve in GENERALES:
        yield {"commande": "notation.clore_bordereau", "lot": epreuve, "par": COMMISSION}
    yield _sur(BASILE, "notation.harmoniser_note", "UG1", note="11", motif="commission plus sévère d'un demi-point")
    for one in EVALUES:
        for epreuve in ("EP1", "EP2", "EP3"):
            yield _sur(one, "notation.arreter_resultat", epreuve)
    yield _sur(ALICE, "notation.arreter_resultat", "UF1")
    yield _sur(HUGO, "notation.arreter_resultat", "UG3")


def _au_jury(commande: str, par: Data, **champs: Any) -> Data:
    return {"commande": f"deliberation.{commande}", "jury": JURY, "par": par, **champs}


def _jury() -> Iterator[Data]:
    membres = [
        {"id": "PRO1", "profil": "professionnel", "public": False},
        {"id": "PRO2", "profil": "professionnel", "public": False},
        {"id": "ENS1", "profil": "enseignant_specialite"},
        {"id": "ENS2", "profil": "enseignant_specialite"},
    ]
    yield _au_jury(
        "constituer_jury", RECTEUR, arrete="arrêté rectoral 2026-118", membres=membres, president="PRO1",
        vice_president="ENS1", candidats=[one.numero for one in (*TOUS, JULES)],
    )  # fmt: skip
    for membre in ("PRO1", "ENS1", "PRO2"):
        yield _au_jury("attester_presence", GESTIONNAIRE, membre=membre)
    yield _au_jury("recuser_membre", RECTEUR, membre="PRO2", candidat=INES.numero, motif="parent de la candidate")
    yield _au_jury("ouvrir_jury", PRESIDENTE)
    for one in (ALICE, BASILE, CELIA, DRISS):
        yield _au_jury("prendre_decision", PRESIDENTE, candidat=one.numero)
    yield _au_jury("clore_jury", PRESIDENTE, refus_attendu="JURY_INCOMPLET")
    yield _au_jury("transmettre_presidence", RECTEUR, motif="la présidente est appelée par une urgence")
    yield _au_jury("prendre_decision", PRESIDENTE, candidat=ELISE.numero, refus_attendu="CAP24-D01")
    yield _au_jury("prendre_decision", SUPPLEANT, candidat=ELISE.numero, refus_attendu="DC-CAP15")
    yield _au_jury("viser_livret", SUPPLEANT, candidat=ELISE.numero)
    points = {"epreuve": "EP2", "note": "10", "motif": "progression constante, relevée par l'équipe"}
    yield _au_jury("accorder_points", SUPPLEANT, candidat=HUGO.numero, **points)
    for one in (ELISE, FARID, GAELLE, HUGO, INES):
        yield _au_jury("prendre_decision", SUPPLEANT, candidat=one.numero)
    yield _au_jury("clore_jury", SUPPLEANT)


def _publication() -> Iterator[Data]:
    publier = {"commande": "publication.publier_resultats", "jury": JURY}
    yield {**publier, "le": "2026-07-06T09:59:59+02:00", "refus_attendu": "EMBARGO"}
    yield {**publier, "le": "2026-07-06T10:00:00+02:00"}


def _remplacements() -> Iterator[Data]:
    def demande(one: Candidat, epreuve: str, depot: str = ACADEMIE, refus: str | None = None) -> Data:
        attendu = {} if refus is None else {"refus_attendu": refus}
        depose = {"epreuves": [epreuve], "academie_depot": depot, "par": RECTEUR}
        return _sur(one, "inscription.demander_remplacement") | depose | attendu

    yield demande(FARID, "EP2", depot="paris")  # renvoyée au recteur de l'académie d'origine (CL-055)
    yield demande(FARID, "EP2")
    yield demande(GAELLE, "UG3", refus="DC-CAP17")  # ni EPS ni facultative (CL-053)
    yield demande(INES, "UG2", refus="DC-CAP16")  # admise malgré le zéro : rien à remplacer (CL-052)
    yield demande(ELISE, "UG1", refus="DC-CAP16")  # son absence n'est pas justifiée
    sans_document = {"jury": JURY, "refus_attendu": "CAP26-P01"}
    yield _sur(CELIA, "publication.editer_releve", **sans_document)
    yield _sur(CELIA, "publication.delivrer_diplome", par=RECTEUR, **sans_document)
    yield _sur(ELISE, "publication.delivrer_diplome", par=RECTEUR, jury=JURY, refus_attendu="NON_ADMIS")
    yield from _reclamation()


def _reclamation() -> Iterator[Data]:
    """Une addition contestée : relue, elle était juste (DC-REC01)."""
    numero: Data = {"numero": "R1"}
    depose = {"nature": "erreur_materielle", "epreuve": "UG1", "depose_le": "2026-07-07T10:00:00+02:00"}
    yield _sur(ELISE, "publication.deposer_reclamation", **numero, **depose)
    constat = {"constat": "aucune_erreur", "motif": "addition refaite sur la copie"}
    yield _sur(ELISE, "publication.instruire_reclamation", **numero, **constat)
    issue = {"issue": "rejetee", "motif": "l'addition de la copie est juste"}
    yield _sur(ELISE, "publication.clore_reclamation", **numero, **issue)
