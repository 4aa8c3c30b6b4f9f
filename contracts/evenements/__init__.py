"""Every event of the five services and of operations, and the registry that reads them."""

from __future__ import annotations

from contracts.evenements import conformite, deliberation, exploitation, inscription, notation, publication
from contracts.messages import Registry

REGISTRE = Registry(
    [
        *inscription.EVENEMENTS,
        *conformite.EVENEMENTS,
        *notation.EVENEMENTS,
        *deliberation.EVENEMENTS,
        *publication.EVENEMENTS,
        *exploitation.EVENEMENTS,
    ],
    steps={
        **inscription.ETAPES,
        **conformite.ETAPES,
        **notation.ETAPES,
        **deliberation.ETAPES,
        **publication.ETAPES,
    },
)
