"""What the deciders of a shared exam are given: the regroupement as it is known here, and what keys let be confided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from contracts.commandes.regroupement import CloreRegroupement
from contracts.evenements.deliberation import CandidatRattache, JuryClos, TransfertApresCloture
from contracts.evenements.inscription import CentreAffecte, SessionOuverte
from contracts.messages import Command, Event, Refus, Scelle
from contracts.session import SessionFigee, valeurs_dites
from contracts.vocabulaire import Enveloppe, Identite, Parametres, Valeurs
from services.communs.shell import Situe
from services.inscription.domain import accueil, regroupement
from services.inscription.domain.regroupement import Clos, Partage, Pilote, Propose, Rattachee, Regroupement
from services.inscription.domain.session_examen import Centre
from services.inscription.projections import accueils, regroupements
from services.socle.coffre import ERASED
from services.socle.confidence import DESTROYED, Confidence, Terms
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, Ref
from services.socle.service import Environment
from services.socle.sql import in_writer
from services.socle.subjects import split

REGROUPEMENT = Family("regroupement", regroupement.initial, regroupement.evolve)
ACCUEIL = Family("accueil", accueil.initial, accueil.evolve)


async def propose(env: Environment, of: Situe, pilote: str) -> Propose | None:
    """What that pilot made known, once what has arrived here is read."""
    await env.up_to_date(of.session)
    with env.engine.connect() as connection:
        dit = regroupements.lire_definition(connection, pilote=pilote, session=of.session, diplome=of.diplome)
    if dit is None:
        return None
    noms = ("regroupement", "pilote", "reglement", "empreinte")
    return Propose(**{nom: dit[nom] for nom in noms}, membres=tuple(dit["membres"]), clos=bool(dit["clos"]))


async def parametres(env: Environment, of: Situe, academie: str) -> Parametres | None:
    """What that académie fixed for its session, if it has come here: its legal time, its calendar."""
    dits = await env.told(academie, of.session, of.diplome, "inscription", "session")
    return next((one.parametres for one in dits if isinstance(one, SessionOuverte)), None)


async def calendrier(env: Environment, of: Situe, session: SessionFigee) -> SessionFigee:
    """The session with the national calendar of the pilot, where it has none of its own (BTS-G03).

    Its instants are the same everywhere; the legal time in which they are told stays that of this académie.
    """
    if session.parametres.calendrier is not None or of.session not in env.exchanges:
        return session
    etat = await etat_ici(env, of)
    la_bas = await parametres(env, of, etat.acceptation.pilote) if isinstance(etat, Rattachee) else None
    if la_bas is None or la_bas.calendrier is None:
        return session
    return replace(session, parametres=session.parametres.model_copy(update={"calendrier": la_bas.calendrier}))


async def valeurs(env: Environment, of: Situe, academie: str) -> Valeurs | None:
    """The values that the texts do not give, as that académie has supplied them, if it has come here."""
    return valeurs_dites(await env.told(academie, of.session, of.diplome, "inscription", "session"))


async def valeurs_ailleurs(env: Environment, of: Situe) -> dict[str, Valeurs | None]:
    """Those of the académies with which the exam is shared from here: of the pilot, or of whoever the pilot named."""
    match await etat_ici(env, of):
        case Pilote(definition=definie):
            autres = definie.membres
        case Rattachee(acceptation=acceptee):
            autres = (acceptee.pilote,)
        case _:
            autres = ()
    return {one: await valeurs(env, of, one) for one in autres}


async def partage(env: Environment, of: Situe) -> Partage | None:
    """With whom the exam is shared, as it is known here now."""
    etat = await etat_ici(env, of)
    dit = await propose(env, of, etat.acceptation.pilote) if isinstance(etat, Rattachee) else None
    return regroupement.partage(etat, dit)


async def etat_ici(env: Environment, of: Situe) -> Regroupement:
    """What this académie decided of it."""
    ref = Ref(REGROUPEMENT, "regroupement")
    etat: Regroupement = (await env.runner.state(of.session, of.diplome, ref)).state
    return etat


async def jury_clos_sur(env: Environment, of: Situe, candidat: str, de: str) -> str | None:
    """The jury of this exam, as far as it is known here, that has closed on this candidate of that académie."""
    pilote, ici = pilote_de(await etat_ici(env, of)), env.settings.academie
    if pilote is None:
        return None

    async def dits(agregat: str) -> Sequence[Event]:
        where = (of.session, of.diplome, "deliberation", agregat)
        return await (env.events(*where) if pilote == ici else env.told(pilote, *where))

    place = next((one for one in await dits(f"place-{candidat}") if isinstance(one, CandidatRattache)), None)
    if place is None:
        return None
    a: str | None = None  # where the closed jury knows him
    for event in await dits(f"jury-{place.jury}"):
        match event:
            case JuryClos(decisions=decisions, origines=origines) if candidat in decisions:
                a = origines.get(candidat, pilote)
            case TransfertApresCloture(candidat=autre, vers=vers) if autre == candidat:
                a = vers
            case _:
                continue
    return place.jury if a == de else None


def pilote_de(etat: Regroupement) -> str | None:
    """The pilot of the regroupement that this académie defined or accepted."""
    match etat:
        case Pilote(definition=definie) | Clos(definition=definie):
            return definie.pilote
        case Rattachee(acceptation=acceptee):
            return acceptee.pilote
        case _:
            return None


# Keys ----------------------------------------------------------------------------------------------------------------


def objet(of: Situe, regroupement: str) -> str:
    """What a pair of keys is for: one per académie and regroupement."""
    return f"{of.session}/{of.diplome}/{regroupement}"


def code_de(etat: Regroupement) -> str:
    """The regroupement that this académie defined or accepted, closed or not; empty when there is none."""
    match etat:
        case Pilote(definition=definie) | Clos(definition=definie):
            return definie.regroupement
        case Rattachee(acceptation=acceptee):
            return acceptee.regroupement
        case _:
            return ""


async def cle_publique(env: Environment, command: Command) -> str:
    """The key to which others will confide, for who defines or accepts; empty once its regroupement is closed."""
    code = getattr(command, "regroupement", "")
    if not code or isinstance(command, CloreRegroupement):
        return ""
    try:
        return await in_writer(env.coffre.engine, Confidence(env.coffre).public_key, objet(command, code))
    except Refus as refus:
        if refus.regle != DESTROYED:
            raise
        return ""  # the decider knows better why


async def enveloppe(env: Environment, command: Command, candidat: str, pour: str) -> Enveloppe | None:
    """The key of this candidate's identity, wrapped for that académie; nothing while its public key is not known here.

    Raises:
        Refus: ``PERSONNE_EFFACEE``; ``ENVELOPPE_ILLISIBLE``, what the académie made known is no key.
    """
    code, ici = code_de(await etat_ici(env, command)), env.settings.academie
    cle = {"academie": pour, "regroupement": code, "session": command.session, "diplome": command.diplome}
    with env.engine.connect() as connection:
        publique = regroupements.lire_cle(connection, **cle)
    if not publique or pour == ici:
        return None
    terms = Terms(objet(command, code), ici, candidat, pour)
    wrapped = await in_writer(env.coffre.engine, Confidence(env.coffre).wrap, terms, publique)
    if wrapped is None:
        raise Refus(ERASED, f"{candidat} : identité effacée, elle ne se confie plus")
    return Enveloppe(pour=pour, cle=wrapped.ephemeral, chiffre=wrapped.sealed)


async def identite_confiee(env: Environment, of: Situe, origine: str, scellee: Scelle) -> Identite | None:
    """The identity that a partner sealed, with the key that it confided; nothing without that key.

    Raises:
        CoffreError: what is sealed was altered, or is somebody else's.
    """
    code, confidence = code_de(await etat_ici(env, of)), Confidence(env.coffre)
    work = (confidence.open, objet(of, code), origine, scellee.personne, scellee.chiffre)
    clair = await in_writer(env.coffre.engine, *work)
    return None if clair is None else Identite.model_validate_json(clair)


async def tenues(env: Environment, fact: Fact, candidat: str) -> list[str]:
    """The centres here that host this candidate of the académie of the fact, once all that came before is read."""
    lieu = split(fact.subject)
    await env.up_to_date(lieu.session)
    cle = {"academie": env.settings.academie, "session": lieu.session, "diplome": lieu.diplome}
    with env.engine.connect() as connection:
        return accueils.centres_tenus(connection, **cle, origine=lieu.academie, candidat=candidat)


async def centre_d_accueil(env: Environment, of: Situe, affecte: CentreAffecte | None) -> dict[str, Centre]:
    """The centre of another académie where the candidate goes, with the days when it is known to close."""
    if affecte is None or affecte.academie is None:
        return {}
    await env.up_to_date(of.session)
    cle = {"academie": affecte.academie, "session": of.session, "diplome": of.diplome}
    with env.engine.connect() as connection:
        jours = regroupements.jours_fermes(connection, **cle, centre=affecte.centre)
    return {affecte.centre: Centre(affecte.centre, affecte.type, ferme_le=frozenset(map(date.fromisoformat, jours)))}
