"""Le regroupement : l'examen que plusieurs académies partagent, sa pilote, celles qui l'ont accepté."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from contracts.commandes.regroupement import AccepterRegroupement, CloreRegroupement, DefinirRegroupement
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementClos, RegroupementDefini
from contracts.messages import Refus
from contracts.session import SessionFigee, valeurs_contraires
from contracts.vocabulaire import Calendrier, Valeurs
from services.inscription.domain.ecrits import exiger_memes_instants

REGLE_PILOTE = "BTS-G01"
"""La pilote définit l'organisation de la session."""
REGLE_CADRE = "DC-BTS19"
"""Le ministre désigne une seule pilote."""

RegroupementCommand: TypeAlias = DefinirRegroupement | AccepterRegroupement | CloreRegroupement
RegroupementEvent: TypeAlias = RegroupementDefini | RegroupementAccepte | RegroupementClos


@dataclass(frozen=True)
class Seule:
    """L'académie tient l'examen seule."""


@dataclass(frozen=True)
class Pilote:
    """Elle a défini le regroupement."""

    definition: RegroupementDefini


@dataclass(frozen=True)
class Rattachee:
    """Elle a accepté celui d'une autre."""

    acceptation: RegroupementAccepte


@dataclass(frozen=True)
class Clos:
    """Elle l'avait défini, et l'a clos."""

    definition: RegroupementDefini


Regroupement: TypeAlias = Seule | Pilote | Rattachee | Clos
initial: Regroupement = Seule()


@dataclass(frozen=True)
class Propose:
    """Ce que la pilote a fait savoir de son regroupement, quand c'est arrivé ici."""

    regroupement: str
    pilote: str
    membres: tuple[str, ...]
    reglement: str
    empreinte: str
    clos: bool = False
    calendrier: Calendrier | None = None
    valeurs: Valeurs | None = None


@dataclass(frozen=True)
class Partage:
    """Avec qui l'examen se partage, vu d'ici : les académies du regroupement, s'il vit et s'il est accepté ici."""

    regroupement: str
    academies: frozenset[str]


def evolve(regroupement: Regroupement, event: RegroupementEvent) -> Regroupement:
    """Se souvenir, sans juger."""
    match event:
        case RegroupementDefini():
            return Pilote(event)
        case RegroupementAccepte():
            return Rattachee(event)
        case RegroupementClos():
            return Clos(regroupement.definition) if isinstance(regroupement, Pilote) else regroupement
        case _:
            assert_never(event)


def decide(
    command: RegroupementCommand,
    regroupement: Regroupement,
    session: SessionFigee,
    *,
    propose: Propose | None = None,
    cle_publique: str = "",
) -> list[RegroupementEvent]:
    """Ce qui s'ensuit de l'ordre, ou rien s'il est déjà fait.

    ``propose`` : ce que la pilote a défini, pour qui l'accepte. ``cle_publique`` : celle de l'académie.

    Raises:
        Refus: ``REGROUPEMENT_INCONNU``, ``REGROUPEMENT_NON_MEMBRE``, ``REGLEMENT_DIFFERENT``, ``REGROUPEMENT_CLOS``,
            ``REGROUPEMENT_DEJA_DEFINI``, ``MEMBRE_RETIRE``, AMB-05, ou la règle qui s'oppose.
    """
    match command:
        case DefinirRegroupement():
            return _definir(command, regroupement, session, cle_publique)
        case AccepterRegroupement():
            return _accepter(command, regroupement, session, propose, cle_publique)
        case CloreRegroupement():
            return _clore(command, regroupement)
        case _:
            assert_never(command)


def _definir(
    command: DefinirRegroupement, regroupement: Regroupement, session: SessionFigee, cle_publique: str
) -> list[RegroupementEvent]:
    """La pilote nomme les rattachées ; elle peut en ajouter, jamais en retirer."""
    membres = tuple(dict.fromkeys(one for one in command.membres if one != session.academie))
    if not membres:
        raise Refus(REGLE_PILOTE, "« membres » : nommez au moins une académie rattachée, la pilote ne compte pas")
    deja = _deja_definie(command, regroupement)
    if deja is not None:
        _exiger_ajout(membres, deja)
        if (set(membres), command.arrete.strip()) == (set(deja.membres), deja.arrete):
            return []
        membres = tuple(dict.fromkeys((*deja.membres, *membres)))
    reglement = session.reglement
    return [
        RegroupementDefini(
            regroupement=command.regroupement,
            pilote=session.academie,
            membres=membres,
            arrete=command.arrete.strip(),
            reglement=reglement.id,
            version=reglement.version,
            empreinte=reglement.empreinte,
            cle_publique=cle_publique or (deja.cle_publique if deja else ""),
            regle=REGLE_PILOTE,
        )
    ]


def _deja_definie(command: DefinirRegroupement, regroupement: Regroupement) -> RegroupementDefini | None:
    match regroupement:
        case Seule():
            return None
        case Rattachee(acceptation=acceptee):
            raise Refus(
                REGLE_CADRE,
                f"cette académie est rattachée à {acceptee.pilote} pour cet examen : un examen n'a qu'une pilote",
            )
        case Clos(definition=definie):
            raise Refus("REGROUPEMENT_CLOS", f"{definie.regroupement} est clos : rien ne s'y ajoute plus")
        case Pilote(definition=definie):
            if definie.regroupement != command.regroupement:
                detail = f"{definie.regroupement} est déjà défini pour cet examen : reprenez ce code"
                raise Refus("REGROUPEMENT_DEJA_DEFINI", detail)
            return definie
        case _:
            assert_never(regroupement)


def _exiger_ajout(membres: tuple[str, ...], deja: RegroupementDefini) -> None:
    retirees = [one for one in deja.membres if one not in membres]
    if retirees:
        detail = f"{', '.join(retirees)} : une rattachée ne se retire pas, nommez-les toutes"
        raise Refus("MEMBRE_RETIRE", detail)


def _accepter(
    command: AccepterRegroupement,
    regroupement: Regroupement,
    session: SessionFigee,
    propose: Propose | None,
    cle_publique: str,
) -> list[RegroupementEvent]:
    """La rattachée accepte ce que la pilote a défini, sous le règlement même qu'elle a ouvert."""
    if isinstance(regroupement, (Pilote, Clos)):
        raise Refus(REGLE_CADRE, "cette académie pilote elle-même cet examen : un examen n'a qu'une pilote")
    if isinstance(regroupement, Rattachee):
        return _deja_acceptee(command, regroupement.acceptation)
    connu = _exiger_propose(command, session, propose)
    return [
        RegroupementAccepte(
            regroupement=connu.regroupement,
            pilote=connu.pilote,
            reglement=connu.reglement,
            empreinte=connu.empreinte,
            cle_publique=cle_publique,
            regle=REGLE_CADRE,
        )
    ]


def _deja_acceptee(command: AccepterRegroupement, acceptee: RegroupementAccepte) -> list[RegroupementEvent]:
    if (command.regroupement, command.pilote) == (acceptee.regroupement, acceptee.pilote):
        return []
    detail = f"cette académie a accepté {acceptee.regroupement} de {acceptee.pilote} : un examen n'a qu'une pilote"
    raise Refus(REGLE_CADRE, detail)


def _exiger_propose(command: AccepterRegroupement, session: SessionFigee, propose: Propose | None) -> Propose:
    if propose is None or (propose.regroupement, propose.pilote) != (command.regroupement, command.pilote):
        raise Refus(
            "REGROUPEMENT_INCONNU",
            f"{command.regroupement} de {command.pilote} : pas défini là-bas, ou pas encore arrivé ici ; "
            "vérifiez le code, ou recommencez quand le lien sera revenu",
        )
    if propose.clos:
        raise Refus("REGROUPEMENT_CLOS", f"{propose.regroupement} est clos par {propose.pilote} : il ne s'accepte plus")
    if session.academie not in propose.membres:
        detail = (
            f"{session.academie} n'est pas des rattachées de {propose.regroupement} : demandez-le à {propose.pilote}"
        )
        raise Refus("REGROUPEMENT_NON_MEMBRE", detail)
    reglement = session.reglement
    if propose.empreinte != reglement.empreinte:
        raise Refus(
            "REGLEMENT_DIFFERENT",
            f"la session est ouverte ici sous {reglement.id} v{reglement.version}, dont le fichier n'est pas celui de "
            f"{propose.pilote} ({propose.reglement}) : rien ne se partage sous deux règlements",
        )
    exiger_memes_instants(propose.calendrier, session)
    exiger_memes_valeurs(session.valeurs, {propose.pilote: propose.valeurs}, session)
    return propose


def exiger_memes_valeurs(
    valeurs: Valeurs | None, ailleurs: Mapping[str, Valeurs | None], session: SessionFigee
) -> None:
    """Un examen partagé se compte partout pareil : les valeurs que les textes ne donnent pas n'y diffèrent pas.

    ``valeurs`` : celles d'ici ; ``ailleurs`` : académie → les siennes.

    Raises:
        Refus: la règle des valeurs (AMB-05).
    """
    for academie, autres in ailleurs.items():
        differentes = valeurs_contraires(valeurs, autres)
        if differentes:
            detail = f"{', '.join(differentes)} : la valeur d'ici n'est pas celle de {academie}"
            conseil = "un examen partagé n'en a qu'une ; accordez-vous sur le texte qui la donne"
            raise Refus(session.reglement.deliberation.regle_valeurs, f"{detail} : {conseil}", cles=differentes)


def _clore(command: CloreRegroupement, regroupement: Regroupement) -> list[RegroupementEvent]:
    match regroupement:
        case Clos(definition=definie) if definie.regroupement == command.regroupement:
            return []
        case Pilote(definition=definie) if definie.regroupement == command.regroupement:
            return [RegroupementClos(regroupement=command.regroupement, motif=command.motif, regle=REGLE_PILOTE)]
        case _:
            detail = f"{command.regroupement} n'est pas un regroupement que cette académie a défini : vérifiez le code"
            raise Refus("REGROUPEMENT_INCONNU", detail)


# Ce que les autres décisions en demandent ---------------------------------------------------------------------------


def partage(regroupement: Regroupement, propose: Propose | None) -> Partage | None:
    """Avec qui l'examen se partage ; personne tant qu'il n'est pas accepté ici, ou plus quand il est clos.

    ``propose`` : ce que la pilote d'une rattachée a fait savoir en dernier.
    """
    match regroupement:
        case Pilote(definition=definie):
            return Partage(definie.regroupement, frozenset({definie.pilote, *definie.membres}))
        case Rattachee(acceptation=acceptee) if propose is not None and not propose.clos:
            return Partage(acceptee.regroupement, frozenset({propose.pilote, *propose.membres}))
        case _:
            return None


def exiger_partage(partage: Partage | None, academie: str, ici: str) -> Partage:
    """Le regroupement où sont les deux académies.

    Raises:
        Refus: ``REGROUPEMENT_INCONNU`` ; TR-G01, l'autre académie n'en est pas.
    """
    if partage is None:
        detail = "aucun regroupement n'est défini ou accepté ici pour cet examen, ou il est clos"
        raise Refus("REGROUPEMENT_INCONNU", detail)
    if academie == ici or academie not in partage.academies:
        autres = ", ".join(sorted(partage.academies - {ici}))
        raise Refus("TR-G01", f"{academie} n'est pas une autre académie de {partage.regroupement} ({autres})")
    return partage
