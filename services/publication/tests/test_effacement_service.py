"""L'effacement accordé : la clé, les documents, les lignes ; quoi qui s'arrête en route."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from contracts.commandes.publication import EditerReleve
from contracts.evenements.inscription import InscriptionAnnulee
from contracts.evenements.publication import EffacementAccorde
from contracts.messages import Personnel, Refus, Scelle
from contracts.requetes import VoirConservation
from contracts.vocabulaire import Identite
from services.publication.documents import rendu
from services.publication.projections.identites import inscrit as ligne
from services.publication.shell.fichiers import Rayon
from services.publication.tests.diplomes import BTS
from services.publication.tests.donnees import ALICE, EMBARGO, IDENTITE, inscrit, qui
from services.publication.tests.donnees_reclamations import effacer, le_jour
from services.publication.tests.test_reclamations_service import Service, acteur, monte, ou
from services.socle.coffre import Coffre
from services.socle.enveloppe import Fact
from services.socle.facts import Decoded, kinds
from services.socle.memory import MemoryJournal

APRES = le_jour(date(2027, 7, 8))
NATURES = ("releve", "diplome", "attestation")


class Panne(Exception):
    """Le programme meurt ici."""


def documents(service: Service, session: str = "2026") -> list[str]:
    folder = service.env.settings.documents_dir / session / "cap_osrcl"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def ranger(service: Service, session: str = "2026") -> None:
    """Tout ce qui la nomme, un fichier resté à moitié écrit, et ce qui ne la nomme pas."""
    rayon = Rayon(service.env.settings.documents_dir, session, "cap_osrcl")
    for nature in NATURES:
        rayon.ranger(f"{nature}-{ALICE}-v1.pdf", IDENTITE.nom.encode())
    rayon.ranger(f".releve-{ALICE}-v2.pdf.4242", IDENTITE.nom.encode())
    for nom in (f"releve-{ALICE}9-v1.pdf", "releve-N2600002-v1.pdf", "pv-J1-v1.pdf", "resultats-J1.csv"):
        rayon.ranger(nom, b"autre chose")


AUTRES = ["pv-J1-v1.pdf", f"releve-{ALICE}9-v1.pdf", "releve-N2600002-v1.pdf", "resultats-J1.csv"]


async def reagir(service: Service) -> None:
    """La réaction, comme elle est livrée : autant de fois qu'il faut."""
    await service.env.projector.catch_up()
    [reaction] = [one for one in service.parts.reactions if one.name == "effacement"]
    for fact in faits(service):
        assert list(await reaction.owed(fact)) == []  # type: ignore[misc]


def faits(service: Service) -> list[Fact]:
    wanted = kinds({EffacementAccorde})
    journals = [cast(MemoryJournal, one) for one in service.env.journals.values()]
    return [fact for one in journals for m in one.messages for fact in Decoded(m, service.env.registry).facts(wanted)]


def mourir_apres(monkeypatch: pytest.MonkeyPatch, sur: type, nom: str) -> None:
    """Ce geste se fait, puis tout s'arrête."""
    geste: Callable[..., object] = getattr(sur, nom)

    def fait_puis_meurt(*arguments: object) -> object:
        geste(*arguments)
        raise Panne

    monkeypatch.setattr(sur, nom, fait_puis_meurt)


async def test_la_cle_et_les_documents_s_en_vont_le_reste_demeure(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        ranger(service)
        await service.commander(effacer(APRES, motif="durées finies"))
        for _ in range(2):
            await reagir(service)
            assert not service.env.coffre.has(ALICE)
            assert documents(service) == AUTRES
        with service.env.engine.connect() as connection:
            vue = ligne(connection, academie="normandie", session="2026", diplome="cap_osrcl", candidat=ALICE)
        assert vue is not None
        assert vue.identite is None, "la ligne ne garde pas même ce qui est scellé"


@pytest.mark.parametrize(
    ("sur", "nom"), [(Coffre, "destroy"), (Rayon, "retirer"), (Rayon, "nominatifs")], ids=["cle", "fichiers", "liste"]
)
async def test_une_mort_entre_deux_etapes_se_reprend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sur: type, nom: str
) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        ranger(service)
        await service.commander(effacer(APRES))
        with monkeypatch.context() as panne:
            mourir_apres(panne, sur, nom)
            with pytest.raises(Panne):
                await reagir(service)
        await reagir(service)
        assert not service.env.coffre.has(ALICE)
        assert documents(service) == AUTRES


async def test_un_meme_numero_en_deux_sessions_garde_sa_cle_jusqu_au_second_accord(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        await service.ouvrir(BTS, "2027", 2027)
        scelle = Scelle(personne=ALICE, chiffre=service.env.coffre.seal(ALICE, IDENTITE.model_dump_json().encode()))
        aussi = inscrit(identite=Personnel[Identite](scelle=scelle))
        await service.dire("inscription", f"candidature-{ALICE}", aussi, EMBARGO, "2027")
        for session in ("2026", "2027"):
            ranger(service, session)
        await service.commander(effacer(APRES))
        await reagir(service)
        assert service.env.coffre.has(ALICE), "elle sert encore à l'autre session"
        assert documents(service) == AUTRES
        assert len(documents(service, "2027")) == len(AUTRES) + 4
        accord = EffacementAccorde(candidat=ALICE, le=APRES, accord_archives="AD76", regles=(), explication=())
        await service.dire("publication", f"reclamation-{ALICE}", accord, APRES, "2027")
        await reagir(service)
        assert not service.env.coffre.has(ALICE)
        assert documents(service, "2027") == AUTRES


async def test_un_document_en_cours_d_edition_est_repris_a_l_effacement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L'identité est lue, puis effacée pendant la mise en page : le fichier ne reste pas."""
    async with monte(tmp_path) as service:
        await service.publier(avec_releve=False)
        await service.env.projector.catch_up()
        rendre = rendu.rendre

        def rendre_pendant_que_la_cle_s_en_va(donnees: object) -> bytes:
            service.env.coffre.destroy([ALICE], APRES)
            return rendre(donnees)  # type: ignore[arg-type]

        monkeypatch.setattr(rendu, "rendre", rendre_pendant_que_la_cle_s_en_va)
        with pytest.raises(Refus) as refus:
            await service.commander(EditerReleve(candidat=ALICE, jury="J1", **qui(le=APRES)))
        assert refus.value.regle == "IDENTITE_EFFACEE"
        assert documents(service) == []


async def test_amb_58_les_durees_d_une_inscription_annulee_partent_de_la_publication_prevue(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        voir = VoirConservation(**ou(par=acteur("recteur")))
        with pytest.raises(Refus, match="AMB-58"):
            await service.commander(effacer(APRES))
        annulee = InscriptionAnnulee(candidat=ALICE, motif="désistement")
        await service.dire("inscription", f"candidature-{ALICE}", annulee, EMBARGO)
        [vue] = await service.demander(voir)
        fin = date.fromisoformat(vue["jusqu_au"])
        with pytest.raises(Refus, match="DC-ARC01"):
            await service.commander(effacer(le_jour(fin)))
        await service.commander(effacer(le_jour(date(fin.year, fin.month, fin.day + 1))))
