"""Every question that the five services answer. A question changes nothing; it names who asks and in which role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, ValidationError

from contracts.droits import Role
from contracts.messages import Acteur, Query, Refus, summary
from contracts.vocabulaire import Code, Numero


class Requete(Query):
    """Base : dans quelle session, pour quel diplôme, qui demande."""

    par: Acteur
    session: str = Field(pattern=r"^[a-z0-9_-]{1,20}$")
    diplome: str = Field(pattern=r"^[a-z0-9_]{1,40}$")


class SurCandidat(Requete):
    """Base des questions sur un candidat."""

    candidat: Numero


class VoirSession(Requete):
    """La session : règlement figé, paramètres, valeurs fournies, centres."""

    NAME: ClassVar[str] = "inscription.voir_session"


class VoirRegroupement(Requete):
    """Le regroupement de l'examen : pilote, académies rattachées, leurs centres, accueils et transferts en cours."""

    NAME: ClassVar[str] = "inscription.voir_regroupement"


class VoirCandidature(SurCandidat):
    """L'inscription d'un candidat, identité comprise si la clé existe encore.

    ``origine`` : l'académie du regroupement où il est inscrit, quand ce n'est pas celle-ci et qu'elle l'a confié.
    """

    NAME: ClassVar[str] = "inscription.voir_candidature"
    origine: Code | None = None


class ListerCandidatures(Requete):
    """Les candidatures de la session, sans identité."""

    NAME: ClassVar[str] = "inscription.lister_candidatures"


class VoirDossier(SurCandidat):
    """Le dossier d'un candidat : pièces, verdicts, décision et ses motifs."""

    NAME: ClassVar[str] = "conformite.voir_dossier"


class ListerDossiers(Requete):
    """Les dossiers de la session."""

    NAME: ClassVar[str] = "conformite.lister_dossiers"


class VoirReleve(SurCandidat):
    """Les notes et résultats d'un candidat, épreuve par épreuve."""

    NAME: ClassVar[str] = "notation.voir_releve"


class VoirBordereau(Requete):
    """Un bordereau de notes."""

    NAME: ClassVar[str] = "notation.voir_bordereau"
    lot: Code


class VoirDecision(SurCandidat):
    """La décision du jury pour un candidat, avec son explication clause par clause. Un membre dit de quel jury."""

    NAME: ClassVar[str] = "deliberation.voir_decision"
    jury: Code | None = None


class VoirProposition(SurCandidat):
    """Ce que le règlement donne pour un candidat dans l'état présent de son dossier, expliqué."""

    NAME: ClassVar[str] = "deliberation.voir_proposition"
    jury: Code | None = None


class VoirJury(Requete):
    """Un jury : membres, présences, décisions, clôture."""

    NAME: ClassVar[str] = "deliberation.voir_jury"
    jury: Code


class ListerResultats(Requete):
    """Les résultats publiés de la session (aucun avant la date de publication)."""

    NAME: ClassVar[str] = "publication.lister_resultats"


class VoirDocuments(SurCandidat):
    """Les documents édités pour un candidat, avec leur empreinte."""

    NAME: ClassVar[str] = "publication.voir_documents"


class VoirReclamations(SurCandidat):
    """Les réclamations d'un candidat : reçues quand, réponse due quand, instruites, closes, et pourquoi."""

    NAME: ClassVar[str] = "publication.voir_reclamations"


class VoirInstruction(SurCandidat):
    """Ce que le journal montre d'un candidat, pour instruire sa réclamation : chaque trouvaille, et ses preuves."""

    NAME: ClassVar[str] = "publication.voir_instruction"


class VoirConservation(SurCandidat):
    """Ce qui est gardé d'un candidat et jusqu'à quand : copies, dossiers, résultats. Un membre dit de quel jury."""

    NAME: ClassVar[str] = "publication.voir_conservation"
    jury: Code | None = None


REQUETES: Mapping[str, type[Requete]] = {
    query.NAME: query
    for query in (
        VoirSession,
        VoirRegroupement,
        VoirCandidature,
        ListerCandidatures,
        VoirDossier,
        ListerDossiers,
        VoirReleve,
        VoirBordereau,
        VoirDecision,
        VoirProposition,
        VoirJury,
        ListerResultats,
        VoirDocuments,
        VoirReclamations,
        VoirConservation,
        VoirInstruction,
    )
}

DANS_UN_JURY = (VoirJury, VoirDecision, VoirProposition, VoirConservation)
"""Questions that a member asks of his own jury."""

_G, _R = Role.GESTIONNAIRE, Role.RECTEUR
_JURY = frozenset({_G, _R, Role.PRESIDENT_JURY, Role.MEMBRE_JURY})
_CANDIDAT = frozenset({_G, _R, Role.CANDIDAT})

DROITS_REQUETES: Mapping[str, frozenset[Role]] = {
    "inscription.voir_session": frozenset(Role),
    "inscription.voir_regroupement": frozenset({_G, _R}),
    "inscription.voir_candidature": _CANDIDAT,
    "inscription.lister_candidatures": frozenset({_G, _R}),
    "conformite.voir_dossier": _CANDIDAT,
    "conformite.lister_dossiers": frozenset({_G, _R}),
    "notation.voir_releve": frozenset({_G, _R}),
    "notation.voir_bordereau": frozenset({_G, _R, Role.COMMISSION, Role.CORRECTEUR}),
    "deliberation.voir_decision": _JURY,
    "deliberation.voir_proposition": _JURY,
    "deliberation.voir_jury": _JURY,
    "publication.lister_resultats": frozenset(Role),
    "publication.voir_documents": _CANDIDAT,
    "publication.voir_reclamations": _CANDIDAT,
    "publication.voir_conservation": _JURY | _CANDIDAT,
    "publication.voir_instruction": frozenset({_G, _R}),
}


def read_query(raw: Mapping[str, Any]) -> Requete:
    """The question of a plain mapping whose ``requete`` key gives the name.

    Raises:
        Refus: ``REQUETE_INCONNUE`` or ``REQUETE_MALFORMEE``.
    """
    name = raw.get("requete")
    query = REQUETES.get(name) if isinstance(name, str) else None
    if query is None:
        raise Refus("REQUETE_INCONNUE", "« requete » doit nommer une question (liste : docs/commandes.md)")
    try:
        return query.model_validate({key: value for key, value in raw.items() if key != "requete"})
    except ValidationError as error:
        raise Refus("REQUETE_MALFORMEE", f"{query.NAME} : {summary(error)}") from None


def write_query(query: Requete) -> dict[str, Any]:
    """The plain JSON-ready mapping that `read_query` reads back."""
    return {"requete": query.NAME, **query.model_dump(mode="json")}


def check_query_rights(query: Query, academie: str) -> None:
    """Refuse a question that its author may not ask here; a jury or a commission only within its scope.

    Raises:
        Refus: ``DROIT_ACADEMIE``, ``DROIT_ROLE`` or ``DROIT_PORTEE``.
    """
    if not isinstance(query, Requete):
        raise TypeError(f"{query.NAME} n'est pas une question de ces services")
    par = query.par
    if par.academie != academie:
        raise Refus("DROIT_ACADEMIE", f"« {par.academie} » ne consulte pas les sessions de « {academie} » (TR-G01)")
    if par.role not in DROITS_REQUETES[query.NAME]:
        raise Refus("DROIT_ROLE", f"le rôle « {par.role} » ne peut pas demander {query.NAME}")
    wanted = _scope_wanted(query)
    if wanted and wanted not in par.portee:
        raise Refus("DROIT_PORTEE", f"{query.NAME} : hors de la portée de l'auteur")


def _scope_wanted(query: Requete) -> str:
    """The scope word that the author must hold for this question; empty when the role is enough."""
    match query.par.role:
        case Role.CANDIDAT if isinstance(query, VoirCandidature) and query.origine not in (None, query.par.academie):
            return f"candidat:{query.origine}/{query.candidat}"  # nobody's scope: his number is another's there
        case Role.CANDIDAT if isinstance(query, SurCandidat):
            return f"candidat:{query.candidat}"
        case Role.COMMISSION | Role.CORRECTEUR if isinstance(query, VoirBordereau):
            return f"lot:{query.lot}"
        case Role.PRESIDENT_JURY | Role.MEMBRE_JURY if isinstance(query, DANS_UN_JURY):
            return f"jury:{query.jury}"
        case _:
            return ""
