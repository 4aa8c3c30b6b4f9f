"""Toutes les pannes, dans l'ordre où elles se jouent."""

from __future__ import annotations

from tests.pannes import courant, disque, grappe, messages, morts, session, temps

PANNES = (
    *morts.PANNES,
    *messages.PANNES,
    *temps.PARTAGEES,
    *messages.SALISSANTES,
    *temps.SEULES,
    *session.PANNES,
    *grappe.PANNES,
    *disque.PANNES,
    *courant.PANNES,
)
# Celles des tests de tous les jours : une minute ensemble. Les autres attendent trop, ou lancent trop.
COURTES = tuple(one for one in PANNES if one.courts)
