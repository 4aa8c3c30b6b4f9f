"""The inscription service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from contracts.commandes import inscription as commandes
from contracts.commandes.confidence import ConfierIdentite
from contracts.commandes.inscription import (
    AffecterCentre,
    AnnulerInscription,
    DemanderRemplacement,
    EmettreConvocation,
    FermerCentre,
    FournirValeurs,
    FusionnerDoublon,
    InscrireCandidat,
    OuvrirCentre,
    OuvrirSession,
    PlanifierPassage,
    ReporterPassage,
)
from contracts.commandes.regroupement import (
    AccepterRegroupement,
    AccueillirCandidat,
    CloreRegroupement,
    DefinirRegroupement,
    DemanderAccueil,
    LibererPlace,
)
from contracts.commandes.transfert import (
    AbandonnerTransfert,
    AccepterTransfert,
    EnregistrerTransfert,
    RefuserTransfert,
    ReprendreCandidature,
    TransfererCandidat,
)
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.publication import EffacementAccorde, ReleveEdite
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementClos
from contracts.messages import Command, Event
from contracts.requetes import ListerCandidatures, VoirCandidature, VoirRegroupement, VoirSession
from contracts.session import reglements
from contracts.vocabulaire import Decision, EtatResultat
from services.communs.shell import service_spec
from services.inscription.domain import accueil, candidature, personne, regroupement, session_examen
from services.inscription.domain.candidature import Occupation, SituationRemplacement
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.domain.session_examen import Centre
from services.inscription.projections import accueils, candidats, regroupements, sessions, transferts
from services.inscription.shell import partage, reactions
from services.inscription.shell import transfert as transferer
from services.inscription.shell.confidence import AVEC_ENVELOPPE, SANS_OBJET, Confidences
from services.inscription.shell.reactions_regroupement import Voisinage
from services.inscription.shell.reactions_regroupement import reactions as des_partenaires
from services.inscription.shell.vues import Vues
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.reactions import Reaction
from services.socle.service import Environment, Parts

SESSION = Family("session", session_examen.initial, session_examen.evolve)
CANDIDATURE = Family("candidature", candidature.initial, candidature.evolve)
PERSONNE = Family("personne", personne.initial, personne.evolve)
PROJECTIONS = (
    candidats.Candidats(),
    sessions.Sessions(),
    regroupements.Regroupements(),
    accueils.Accueils(),
    transferts.Transferts(),
)

SUR_SESSION = (OuvrirSession, OuvrirCentre, FermerCentre)
SUR_PASSAGE = (EmettreConvocation, ReporterPassage)
SUR_CENTRES = (AffecterCentre, *SUR_PASSAGE)
SUR_PERSONNE = (InscrireCandidat, AnnulerInscription, FusionnerDoublon)
SUR_REGROUPEMENT = (DefinirRegroupement, AccepterRegroupement, CloreRegroupement)
SUR_ACCUEIL = (AccueillirCandidat, LibererPlace)
AILLEURS = (DemanderAccueil, TransfererCandidat)
SUR_TRANSFERT = (AccepterTransfert, RefuserTransfert, AbandonnerTransfert)
ENTRE_ACADEMIES = (
    *SUR_REGROUPEMENT,
    *SUR_ACCUEIL,
    *SUR_TRANSFERT,
    *AILLEURS,
    EnregistrerTransfert,
    ReprendreCandidature,
    ConfierIdentite,
)
A_PART = (
    *ENTRE_ACADEMIES,
    *SUR_SESSION,
    FournirValeurs,
    *SUR_CENTRES,
    *SUR_PERSONNE,
    PlanifierPassage,
    DemanderRemplacement,
)
COMMUN = "commun"  # a person's place in the session does not belong to one diploma

Decided = Mapping[str, Sequence[Event]]


def _candidature(numero: str) -> str:
    return f"candidature-{numero}"


def _regroupement(_: Command) -> str:
    return "regroupement"


def _accueil(command: AccueillirCandidat | LibererPlace) -> str:
    return f"accueil-{command.centre}"


def _personne(empreinte: str) -> str:
    return f"personne-{empreinte}"


def _ref_personne(empreinte: str) -> Ref:
    return Ref(PERSONNE, _personne(empreinte), COMMUN)


def _du_candidat(command: Any) -> str:
    return _candidature(command.candidat)


# Commands on several aggregates -------------------------------------------------------------------------------------


def _agregats_inscrits(command: InscrireCandidat, looked: Lookups) -> Sequence[Ref]:
    empreinte = empreinte_personne(command.identite, looked["secret"])
    return [Ref(CANDIDATURE, _du_candidat(command)), _ref_personne(empreinte)]


def _inscrire(command: InscrireCandidat, states: Mapping[str, Any], **looked: Any) -> Decided:
    empreinte = empreinte_personne(command.identite, looked["secret"])
    own, place = states[_du_candidat(command)], states[_personne(empreinte)]
    events, reserved = personne.inscrire(command, own, place, looked["session"], empreinte=empreinte)
    return {_du_candidat(command): events, _personne(empreinte): reserved}


def _agregats_annules(command: AnnulerInscription, looked: Lookups) -> Sequence[Ref]:
    return [Ref(CANDIDATURE, _du_candidat(command)), *map(_ref_personne, looked["empreintes"])]


def _annuler(command: AnnulerInscription, states: Mapping[str, Any], **looked: Any) -> Decided:
    places = {empreinte: states[_personne(empreinte)] for empreinte in looked["empreintes"]}
    events, freed = personne.annuler(command, states[_du_candidat(command)], places, looked["session"])
    return {_du_candidat(command): events, **{_personne(one): released for one, released in freed.items()}}


def _agregats_fusionnes(command: FusionnerDoublon, looked: Lookups) -> Sequence[Ref]:
    both = dict.fromkeys((command.candidat, command.remplace))
    return [*(Ref(CANDIDATURE, _candidature(one)) for one in both), *map(_ref_personne, looked["empreintes"])]


def _fusionner(command: FusionnerDoublon, states: Mapping[str, Any], **looked: Any) -> Decided:
    kept, replaced = _candidature(command.candidat), _candidature(command.remplace)
    places = {empreinte: states[_personne(empreinte)] for empreinte in looked["empreintes"]}
    merged, cancelled, renamed = personne.fusionner(command, states[kept], states[replaced], places)
    return {kept: merged, replaced: cancelled, **{_personne(one): events for one, events in renamed.items()}}


# Lookups and answers ------------------------------------------------------------------------------------------------


class Shell(Vues):
    """The lookups of the commands, beside the answers to the questions."""

    async def reglements(self, command: Command) -> Lookups:
        return {"reglements": reglements()}

    async def valeurs(self, command: FournirValeurs) -> Lookups:
        return {"reglements": reglements(), "ailleurs": await partage.valeurs_ailleurs(self._env, command)}

    async def inscription(self, command: Command) -> Lookups:
        return {**await self.plain(command), "secret": self._env.coffre.secret("personne")}

    async def places(self, command: AnnulerInscription) -> Lookups:
        return {**await self.plain(command), "empreintes": await self._empreintes(command, command.candidat)}

    async def places_remplacees(self, command: FusionnerDoublon) -> Lookups:
        return {"empreintes": await self._empreintes(command, command.remplace)}

    async def centres(self, command: Command) -> Lookups:
        return {**await self.plain(command), "centres": await self._centres(command)}

    async def _calendrier(self, command: Command) -> Lookups:
        """The centres, and the session with the calendar of the national written tests, the pilot's if need be."""
        connu = await self.centres(command)
        return {**connu, "session": await partage.calendrier(self._env, command, connu["session"])}

    async def passage(self, command: EmettreConvocation | ReporterPassage) -> Lookups:
        """The centres, that of another académie included where it hosts the candidate."""
        affecte = getattr(await self._fiche(command, command.candidat), "centre", None)
        ailleurs = await partage.centre_d_accueil(self._env, command, affecte)
        connu = await self._calendrier(command)
        return {**connu, "centres": {**connu["centres"], **ailleurs}}

    async def planning(self, command: PlanifierPassage) -> Lookups:
        """The centres, and the work stations that others hold in the candidate's one, as the journal has them now."""
        affecte = getattr(await self._fiche(command, command.candidat), "centre", None)
        occupations: list[Occupation] = []
        if affecte is not None:
            await self._env.up_to_date(command.session)
            lieu = {"academie": self._env.settings.academie, "session": command.session, "centre": affecte.centre}
            sien = (command.diplome, command.candidat)
            with self._env.engine.connect() as connection:
                prises = candidats.creneaux_du_centre(connection, **lieu, sauf=sien)
            occupations = [Occupation(*prise) for prise in prises]
        ailleurs = await partage.centre_d_accueil(self._env, command, affecte)
        connu = await self._calendrier(command)
        return {**connu, "centres": {**connu["centres"], **ailleurs}, "occupations": occupations}

    async def remplacement(self, command: DemanderRemplacement) -> Lookups:
        """What the candidate missed with a reason admitted, and the jury's decision once it is on his relevé."""
        where = (command.session, command.diplome)
        etats: dict[str, EtatResultat] = {}
        for event in await self._env.events(*where, "notation", f"releve-{command.candidat}"):
            if isinstance(event, ResultatArrete):
                etats[event.epreuve] = event.etat
        decision: Decision | None = None
        for event in await self._env.events(*where, "publication", f"document-{command.candidat}"):
            if isinstance(event, ReleveEdite):
                decision = event.decision
        missed = frozenset(code for code, etat in etats.items() if etat is EtatResultat.ABSENT_JUSTIFIE)
        return {**await self.plain(command), "situation": SituationRemplacement(missed, decision)}

    async def regroupement(self, command: Command) -> Lookups:
        """The public key of this académie and, for who accepts, what the pilot made known."""
        dit = None
        if isinstance(command, AccepterRegroupement):
            dit = await partage.propose(self._env, command, command.pilote)
            la_bas = await partage.parametres(self._env, command, command.pilote)
            valeurs = await partage.valeurs(self._env, command, command.pilote)
            dit = replace(dit, calendrier=la_bas.calendrier, valeurs=valeurs) if dit and la_bas else dit
        cle = await partage.cle_publique(self._env, command)
        return {**await self.plain(command), "propose": dit, "cle_publique": cle}

    async def demande_accueil(self, command: DemanderAccueil | TransfererCandidat) -> Lookups:
        """With whom the exam is shared, and the key of the identity for the académie that is asked."""
        pour = command.vers if isinstance(command, TransfererCandidat) else command.academie
        enveloppe = await partage.enveloppe(self._env, command, command.candidat, pour)
        avec = await partage.partage(self._env, command)
        dit = {**await self.plain(command), "partage": avec, "enveloppe": enveloppe}
        return {**dit, **await self._delibere(command)} if isinstance(command, TransfererCandidat) else dit

    async def reponse_transfert(self, command: EnregistrerTransfert) -> Lookups:
        """Whether a jury has closed on the candidate meanwhile."""
        return {**await self.plain(command), **await self._delibere(command)}

    async def _delibere(self, command: TransfererCandidat | EnregistrerTransfert) -> Lookups:
        ici = self._env.settings.academie
        return {"jury": await partage.jury_clos_sur(self._env, command, command.candidat, ici)}

    async def accueil(self, command: AccueillirCandidat | LibererPlace) -> Lookups:
        """The regroupement, the centre asked for and the legal time, as they are here."""
        ouverte = await self._ouverte(command)
        fuseau = ouverte.ouverture.parametres.fuseau if ouverte else ""
        centre = (await self._centres(command)).get(command.centre)
        return {"partage": await partage.partage(self._env, command), "centre": centre, "fuseau": fuseau}

    async def confidence(self, command: ConfierIdentite) -> Lookups:
        """With whom the exam is shared, and the envelope for that académie."""
        enveloppe = await partage.enveloppe(self._env, command, command.candidat, command.a)
        avec = await partage.partage(self._env, command)
        return {**await self.plain(command), "partage": avec, "enveloppe": enveloppe}

    async def _ouverte(self, command: Command) -> session_examen.Ouverte | None:
        etat = (await self._env.runner.state(command.session, command.diplome, Ref(SESSION, "session"))).state
        return etat if isinstance(etat, session_examen.Ouverte) else None

    async def _centres(self, command: Command) -> Mapping[str, Centre]:
        ouverte = await self._ouverte(command)
        return ouverte.centres if ouverte else {}

    async def _empreintes(self, command: Command, numero: str) -> tuple[str, ...]:
        fiche = await self._fiche(command, numero)
        return fiche.personnes if fiche is not None else ()

    async def _fiche(self, command: Command, numero: str) -> candidature.Fiche | None:
        ref = Ref(CANDIDATURE, _candidature(numero))
        state = (await self._env.runner.state(command.session, command.diplome, ref)).state
        return getattr(state, "fiche", None)


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    simples = [one for one in commandes.COMMANDES if one not in A_PART]
    return Parts(
        handlers=[
            *on(SESSION, SUR_SESSION, lambda _: "session", session_examen.decide, shell.reglements),
            *on(SESSION, [FournirValeurs], lambda _: "session", session_examen.decide, shell.valeurs),
            *on(CANDIDATURE, simples, _du_candidat, candidature.decide, shell.plain),
            *on(CANDIDATURE, [AffecterCentre], _du_candidat, candidature.decide, shell.centres),
            *on(CANDIDATURE, SUR_PASSAGE, _du_candidat, candidature.decide, shell.passage),
            *on(
                CANDIDATURE,
                AILLEURS,
                _du_candidat,
                candidature.decide,
                shell.demande_accueil,
            ),
            *on(CANDIDATURE, [EnregistrerTransfert], _du_candidat, candidature.decide, shell.reponse_transfert),
            *transferer.portes(env, CANDIDATURE, PERSONNE, shell.plain),
            *on(partage.ACCUEIL, SUR_ACCUEIL, _accueil, accueil.decide, shell.accueil),
            *on(CANDIDATURE, [PlanifierPassage], _du_candidat, candidature.decide, shell.planning),
            *on(CANDIDATURE, [DemanderRemplacement], _du_candidat, candidature.decide, shell.remplacement),
            *on(partage.REGROUPEMENT, SUR_REGROUPEMENT, _regroupement, regroupement.decide, shell.regroupement),
            *on(CANDIDATURE, [ConfierIdentite], _du_candidat, candidature.decide, shell.confidence),
            Handler(InscrireCandidat, _agregats_inscrits, _inscrire, shell.inscription, shared=True),
            Handler(AnnulerInscription, _agregats_annules, _annuler, shell.places),
            Handler(FusionnerDoublon, _agregats_fusionnes, _fusionner, shell.places_remplacees),
        ],
        projections=PROJECTIONS,
        reactions=[
            Reaction(
                "autorisation",
                frozenset({DossierDeclareConforme, DossierDeclareNonConforme}),
                reactions.enregistrer_autorisation,
            ),
            *des_partenaires(Voisinage(env.settings.academie, partial(partage.tenues, env))),
            *(_entre_academies(Confidences(env)) if env.settings.echanges else ()),
        ],
        queries={
            VoirSession: shell.voir_session,
            VoirRegroupement: shell.voir_regroupement,
            VoirCandidature: shell.voir_candidature,
            ListerCandidatures: shell.lister,
        },
    )


def _entre_academies(confidences: Confidences) -> list[Reaction]:
    """What keys call for, where an exam is shared."""
    return [
        Reaction(
            "confier_identite",
            frozenset({CandidatInscrit, RegroupementAccepte}),
            confidences.confier,
            tolerated=SANS_OBJET,
            together=16,
            about=_du_candidat,
        ),
        Reaction("recevoir_identite", AVEC_ENVELOPPE, confidences.recevoir, exchanged=True, own=False),
        Reaction(
            "revoquer_identites",
            frozenset({RegroupementClos, EffacementAccorde}),
            confidences.revoquer,
            exchanged=True,
        ),
    ]


SPEC = service_spec("inscription", build)
