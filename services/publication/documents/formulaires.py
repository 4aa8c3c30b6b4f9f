"""Les formulaires vierges, du seul règlement : un bordereau par lot et une fiche par épreuve ou situation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.reglement import Commission, Epreuve, Grille, Reglement, Situation
from contracts.vocabulaire import Mode
from services.publication.documents.autorites import EMPLOI
from services.publication.documents.francais import capitale, enumeration, nombre, typographie
from services.publication.documents.pv import PROFILS

BORDEREAU, FICHE = "bordereau.v1", "fiche.v1"
LIGNES = 22  # candidats d'un lot, sur une page
MODES = {Mode.PONCTUEL: "épreuve ponctuelle", Mode.CCF: "contrôle en cours de formation"}
PAR_PROFIL = {profil.value: intitule for profil, intitule in PROFILS.items()}


@dataclass(frozen=True)
class EnTeteFormulaire:
    """``cree_le`` : le premier jour de l'année de la session ; le fichier ne dépend pas du jour où il est fait."""

    modele: str
    numero: str
    version: int
    cree_le: datetime
    tete: str
    service: str
    diplome: str
    specialite: str
    session: str
    demonstration: bool = False


@dataclass(frozen=True)
class DonneesFormulaire:
    """Un formulaire vierge. ``colonnes`` : ce qui se porte pour chacun ; ``competences`` : intitulé, critères."""

    entete: EnTeteFormulaire
    nom: str
    titre: str
    code: str
    intitule: str
    situation: str
    mode: str
    regle: str
    annexe: str
    grille: str
    communication: str
    competences: tuple[tuple[str, str], ...]
    consignes: tuple[str, ...]
    mentions: tuple[str, ...]
    note_max: str
    pas: str
    colonnes: tuple[str, ...]
    signataires: tuple[str, ...]
    moments: tuple[tuple[str, str], ...]
    lignes: int = LIGNES


@dataclass(frozen=True)
class _Cible:
    """Ce qu'un formulaire évalue : une épreuve, ou l'une de ses situations, dans un mode."""

    code: str
    epreuve: Epreuve
    mode: Mode
    rang: str = ""
    situation: Situation | None = None

    @property
    def nom(self) -> str:
        return "-".join(filter(None, (self.code, self.rang, self.mode.value)))

    @property
    def grille(self) -> Grille | None:
        return (self.situation.grilles if self.situation else self.epreuve.grilles).get(self.mode)

    @property
    def commission(self) -> Commission | None:
        conduite = self.situation.conduite if self.situation else None
        propre = None if conduite is None else conduite.commissions.get(self.mode)
        return propre or self.epreuve.commissions.get(self.mode)


def donnees_formulaires(reglement: Reglement, session_annee: int) -> list[DonneesFormulaire]:
    """Tous les formulaires d'une session, dans l'ordre du règlement."""
    cibles = list(_cibles(reglement))
    return [
        *(_formulaire(one, reglement, session_annee, BORDEREAU) for one in cibles),
        *(_formulaire(one, reglement, session_annee, FICHE) for one in cibles),
        *_fiches_liees(cibles, reglement, session_annee),
    ]


def _cibles(reglement: Reglement) -> Iterator[_Cible]:
    """Une unité faite de compétences se remplit d'un bloc ; les situations notées, une à une."""
    for code, epreuve in reglement.epreuves.items():
        for mode in epreuve.modes:
            situations = {} if epreuve.acquise_ou_non else epreuve.situations_en(mode)
            if not situations:
                yield _Cible(code, epreuve, mode)
            for rang, situation in situations.items():
                yield _Cible(code, epreuve, mode, rang, situation)


def _fiches_liees(cibles: Iterable[_Cible], reglement: Reglement, annee: int) -> Iterator[DonneesFormulaire]:
    """Les documents étiquetés que la grille d'une épreuve cite sans être elle-même (une fiche à côté d'une aide)."""
    connues = {one.grille.annexe for one in cibles if one.grille is not None}
    for annexe in reglement.documents.communication:
        cible = next((one for one in cibles if one.grille is not None and annexe in one.grille.intitule), None)
        if annexe in connues or cible is None or cible.grille is None:
            continue
        document = reglement.documents.communication[annexe]
        seule = Grille(annexe=annexe, regle=cible.grille.regle, intitule=document.intitule)
        yield _formulaire(cible, reglement, annee, FICHE, seule, f"{cible.nom}-{annexe}")


def _formulaire(
    cible: _Cible, reglement: Reglement, annee: int, modele: str, grille: Grille | None = None, nom: str = ""
) -> DonneesFormulaire:
    grille, genre = grille or cible.grille, modele.partition(".")[0]
    appelee = f"{genre}-{nom or cible.nom}"
    return DonneesFormulaire(
        entete=_entete(reglement, annee, modele, appelee),
        nom=f"{appelee}.pdf",
        titre=_titre(modele, grille, liee=bool(nom)),
        code=cible.code,
        intitule=typographie(cible.epreuve.intitule),
        situation=_situation(cible),
        mode=MODES[cible.mode],
        regle=_regle(cible, grille, modele),
        annexe=_annexe(cible, grille, modele),
        grille="" if grille is None or modele == BORDEREAU else typographie(grille.intitule),
        communication=_communication(grille, reglement) if modele == FICHE else "",
        competences=tuple(_competences(cible, grille)),
        consignes=tuple(map(typographie, _consignes(cible, grille))),
        mentions=_mentions(cible),
        note_max="" if _mentions(cible) else nombre(cible.epreuve.note_max),
        pas="" if _mentions(cible) else nombre(cible.epreuve.pas),
        colonnes=_colonnes(cible),
        signataires=tuple(_signataires(cible, grille, reglement)),
        moments=tuple(_moments(cible)) if modele == FICHE else (),
    )


def _titre(modele: str, grille: Grille | None, *, liee: bool) -> str:
    """Une fiche que la grille cite n'est pas la grille (BTS-R01)."""
    if modele == BORDEREAU:
        return "Bordereau de lot"
    return "Fiche d’évaluation" if grille is None or liee else "Grille d’évaluation"


def _entete(reglement: Reglement, annee: int, modele: str, nom: str) -> EnTeteFormulaire:
    emploi = typographie(reglement.documents.autorite) == EMPLOI
    return EnTeteFormulaire(
        modele=modele,
        numero=f"{reglement.id}-V{reglement.version}-{annee}-{nom}".upper(),
        version=reglement.version,
        cree_le=datetime(annee, 1, 1, tzinfo=UTC),
        tete="Ministère chargé de l’emploi" if emploi else "Académie : ……………………………",
        service="" if emploi else "Division des examens et concours",
        diplome=typographie(reglement.documents.intitule(annee)),
        specialite=typographie(reglement.intitule),
        session=str(annee),
    )


def _situation(cible: _Cible) -> str:
    if cible.situation is None:
        return ""
    intitule = typographie(cible.situation.intitule)
    return f"Situation {cible.rang.removeprefix('S')}, {intitule[:1].lower()}{intitule[1:]}"


def _regle(cible: _Cible, grille: Grille | None, modele: str) -> str:
    return cible.epreuve.regle if grille is None or modele == BORDEREAU else grille.regle


def _annexe(cible: _Cible, grille: Grille | None, modele: str) -> str:
    recapitulatif = cible.epreuve.recapitulatif.get(cible.mode)
    if modele == BORDEREAU:
        return "" if recapitulatif is None else recapitulatif.annexe
    return "" if grille is None else grille.annexe


def _communication(grille: Grille | None, reglement: Reglement) -> str:
    """Ce que le règlement dit du document ; rien s'il ne l'étiquette pas (TR-R01)."""
    document = None if grille is None else reglement.documents.communication.get(grille.annexe)
    if document is None:
        return ""
    dit = "Communicable au candidat" if document.communicable else "Non communicable au candidat"
    return f"{dit} ({document.regle})"


def _competences(cible: _Cible, grille: Grille | None) -> Iterator[tuple[str, str]]:
    if cible.epreuve.acquise_ou_non:
        for one in cible.epreuve.situations.values():
            yield typographie(one.intitule), str(one.criteres or "")
    elif grille is not None:
        codes = grille.competences or dict.fromkeys((*grille.obligatoires, *grille.au_choix), 0)
        for code, criteres in codes.items():
            yield code, str(criteres or "")


def _consignes(cible: _Cible, grille: Grille | None) -> Iterator[str]:
    if grille is not None and grille.au_choix:
        yield (
            f"Compétences obligatoires : {enumeration(grille.obligatoires)} ; "
            f"au choix : {grille.nombre_au_choix} parmi {enumeration(grille.au_choix)}."
        )
    if grille is not None and grille.criteres_min > 1:
        yield f"Au moins {grille.criteres_min} critères sont évalués."
    if cible.epreuve.acquise_ou_non:
        yield "Chaque compétence est acquise ou non acquise : aucune note."


def _mentions(cible: _Cible) -> tuple[str, ...]:
    """Les mots possibles, quand rien ne se note."""
    if cible.epreuve.acquise_ou_non:
        return ("acquise", "non acquise")
    conduite = cible.situation.conduite if cible.situation else None
    dits = {"validee": "validée", "non_validee": "non validée"}
    return () if conduite is None else tuple(dits.get(one, one) for one in conduite.mentions.get(cible.mode, ()))


def _colonnes(cible: _Cible) -> tuple[str, ...]:
    if cible.epreuve.acquise_ou_non:
        rangs = [f"C{n}" for n, _ in enumerate(cible.epreuve.situations, 1)]
        return (*rangs, "Unité") if rangs else ("Résultat",)
    return ("Résultat",) if _mentions(cible) else (f"Note sur {nombre(cible.epreuve.note_max)}",)


def _signataires(cible: _Cible, grille: Grille | None, reglement: Reglement) -> Iterator[str]:
    """Qui signe : la grille le dit, sinon la commission, sinon les évaluateurs."""
    commission = cible.commission
    if grille is not None and grille.signataires:
        yield from (capitale(PAR_PROFIL.get(one, one)) for one in grille.signataires)
    elif commission is not None:
        for one in commission.obligatoires:
            repli = commission.repli.get(one)
            suite = "" if repli is None else f" (à défaut, {PAR_PROFIL.get(repli, repli)})"
            yield capitale(PAR_PROFIL.get(one, one)) + suite
        yield from (f"{capitale(PAR_PROFIL.get(one, one))} (facultatif)" for one in commission.facultatifs)
    elif cible.epreuve.acquise_ou_non:
        yield from ("Membre du jury" for _ in range(reglement.jury.membres_min))
    else:
        yield "Évaluateur"


def _moments(cible: _Cible) -> Iterator[tuple[str, str]]:
    """Les moments sont ceux de l'épreuve ponctuelle : un contrôle en cours de formation a les siens."""
    if cible.mode is Mode.PONCTUEL:
        for one in cible.epreuve.modalites.values():
            yield typographie(one.intitule), f"{nombre(one.minutes)} min"
