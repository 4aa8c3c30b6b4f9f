"""Une trouvaille de l'instruction : sous sa règle, en mots, avec ses preuves."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.evenements.publication import ConstatReclamation, Trouvaille
from contracts.session import SessionFigee
from services.communs.explication import clause
from services.publication.domain.histoire import FaitLu, preuves


def trouvaille(
    code: str,
    regle: str,
    texte: str,
    faits: Iterable[FaitLu],
    session: SessionFigee,
    *,
    fonde: ConstatReclamation | None = None,
    revue: bool = False,
    chiffres: dict[str, str] | None = None,
) -> Trouvaille:
    """``fonde`` : ce que l'instruction peut en constater ; ``revue`` : le jury, ou le service, l'a déjà reprise."""
    vus = list(faits)
    lus = preuves(vus, session)
    epreuve = next((e for one in vus if (e := getattr(one.event, "epreuve", None))), None)
    dits, ids = [one.dit for one in lus], [one.fait for one in lus]
    dite = clause(session.reglement, regle, texte, faits=dits, chiffres=chiffres, preuves=ids)
    return Trouvaille(code=code, epreuve=epreuve, fonde=fonde, revue=revue, explication=dite, preuves=lus)


def irregularite(code: str, regle: str, texte: str, faits: Iterable[FaitLu], session: SessionFigee) -> Trouvaille:
    """Ce qui n'a pas été fait comme il devait l'être."""
    return trouvaille(code, regle, texte, faits, session, fonde=ConstatReclamation.IRREGULARITE)
