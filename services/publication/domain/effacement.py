"""L'effacement d'une identité : gelé tant qu'une réclamation court ou qu'une durée n'est pas finie (DC-RGP02)."""

from __future__ import annotations

from contracts.commandes.publication import DemanderEffacement
from contracts.evenements.publication import EffacementAccorde
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication
from services.communs.explication import clause, regles
from services.publication.documents.francais import date_longue
from services.publication.domain.conservation import DITS, Tenu, conservation
from services.publication.domain.delais import jour_legal
from services.publication.domain.reclamations import Connu, ReclamationEvent, Reclamations


def effacer(
    command: DemanderEffacement, reclamations: Reclamations, session: SessionFigee, connu: Connu
) -> list[ReclamationEvent]:
    """L'accord, quand plus rien n'oblige à garder ; le service détruit alors la clé de la personne et ses documents."""
    if reclamations.effacement is not None:
        return []
    if not connu.inscrit:
        raise Refus("CANDIDAT_INCONNU", f"{command.candidat} n'est pas inscrit ici : vérifiez le numéro et la session")
    explication = effacement_possible(command, reclamations, session, connu)
    demande = {"candidat": command.candidat, "le": command.le, "motif": command.motif}
    accord = {**demande, "accord_archives": command.accord_archives}
    return [EffacementAccorde(**accord, regles=regles(explication), explication=explication)]


def effacement_possible(
    command: DemanderEffacement, reclamations: Reclamations, session: SessionFigee, connu: Connu
) -> tuple[Explication, ...]:
    """Pourquoi l'effacement est possible.

    Raises:
        Refus: la règle qui oblige encore à garder.
    """
    gel, table = reclamations.gel(), session.conservation
    if gel.en_cours:
        detail = f"réclamation sans issue ({', '.join(gel.en_cours)}) : l'effacement est gelé jusqu'à son issue"
        raise Refus(table.gel.regle, detail)
    depart = connu.publie_le or connu.depart
    if depart is None:
        detail = "les résultats ne sont pas publiés : l'identité sert encore à l'examen ; redemandez ensuite"
        raise Refus(table.duree("resultats").regle, detail)
    gardes = conservation(session, publie_le=depart, gel=gel, suivante=connu.suivante)
    bornes = [one for one in gardes if one.objet != "resultats"]
    for one in bornes:
        _exiger_fini(one, command, session)
    if not command.accord_archives:
        detail = "l'accord de l'administration des archives manque : joignez sa référence (accord_archives)"
        raise Refus(table.accord.regle, detail)
    texte = "Les durées de conservation sont finies, aucun recours ne court, et les archives ont donné leur accord."
    faits = (f"accord {command.accord_archives}",)
    details = tuple(one.explication for one in bornes)
    regle, effet = table.accord.regle, "effacement accordé"
    return (clause(session.reglement, regle, texte, faits=faits, effet=effet, details=details),)


def _exiger_fini(garde: Tenu, command: DemanderEffacement, session: SessionFigee) -> None:
    """Ce qui est encore gardé ce jour-là retient l'identité."""
    if not garde.tient(jour_legal(command.le, session)):
        return
    jusque = "sans date de fin connue" if garde.jusqu_au is None else f"jusqu'au {date_longue(garde.jusqu_au)}"
    raise Refus(garde.regle, f"{DITS[garde.objet]} dure {jusque} : redemandez ensuite")
