"""What a person writes freely in a command names nobody; every text of a command is free, coded or sealed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from contracts.commandes import COMMANDES, read_command
from contracts.commandes.notation import HarmoniserNote
from contracts.evenements import REGISTRE
from contracts.messages import Personnel, Refus
from contracts.textes import APPRIS, CODIFIES, LIBRES, PERSONNELS, exiger_sans_coordonnees, exiger_sans_nom, textes
from contracts.vocabulaire import Identite

IDENTITE = Identite(
    ine="123456789AB",
    nom="Petit-Ménard",
    nom_usage="Le Goff",
    prenoms="Claire, Zoé",
    naissance=date(2008, 1, 17),
    lieu_naissance="Rouen",
    courriel="claire.pm@exemple.invalid",
)
ENVELOPPE = frozenset({"id", "le", "par", "session", "diplome"})


def champs(annotation: Any, chemin: tuple[str, ...], motif: bool = False) -> Iterator[tuple[str, ...]]:
    """Where a type lets a text be written as one likes."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for nom, champ in annotation.model_fields.items():
            borne = any(getattr(one, "pattern", None) for one in champ.metadata)
            yield from champs(champ.annotation, (*chemin, nom), borne)
    elif annotation is str and not motif:
        yield chemin
    elif get_origin(annotation) is not None or get_args(annotation):
        for one in get_args(annotation):
            metadata = getattr(one, "__metadata__", ())
            borne = motif or any(getattr(item, "metadata", None) and _motif(item) for item in metadata)
            yield from champs(getattr(one, "__origin__", one) if metadata else one, chemin, borne)


def _motif(info: Any) -> bool:
    return any(getattr(one, "pattern", None) for one in info.metadata)


def test_chaque_texte_d_une_commande_est_libre_et_relu_ou_code_ou_scelle() -> None:
    """A new field of text is said to be one or the other before it is released."""
    inconnus = {
        f"{nom} : {'.'.join(chemin)}"
        for nom, commande in COMMANDES.items()
        for chemin in champs(commande, ())
        if chemin[0] not in ENVELOPPE and not {*chemin} & PERSONNELS and chemin[-1] not in LIBRES | CODIFIES | APPRIS
    }
    assert not inconnus, "contracts/textes.py : LIBRES (relu à l'entrée), CODIFIES ou PERSONNELS"


def test_ce_qui_est_personnel_est_declare_par_son_evenement() -> None:
    """Sealed by the journal: no event holds an identity or a company of a person outside its PERSONAL fields."""
    for event in REGISTRE.events:
        for nom, champ in event.model_fields.items():
            personnel = any(isinstance(one, type) and issubclass(one, Personnel) for one in _types(champ.annotation))
            assert personnel == (nom in event.PERSONAL), (event.NAME, nom)
            assert Identite not in set(_types(champ.annotation)), (event.NAME, nom)
        assert not event.PERSONAL or event.PERSON in event.model_fields, event.NAME


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for one in get_args(annotation):
        yield from _types(one)


def harmoniser(motif: str) -> Any:
    return read_command(
        {
            "commande": HarmoniserNote.NAME,
            "id": "commande-1",
            "le": "2026-06-20T10:00:00+02:00",
            "par": {"id": "a", "role": "gestionnaire", "academie": "rouen", "portee": ["M. Dupont"]},
            "session": "2026",
            "diplome": "cap_osrcl",
            "candidat": "0612345678",
            "epreuve": "UG1",
            "note": "12",
            "motif": motif,
        }
    )


def test_seuls_les_textes_libres_sont_relus() -> None:
    assert textes(harmoniser("addition refaite")) == [("motif", "addition refaite")]


@pytest.mark.parametrize(
    "motif",
    [
        "écrire à zoe@exemple.invalid",
        "joint au 06 12 34 56 78",
        "joint au +33 6.12.34.56.78",
        "assuré 1 08 01 76 540 123",
        "son INE 1234567890A",
        "né le 3 mai",
        "demandé par Mme Durand",
        "M. D'Alembert a téléphoné",
    ],
)
def test_dc_rgp01_ce_qui_a_la_forme_d_une_donnee_personnelle_est_refuse(motif: str) -> None:
    with pytest.raises(Refus) as refus:
        exiger_sans_coordonnees(textes(harmoniser(motif)))
    assert refus.value.regle == "TEXTE_NOMINATIF"
    assert motif not in refus.value.detail


@pytest.mark.parametrize(
    "motif",
    [
        "addition refaite : 9 + 3 = 12",
        "arrêté du recteur 2026-112 du 03/05/2026",
        "accord AD76/2027/12",
        "panne de 14 h 30 à 15 h 05, salle 12",
        "SIRET 12345678901234 vérifié",
        "M. le recteur l'a décidé",
    ],
)
def test_un_motif_ordinaire_passe(motif: str) -> None:
    exiger_sans_coordonnees(textes(harmoniser(motif)))
    exiger_sans_nom(textes(harmoniser(motif)), IDENTITE)


def test_un_lieu_porte_parfois_un_prenom() -> None:
    exiger_sans_nom([("fait_a", f"Saint-{IDENTITE.nom.title()}-du-Rouvray")], IDENTITE)


@pytest.mark.parametrize(
    "motif",
    ["Claire était là", "copie de ZOE", "vu avec Ménard", "MENARD", "Goff", "123456789ab", "claire.PM@exemple.invalid"],
)
def test_dc_rgp01_un_motif_ne_nomme_pas_le_candidat(motif: str) -> None:
    with pytest.raises(Refus) as refus:
        exiger_sans_nom([("motif", motif)], IDENTITE)
    assert refus.value.regle == "TEXTE_NOMINATIF"
    assert not any(mot in refus.value.detail.lower() for mot in ("claire", "zoe", "menard", "goff"))


@pytest.mark.parametrize("motif", ["la consigne n'était pas claire", "un petit écart", "Clairement lisible", "le golf"])
def test_un_mot_de_la_langue_n_est_pas_un_nom(motif: str) -> None:
    exiger_sans_nom([("motif", motif)], IDENTITE)


def test_dc_rgp01_un_signataire_est_dit_par_sa_qualite() -> None:
    exiger_sans_coordonnees([("signataires", "tuteur")])
    with pytest.raises(Refus):
        exiger_sans_coordonnees([("signataires", "Durand")])


@pytest.mark.parametrize("texte", ["a", "a.", "a@", "é ", "1", "06 ", "né ", "M. ", "A-", "@", " "])
def test_un_texte_enorme_se_relit_d_une_traite(texte: str) -> None:
    """A text is bounded by the message alone, a megabyte: it must not hold a service for minutes."""
    enorme = [("motif", texte * (600_000 // len(texte)))]
    debut = time.process_time()
    with suppress(Refus):
        exiger_sans_coordonnees(enorme)
        exiger_sans_nom(enorme, IDENTITE)
    assert time.process_time() - debut < 10
