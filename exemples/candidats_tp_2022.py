"""Les candidats du titre professionnel CRCD, session 2022, et leurs histoires ; qui passe quand, devant quel jury."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from candidat import Candidat
from ecriture import Ligne
from tp_crcd import ACTUEL, ANCIEN, CAEN, CCP1, CCP2, ENTRETIEN, ROUEN, SessionTp

ACQUIS_LE = "2022-05-09T09:00:00+02:00"  # quand certificats et aménagements sont reconnus
PLANIFIE_LE = "2022-05-30T08:00:00+02:00"
JOURS = ("2022-06-13", "2022-06-14", "2022-06-15", "2022-06-16")
DEPARTS = ("08:00:00", "10:00:00", "13:00:00")  # trois passages par jury et par jour : 1 h 45 de jury chacun
VENDREDI = "2022-06-17"
DOUZAINE = len(JOURS) * len(DEPARTS)
FERME, REPORTE = "2022-06-14", ("08:00:00", "10:00:00", "13:00:00")


@dataclass(frozen=True)
class Groupes:
    """Les candidats, selon le jury : deux pour le titre, un pour les certificats, d'autres s'il le faut."""

    rouen: list[Candidat]
    caen: list[Candidat]
    certificats: list[Candidat]
    autres: list[list[Candidat]]

    @property
    def reportes(self) -> list[Candidat]:
        """Ceux du jour où le centre de Caen n'ouvre pas."""
        return self.caen[3:6]


def inventer(session: SessionTp, de_plus: int) -> Groupes:
    """Ceux qui ont une histoire et leurs camarades, puis ``de_plus`` sans histoire."""
    rouen = [*_titres(session, ROUEN), *_capitalisations(session)]
    caen = _experiences(session)
    certificats = _certificats(session)
    return Groupes(rouen, caen, certificats, list(_de_plus(session, de_plus)))


def _de_plus(session: SessionTp, de_plus: int) -> Iterator[list[Candidat]]:
    """Un jury de plus par douzaine, chacun dans sa salle."""
    for salle, debut in enumerate(range(0, de_plus, DOUZAINE), 3):
        rangs = range(min(DOUZAINE, de_plus - debut))
        yield [_place(session, session.voie("parcours_continu", ROUEN), rang, f"S{salle}") for rang in rangs]


def _place(session: SessionTp, one: Candidat, rang: int, salle: str, *, majore: bool = False) -> Candidat:
    """Trois par jour, chacun à son poste."""
    jour, depart = divmod(rang, len(DEPARTS))
    session.passages[one.numero] = (f"{JOURS[jour]}T{DEPARTS[depart]}", f"{salle}-{depart + 1}", majore)
    return one


def _titres(session: SessionTp, centre: str) -> list[Candidat]:
    """Issus d'une formation, session du titre : 225 minutes, 95 de jury (TP-N09, TP-N10)."""
    non_acquises: dict[int, tuple[str, ...]] = {
        1: ("CCP2.S3",),  # le CCP1 seul : réussite partielle
        2: ("CCP1.S1", "CCP1.S3", "CCP2.S2"),  # échec
        3: ("CCP1.S2",),  # le CCP2 seul
        4: ("EF",),  # les deux CCP, pas l'entretien final
        5: ("CCP2.S4",),  # le jury la tient pour acquise
    }
    choisis = [
        _place(session, session.voie("parcours_continu", centre, manque=non_acquises.get(rang, ())), rang, "R")
        for rang in range(11)
    ]
    tenu = choisis[5]
    tenu.apres["jury"].append(
        tenu.ligne(
            "deliberation.accorder_acquis", "", jury="T1", epreuve="CCP2",
            motif="recouvrement mené à bien en entretien technique, trois jurés unanimes",
        )
    )  # fmt: skip
    _refus_planning(session, choisis[0])
    absent = choisis[6]
    absent.notes = dict.fromkeys(("CCP1", "CCP2", "EF"), "ABS")
    note = choisis[7]
    note.avant["evaluation"].append(
        note.ligne(
            "notation.saisir_note", "2022-06-15T18:00:00+02:00", epreuve="CCP1.S1", note="14", refus_attendu="AMB-28"
        )
    )
    temps = _place(session, session.voie("parcours_continu", centre), 11, "R", majore=True)
    session.passages[temps.numero] = (f"{VENDREDI}T08:00:00", "R-9", True)
    temps.avant["acquis"].append(
        temps.ligne("inscription.accorder_amenagement", ACQUIS_LE, nature="tiers-temps pour toutes les épreuves")
    )
    sans_dossier = session.voie("parcours_continu", centre, sans=("dossier_professionnel",), ferme=True)
    return [*choisis, temps, sans_dossier]


def _refus_planning(session: SessionTp, one: Candidat) -> None:
    """Ce qu'un planning ne peut pas dire : l'entretien avant la correction, une durée rognée (TP-N15, TP-N03)."""
    creneaux = session.creneaux(one)
    tardive = [dict(creneau) for creneau in creneaux if creneau["modalite"] != "correction"]
    fin = str(creneaux[-1]["fin"])
    tardive.append({"modalite": "correction", "debut": fin, "fin": fin.replace("T11:45", "T12:15"), "jury": True})
    courte = [dict(creneau) for creneau in creneaux]
    troisieme = next(creneau for creneau in courte if creneau["modalite"] == "mise_en_situation_3")
    troisieme["fin"] = str(troisieme["fin"]).replace("T11:00", "T10:50")
    one.avant["planning"] += [
        session.planning(one, PLANIFIE_LE, creneaux=tardive, refus_attendu="TP-N15"),
        session.planning(one, PLANIFIE_LE, creneaux=courte, refus_attendu="TP-N03"),
    ]


def _capitalisations(session: SessionTp) -> list[Candidat]:
    """Les deux certificats obtenus séparément : l'entretien final seul, puis le titre (TP-D02, TP-I05)."""
    choisis = []
    for rang in range(4):
        one = session.voie("capitalisation", ROUEN, ENTRETIEN, manque=("EF",) if rang == 3 else ())
        session.passages[one.numero] = (f"{VENDREDI}T{14 + rang // 2}:{30 * (rang % 2):02d}:00", "", False)
        anciens = {"CCP1": (ANCIEN, "2019-06-21"), "CCP2": (ANCIEN, "2019-11-22")}
        recents = {"CCP1": (ACTUEL, "2021-11-19"), "CCP2": (ACTUEL, "2022-02-18")}
        melange = {"CCP1": (ANCIEN, "2019-12-13"), "CCP2": (ACTUEL, "2021-12-10")}
        for code, (titre, obtenu) in (anciens, recents, melange, recents)[rang].items():
            one.avant["acquis"].append(_acquis(one, code, titre, obtenu))
        choisis.append(one)
    premier, second = choisis[:2]
    premier.avant["acquis"].insert(
        0, _acquis(premier, "CCP1", "arrêté du 3 mars 2009", "2014-06-20", refus_attendu="TP-I05")
    )
    tardif = second.avant["acquis"].pop() | {"le": "2022-05-31T15:00:00+02:00"}
    convoque = {"date": "2022-06-17T14:00:00+02:00", "refus_attendu": "TP-D02"}
    second.avant["convocation"] += [
        second.ligne("inscription.emettre_convocation", "2022-05-31T14:00:00+02:00", **convoque), tardif
    ]  # fmt: skip
    return choisis


def _acquis(one: Candidat, code: str, titre: str, obtenu: str, **autrement: str) -> Ligne:
    champs = {"epreuve": code, "titre_origine": titre, "obtenu_le": obtenu}
    return one.ligne("inscription.reconnaitre_acquis", ACQUIS_LE, **champs, **autrement)


def _experiences(session: SessionTp) -> list[Candidat]:
    """Par validation de l'expérience, sans évaluations en formation ; et qui se représente (TP-C01, DC-TP07)."""
    choisis = [session.voie("vae", CAEN, manque=("CCP1.S3",) if rang == 2 else ()) for rang in range(5)]
    onze_mois = {"anteriorite": {"dernier_echec": "2021-07-16"}}
    choisis.append(session.voie("vae", CAEN, champs=onze_mois))
    formation = {"anteriorite": {"dernier_echec": "2021-04-16", "formation_suivie": True}}
    choisis.append(session.voie("parcours_continu", CAEN, champs=formation))
    choisis += [session.voie("parcours_continu", CAEN) for _ in range(3)]
    for rang, one in enumerate(choisis):
        _place(session, one, rang, "C")
    meme_poste = choisis[1]
    pris = session.creneaux(meme_poste, "2022-06-13T08:30:00", "C-1")
    meme_poste.avant["planning"].append(
        session.planning(meme_poste, PLANIFIE_LE, creneaux=pris, refus_attendu="TP-C02")
    )
    return choisis


def _certificats(session: SessionTp) -> list[Candidat]:
    """Un seul certificat : sans entretien final ; pour le second, un jury qui sait la rétention (TP-D03, TP-N17)."""
    choisis = []
    for rang in range(6):
        manque: tuple[str, ...] = ("CCP1.S2",) if rang == 4 else ()
        one = session.voie(("parcours_continu", "vae")[rang % 2], ROUEN, CCP1, manque=manque)
        session.passages[one.numero] = (f"2022-06-15T{8 + rang + rang // 4:02d}:00:00", f"K-{rang % 4 + 1}", False)
        choisis.append(one)
    for rang in range(5):
        manque = ("CCP2.S1", "CCP2.S3") if rang == 3 else ()
        one = session.voie(("parcours_continu", "vae")[rang % 2], ROUEN, CCP2, manque=manque)
        session.passages[one.numero] = (f"2022-06-16T{8 + rang + rang // 4:02d}:00:00", f"K-{rang % 4 + 1}", False)
        choisis.append(one)
    surveille = choisis[6]
    creneaux = session.creneaux(surveille)
    preparation = next(one for one in creneaux if one["modalite"] == "entretien_technique_preparation")
    preparation["surveillant"] = True
    surveille.avant["planning"].append(
        session.planning(surveille, PLANIFIE_LE, creneaux=creneaux, refus_attendu="AMB-27")
    )
    return choisis
