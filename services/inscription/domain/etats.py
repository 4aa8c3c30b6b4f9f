"""Les états d'une candidature, et ce qu'elle retient de son histoire. L'identité n'y est jamais."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from contracts.evenements.confidence import IdentiteConfiee
from contracts.evenements.inscription import (
    AcquisReconnu,
    AmenagementAccorde,
    AutorisationEnregistree,
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    CentreAffecte,
    ConvocationEmise,
    DemandeRemplacementRenvoyee,
    DispenseAccordee,
    DoublonFusionne,
    InscriptionAnnulee,
    InscriptionModifiee,
    PassagePlanifie,
    PassageReporte,
    RemplacementAutorise,
)
from contracts.evenements.regroupement import AccueilDecline, AccueilDemande
from contracts.evenements.transfert import (
    CandidatTransfere,
    CandidatureReprise,
    CentreQuitte,
    TransfertDecline,
    TransfertPropose,
)
from contracts.messages import Refus
from contracts.vocabulaire import Categorie, Forme, Mode

FicheEvent: TypeAlias = (
    InscriptionModifiee
    | DispenseAccordee
    | AcquisReconnu
    | BeneficeAccorde
    | BeneficeAbandonne
    | AmenagementAccorde
    | CentreAffecte
    | AccueilDemande
    | AccueilDecline
    | TransfertPropose
    | TransfertDecline
    | PassagePlanifie
    | RemplacementAutorise
    | DemandeRemplacementRenvoyee
    | DoublonFusionne
    | IdentiteConfiee
)
CandidatureEvent: TypeAlias = (
    CandidatInscrit
    | FicheEvent
    | AutorisationEnregistree
    | ConvocationEmise
    | PassageReporte
    | InscriptionAnnulee
    | CandidatTransfere
    | CandidatureReprise
    | CentreQuitte
)


@dataclass(frozen=True)
class Fiche:
    """Ce que le candidat passe, comment et où.

    ``unites`` : celles qu'il présente, quand ce ne sont pas toutes les obligatoires. ``dispenses`` : (épreuve,
    situation ou toute l'épreuve). ``fermees`` : les épreuves que le contrôle de son dossier lui ferme, et par quelle
    règle. ``planning`` : son passage, moment par moment. ``accueil`` : la demande faite à une autre académie, tant
    qu'elle n'a pas répondu ; ``demandes`` : combien en ont été faites. ``confiees`` : les académies à qui
    son identité est confiée. De même ``transfert`` et ``propositions``.
    """

    candidat: str
    categorie: Categorie
    majeur: bool
    reglement: str
    modes: Mapping[str, Mode]
    facultatives: tuple[str, ...] = ()
    etablissement: str | None = None
    formation_attestee: bool = False
    livret: bool = False
    personnes: tuple[str, ...] = ()
    dispenses: frozenset[tuple[str, str | None]] = frozenset()
    benefices: Mapping[str, BeneficeAccorde] = field(default_factory=dict)
    repassees: frozenset[str] = frozenset()
    amenagements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    centre: CentreAffecte | None = None
    remplacements: frozenset[str] = frozenset()
    renvoi: DemandeRemplacementRenvoyee | None = None
    forme: Forme = Forme.GLOBALE
    unites: tuple[str, ...] = ()
    acquis: Mapping[str, AcquisReconnu] = field(default_factory=dict)
    fermees: Mapping[str, str] = field(default_factory=dict)
    planning: PassagePlanifie | None = None
    accueil: AccueilDemande | None = None
    demandes: int = 0
    confiees: frozenset[str] = frozenset()
    transfert: TransfertPropose | None = None
    propositions: int = 0

    def dispensee(self, epreuve: str, situation: str | None = None) -> bool:
        """L'épreuve, ou cette situation, n'est pas due."""
        return (epreuve, None) in self.dispenses or (epreuve, situation) in self.dispenses


@dataclass(frozen=True)
class NonInscrite:
    """Personne ne porte encore ce numéro."""


@dataclass(frozen=True)
class Inscrite:
    """Le candidat est inscrit ; l'issue du contrôle de son dossier n'est pas connue."""

    fiche: Fiche


@dataclass(frozen=True)
class Autorisee:
    """Le dossier est conforme : le candidat peut se présenter."""

    fiche: Fiche


@dataclass(frozen=True)
class NonAutorisee:
    """Le dossier n'est pas conforme : ni convocation ni épreuve, le dossier reste consultable."""

    fiche: Fiche
    regle: str


@dataclass(frozen=True)
class Convoquee:
    """Le candidat autorisé est convoqué."""

    fiche: Fiche
    convocation: ConvocationEmise


@dataclass(frozen=True)
class Annulee:
    """L'inscription est annulée : plus rien n'y change."""

    candidat: str


@dataclass(frozen=True)
class Transferee:
    """Le candidat relève d'une autre académie : plus rien n'y change ici."""

    candidat: str
    vers: str


EnCours: TypeAlias = Inscrite | Autorisee | NonAutorisee | Convoquee
Candidature: TypeAlias = NonInscrite | EnCours | Annulee | Transferee
initial: Candidature = NonInscrite()


def exiger_en_cours(candidature: Candidature, candidat: str) -> EnCours:
    """La candidature, si elle vit encore.

    Raises:
        Refus: ``CANDIDAT_INCONNU``, ``INSCRIPTION_ANNULEE``, ``CANDIDAT_TRANSFERE``.
    """
    if isinstance(candidature, Transferee):
        detail = f"{candidat} relève maintenant de {candidature.vers} : la demande se fait là-bas"
        raise Refus("CANDIDAT_TRANSFERE", detail)
    if isinstance(candidature, NonInscrite):
        raise Refus("CANDIDAT_INCONNU", f"{candidat} n'est pas inscrit à cette session : vérifiez son numéro")
    if isinstance(candidature, Annulee):
        raise Refus("INSCRIPTION_ANNULEE", f"l'inscription {candidat} est annulée : rien n'y change plus")
    return candidature


def evolve(candidature: Candidature, event: CandidatureEvent) -> Candidature:
    """Se souvenir, sans juger ; un fait qui ne vaut pas dans cet état ne change rien."""
    if isinstance(event, CandidatInscrit):
        return Inscrite(_fiche(event))
    if isinstance(candidature, (NonInscrite, Annulee, Transferee)):
        return candidature
    match event:
        case AutorisationEnregistree():
            return _autoriser(candidature, event)
        case ConvocationEmise():
            return Convoquee(candidature.fiche, event)
        case PassageReporte():
            return _reporter(candidature, event)
        case InscriptionAnnulee(candidat=candidat):
            return Annulee(candidat)
        case CandidatTransfere(candidat=candidat, vers=vers):
            return Transferee(candidat, vers)
        case CandidatureReprise():
            return candidature
        case CentreQuitte():
            fiche = replace(candidature.fiche, centre=None, planning=None)
            return Autorisee(fiche) if isinstance(candidature, Convoquee) else replace(candidature, fiche=fiche)
        case _:
            return replace(candidature, fiche=_noter(candidature.fiche, event))


def _fiche(event: CandidatInscrit) -> Fiche:
    return Fiche(
        candidat=event.candidat,
        categorie=event.categorie,
        majeur=event.majeur,
        reglement=event.reglement,
        modes=event.modes,
        facultatives=event.facultatives,
        etablissement=event.etablissement,
        formation_attestee=event.formation_attestee,
        livret=event.livret,
        personnes=(event.personne,) if event.personne else (),
        forme=event.forme,
        unites=event.unites,
    )


def _autoriser(candidature: EnCours, event: AutorisationEnregistree) -> EnCours:
    if event.epreuves:
        ouvertes = {code: regle for code, regle in candidature.fiche.fermees.items() if code not in event.epreuves}
        fermees = {} if event.autorise else dict.fromkeys(event.epreuves, event.regle)
        return replace(candidature, fiche=replace(candidature.fiche, fermees={**ouvertes, **fermees}))
    if not event.autorise:
        return NonAutorisee(candidature.fiche, event.regle)
    return candidature if isinstance(candidature, Convoquee) else Autorisee(candidature.fiche)


def _reporter(candidature: EnCours, event: PassageReporte) -> EnCours:
    """La convocation suit ; le planning est à refaire."""
    fiche = replace(candidature.fiche, planning=None)
    if not isinstance(candidature, Convoquee):
        return replace(candidature, fiche=fiche)
    suite = {"centre": event.centre, "le": event.le}
    return Convoquee(fiche, candidature.convocation.model_copy(update=suite))


def _noter(fiche: Fiche, event: FicheEvent) -> Fiche:
    match event:
        case InscriptionModifiee():
            return replace(fiche, modes=event.modes, facultatives=event.facultatives, etablissement=event.etablissement)
        case DispenseAccordee(epreuve=epreuve, situation=situation):
            return replace(fiche, dispenses=fiche.dispenses | {(epreuve, situation)})
        case BeneficeAccorde(epreuve=epreuve):
            return replace(fiche, benefices={**fiche.benefices, epreuve: event})
        case BeneficeAbandonne(epreuve=epreuve):
            gardes = {code: benefice for code, benefice in fiche.benefices.items() if code != epreuve}
            return replace(fiche, benefices=gardes, repassees=fiche.repassees | {epreuve})
        case AcquisReconnu(epreuve=epreuve):
            return replace(fiche, acquis={**fiche.acquis, epreuve: event})
        case AmenagementAccorde(nature=nature, epreuves=epreuves):
            # Ses durées, ou le lieu, changent : le planning est à refaire.
            return replace(fiche, amenagements={**fiche.amenagements, nature: epreuves}, planning=None)
        case CentreAffecte():
            return replace(fiche, centre=event, planning=None, accueil=None)
        case AccueilDemande(demande=demande):
            return replace(fiche, accueil=event, demandes=demande)
        case AccueilDecline():
            return replace(fiche, accueil=None)
        case TransfertPropose(proposition=proposition):
            return replace(fiche, transfert=event, propositions=proposition)
        case TransfertDecline():
            return replace(fiche, transfert=None)
        case PassagePlanifie():
            return replace(fiche, planning=event)
        case RemplacementAutorise(epreuves=epreuves):
            return replace(fiche, remplacements=fiche.remplacements | {*epreuves})
        case DemandeRemplacementRenvoyee():
            return replace(fiche, renvoi=event)
        case IdentiteConfiee(a=a):
            return replace(fiche, confiees=fiche.confiees | {a})
        case DoublonFusionne(personnes=personnes):
            return replace(fiche, personnes=(*fiche.personnes, *personnes))
        case _:
            assert_never(event)
