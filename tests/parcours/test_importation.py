"""Les lots d'un import : bornés en nombre et en octets."""

from __future__ import annotations

import orjson

from services.exploitation.importation import LOT, OCTETS, decouper


def test_un_lot_est_borne_en_nombre_et_en_octets() -> None:
    courtes = [{"rang": rang} for rang in range(LOT * 2 + 1)]
    assert [len(lot) for lot in decouper(courtes)] == [LOT, LOT, 1]
    longues = [{"rang": rang, "texte": "é" * (OCTETS // 10)} for rang in range(12)]
    lots = list(decouper(longues))
    assert [one for lot in lots for one in lot] == longues
    assert all(len(orjson.dumps(lot)) <= OCTETS + 1 for lot in lots)
    assert len(lots) > 1
    assert list(decouper([])) == []


def test_une_commande_trop_longue_part_seule() -> None:
    enorme = {"texte": "x" * (OCTETS * 2)}
    assert list(decouper([{"rang": 1}, enorme, {"rang": 2}])) == [[{"rang": 1}], [enorme], [{"rang": 2}]]
