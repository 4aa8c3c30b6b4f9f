"""Reconnaître une personne sans la nommer (AMB-56)."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from contracts.vocabulaire import Identite

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


def cle_personne(identite: Identite) -> str:
    """Ce qui reconnaît une personne : son INE, sinon nom de naissance, prénoms, date et lieu (AMB-56). Personnel.

    Ni les accents, ni la casse, ni la ponctuation, ni le nom d'usage n'y changent rien.
    """
    if identite.ine is not None:
        return f"ine:{identite.ine.upper()}"
    noms = (identite.nom, identite.prenoms, identite.lieu_naissance)
    return "\x1f".join(["etat-civil", identite.naissance.isoformat(), *map(_simplifier, noms)])


def empreinte_personne(identite: Identite, secret: bytes) -> str:
    """L'empreinte qui nomme l'agrégat de la personne : HMAC-SHA256, 64 chiffres hexadécimaux.

    Raises:
        ValueError: le secret est vide ; sans lui l'empreinte se devinerait.
    """
    if not secret:
        raise ValueError("le secret des empreintes de personnes est vide")
    return hmac.new(secret, cle_personne(identite).encode(), hashlib.sha256).hexdigest()


def _simplifier(texte: str) -> str:
    separe = unicodedata.normalize("NFKD", texte.casefold().translate(LIGATURES))
    return "".join(lettre for lettre in separe if lettre.isalnum())
