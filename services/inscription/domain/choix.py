"""Ce que le candidat passe, et comment : unités et parcours, facultatives, mode de chaque épreuve."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from contracts.messages import Refus
from contracts.reglement import CategorieReglee, Epreuve, Parcours, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Forme, Mode


@dataclass(frozen=True)
class Demande:
    """Ce que le candidat choisit. ``unites`` : celles qu'il présente ; aucune, il les présente toutes."""

    categorie: Categorie
    modes: Mapping[str, Mode]
    facultatives: tuple[str, ...] = ()
    etablissement: str | None = None
    forme: Forme = Forme.GLOBALE
    unites: tuple[str, ...] = ()


def exiger_categorie(categorie: Categorie, reglement: Reglement) -> CategorieReglee:
    """Ce que le règlement dit d'un statut.

    Raises:
        Refus: ``CATEGORIE_NON_PREVUE``.
    """
    reglee = reglement.categories.get(categorie)
    if reglee is None:
        prevues = ", ".join(reglement.categories)
        raise Refus("CATEGORIE_NON_PREVUE", f"{reglement.id} ne prévoit pas « {categorie} » (prévus : {prevues})")
    return reglee


def choisir(demande: Demande, session: SessionFigee) -> dict[str, Mode]:
    """Le mode de chaque épreuve passée : les unités présentées (DC-CAP06) et les facultatives choisies.

    Raises:
        Refus: une facultative de trop, un mode interdit au statut, à l'épreuve ou à l'établissement.
    """
    reglement, categorie = session.reglement, exiger_categorie(demande.categorie, session.reglement)
    _exiger_facultatives(demande.facultatives, reglement)
    presentees = {*(demande.unites or obligatoires(reglement)), *demande.facultatives}
    passees = {code: epreuve for code, epreuve in reglement.epreuves.items() if code in presentees}
    _exiger_passees(demande.modes, passees, reglement)
    modes = {code: _mode(code, passees[code], demande, categorie, session) for code in passees}
    if Mode.CCF in modes.values() and demande.etablissement is None:
        raise Refus("ETABLISSEMENT_REQUIS", "un contrôle en cours de formation veut un établissement : donnez son code")
    _exiger_ponctuelles(modes, reglement)
    return modes


def obligatoires(reglement: Reglement) -> tuple[str, ...]:
    """Toutes les épreuves dues."""
    return tuple(code for code, epreuve in reglement.epreuves.items() if epreuve.obligatoire)


# Les unités et le parcours -----------------------------------------------------------------------------------------


def presentees(demande: Demande, reglement: Reglement) -> tuple[str, ...]:
    """Les unités que le candidat présente, dans l'ordre du règlement ; vide, il les présente toutes.

    Raises:
        Refus: une unité inconnue ou facultative, la forme fermée à ce statut, un parcours qui n'existe pas.
    """
    categorie = exiger_categorie(demande.categorie, reglement)
    _exiger_unites(demande.unites, reglement)
    if demande.forme is Forme.PROGRESSIVE and categorie.forme == "globale":
        raise Refus(
            reglement.inscription.regle_forme or categorie.regle,
            f"forme progressive : fermée à ce statut, {categorie.intitule} ; inscrivez-le sous la forme globale",
        )
    unites = retenues(demande.unites, reglement)
    if reglement.parcours:
        _exiger_parcours(unites or obligatoires(reglement), demande.categorie, reglement)
    elif unites and demande.forme is Forme.GLOBALE:
        raise Refus(
            reglement.inscription.regle_forme or categorie.regle,
            "forme globale : toutes les unités se présentent à la même session ; retirez « unites », ou choisissez "
            "la forme progressive si le statut l'ouvre",
        )
    return unites


def retenues(unites: Collection[str], reglement: Reglement) -> tuple[str, ...]:
    """Ces unités dans l'ordre du règlement ; vide si elles y sont toutes."""
    toutes = obligatoires(reglement)
    choisies = tuple(code for code in toutes if code in unites)
    return () if choisies == toutes else choisies


def _exiger_unites(unites: Iterable[str], reglement: Reglement) -> None:
    for code in unites:
        epreuve = reglement.epreuves.get(code)
        if epreuve is None:
            raise Refus("EPREUVE_INCONNUE", f"{code} : {reglement.id} n'a pas cette épreuve")
        if not epreuve.obligatoire:
            raise Refus(reglement.regle_facultatives, f"{code} est facultative : nommez-la sous « facultatives »")


def parcours_suivis(unites: tuple[str, ...], categorie: Categorie, reglement: Reglement) -> dict[str, Parcours]:
    """Le parcours que forment ces unités pour ce statut, par nom ; aucun, si le règlement n'en a pas de tel.

    Deux, l'un après l'autre, quand le second veut les unités du premier : l'entretien final a lieu à la fin de la
    session du dernier CCP (TP-D02).
    """
    voulues = {*(unites or obligatoires(reglement))}
    ouverts = {nom: one for nom, one in reglement.parcours.items() if ouvert(one, categorie)}
    for nom, one in ouverts.items():
        if {*one.epreuves} == voulues:
            return {nom: one}
    for nom, dernier in ouverts.items():
        reste = voulues - {*dernier.epreuves}
        for autre, one in ouverts.items():
            if reste != voulues and {*one.epreuves} == reste and reste <= {*dernier.acquis}:
                return {autre: one, nom: dernier}
    return {}


def ouvert(parcours: Parcours, categorie: Categorie) -> bool:
    """Ce parcours est-il de ce statut ?"""
    return not parcours.categories or categorie in parcours.categories


def _exiger_parcours(unites: tuple[str, ...], categorie: Categorie, reglement: Reglement) -> None:
    """Les unités présentées sont celles d'un parcours ouvert au statut, ou de deux qui se suivent (TP-D01 à D03)."""
    if parcours_suivis(unites, categorie, reglement):
        return
    voisin = _le_plus_proche({*unites}, categorie, reglement)
    offerts = " ; ".join(
        f"{one.intitule} ({', '.join(one.epreuves)})" for one in reglement.parcours.values() if ouvert(one, categorie)
    )
    raise Refus(
        voisin.regle if voisin else reglement.categories[categorie].regle,
        f"{', '.join(unites)} ne se présentent pas ensemble sous ce statut ; parcours ouverts : {offerts or 'aucun'}",
    )


def _le_plus_proche(unites: set[str], categorie: Categorie, reglement: Reglement) -> Parcours | None:
    """Le parcours dont la règle s'oppose : le même, fermé à ce statut ; sinon le plus grand que la demande déborde."""
    tous = reglement.parcours.values()
    memes = [one for one in tous if {*one.epreuves} == unites]
    contenus = [one for one in tous if {*one.epreuves} < unites and not unites & {*one.acquis}]
    proches = sorted(contenus, key=lambda one: (ouvert(one, categorie), len(one.epreuves)), reverse=True)
    return next(iter([*memes, *proches]), None)


# Les facultatives et les modes -------------------------------------------------------------------------------------


def _exiger_facultatives(facultatives: tuple[str, ...], reglement: Reglement) -> None:
    """Au plus le nombre que dit le règlement, sans répétition (DC-CAP02, BTS-I05)."""
    for code in facultatives:
        epreuve = reglement.epreuves.get(code)
        if epreuve is None or epreuve.obligatoire:
            offertes = ", ".join(c for c, e in reglement.epreuves.items() if not e.obligatoire) or "aucune"
            raise Refus(reglement.regle_facultatives, f"{code} n'est pas une facultative (offertes : {offertes})")
    if len(set(facultatives)) != len(facultatives) or len(facultatives) > reglement.max_facultatives:
        raise Refus(
            reglement.regle_facultatives,
            f"{reglement.max_facultatives} épreuves facultatives différentes au plus : retirez-en",
        )


def _exiger_passees(demandes: Iterable[str], passees: Mapping[str, Epreuve], reglement: Reglement) -> None:
    for code in demandes:
        epreuve = reglement.epreuves.get(code)
        if epreuve is None:
            raise Refus("EPREUVE_INCONNUE", f"{code} : {reglement.id} n'a pas cette épreuve")
        if code not in passees:
            manque = "mettez-la dans « unites »" if epreuve.obligatoire else "choisissez d'abord cette facultative"
            raise Refus("EPREUVE_NON_INSCRITE", f"{code} : {manque}")


def _mode(code: str, epreuve: Epreuve, demande: Demande, categorie: CategorieReglee, session: SessionFigee) -> Mode:
    """Le mode demandé, ou le premier que le statut et l'établissement donnent à cette épreuve (CAP24-I03, DC-CAP08)."""
    voulu = demande.modes.get(code)
    if voulu is not None and voulu not in epreuve.modes:
        raise Refus(session.reglement.inscription.regle_modes, f"{code} : pas de mode {voulu} à cette épreuve")
    permis = [mode for mode in categorie.modes if mode in epreuve.modes]
    if not permis or voulu not in (None, *permis):
        permises = ", ".join(permis) or "aucun"
        raise Refus(categorie.regle, f"{code} : mode fermé à ce statut, {categorie.intitule} (ouverts : {permises})")
    habilites = [mode for mode in permis if mode is not Mode.CCF or _habilite(epreuve, demande.etablissement, session)]
    if epreuve.habilitation_ccf and (not habilites or voulu not in (None, *habilites)):
        raise Refus(
            epreuve.habilitation_ccf,
            f"{code} : le contrôle en cours de formation est réservé aux établissements habilités ; donnez-en un, ou "
            "passez cette épreuve en ponctuel",
        )
    return voulu or habilites[0]


def _habilite(epreuve: Epreuve, etablissement: str | None, session: SessionFigee) -> bool:
    """L'établissement peut évaluer cette épreuve en cours de formation (BTS-I06, AMB-15)."""
    return epreuve.habilitation_ccf is None or etablissement in session.parametres.habilites_ccf


def _exiger_ponctuelles(modes: Mapping[str, Mode], reglement: Reglement) -> None:
    """Qui passe des épreuves en CCF en garde assez de ponctuelles (DC-BTS10) ; une unité non présentée compte ainsi."""
    minimum, regles = reglement.inscription.ponctuelles_min, reglement.inscription
    dues = obligatoires(reglement)
    en_ccf = [code for code in dues if modes.get(code) is Mode.CCF]
    if en_ccf and len(dues) - len(en_ccf) < minimum:
        raise Refus(
            regles.regle_ponctuelles or regles.regle_modes,
            f"{', '.join(en_ccf)} en CCF : au moins {minimum} épreuves obligatoires restent ponctuelles",
        )
