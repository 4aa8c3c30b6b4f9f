"""Un candidat change d'académie : le jury le suit tant qu'il n'est pas clos ; ensuite, qui délivre ne change plus."""

from __future__ import annotations

from contracts.commandes.deliberation import SuivreTransfert
from contracts.evenements.deliberation import TransfertApresCloture, TransfertSuivi
from contracts.messages import Refus
from services.deliberation.domain.etats import Clos, Inexistant, Jury, JuryEvent
from services.deliberation.domain.regroupement import REGLE_UN_JURY


def suivre(command: SuivreTransfert, jury: Jury, ici: str, vers: str | None) -> list[JuryEvent]:
    """Prendre acte que le candidat est parti ; rien si le jury le sait déjà, ou s'il n'est pas parti.

    ``ici`` : l'académie du jury. ``vers`` : celle où il est parti en dernier ; nulle s'il n'a pas bougé.

    Raises:
        Refus: ``JURY_INCONNU``, ``CANDIDAT_HORS_JURY``.
    """
    if isinstance(jury, Inexistant):
        raise Refus("JURY_INCONNU", f"le jury {command.jury} n'est pas constitué : il n'a personne à suivre")
    composition = jury.seance.composition if isinstance(jury, Clos) else jury.composition
    composition.exiger_candidat(command.candidat)
    connue = composition.academie(command.candidat, ici)
    tenu_par = jury.tenu_par(command.candidat, ici) if isinstance(jury, Clos) else connue
    if vers is None or vers == tenu_par:
        return []
    qui = {"jury": command.jury, "candidat": command.candidat, "vers": vers, "regle": REGLE_UN_JURY}
    origine = None if vers == ici else vers
    if isinstance(jury, Clos):
        return [TransfertApresCloture(**qui, academie=connue, origine=origine)]
    return [TransfertSuivi(**qui, de=connue, origine=origine)]
