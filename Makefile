# What a machine needs: Python 3.11+, make, and network for the first run. Everything else goes into .venv.
#
#   make demo          play a whole session, start to diploma (runtime packages only: the quick way in)
#   make demo-regroupement  one exam in three académies, a link cut in mid-session, what each holds compared
#   make test          run the tests                    (make test ARGS="-k jury -x")
#   make pages         play the runbooks of docs/exploitation, command by command: a few minutes
#   make conteneurs    image, compose and cluster tests in containers; as root on Debian, installs and starts an engine
#   make conteneurs-rapides  the image, and services in containers with their broker and base: two minutes
#   make check         style, types, import rules, contracts, règlements
#   make regles        which rule of the catalogue has which tests   (make regles ARGS="--cadre CAP24")
#   make documents     write again the pages that the contracts generate, in docs/
#   make bench         measure                          (make bench ARGS="--help")
#   make chaos         break everything under load, and count what is lost or done twice  (make chaos ARGS="--help")
#   make mutation      change the deciders one way at a time: which changes no test sees  (make mutation ARGS="notation")
#   make chaine        supply chain: licences, secrets (history too), known vulnerabilities, bill of materials
#   make sbom          write the bill of materials, sortie/sbom.json (CycloneDX)
#   make secrets       keys and passwords of docker-compose.yml, in secrets/; what exists is kept
#   make requirements  choose the pinned versions again (UPGRADE=--upgrade for newer ones)
#   make clean         remove the environment, the caches and what the runs left

PYTHON ?= python3
WORKERS ?= 2
UPGRADE ?=
ARGS ?=

# Tests and demos start the programs hundreds of times: each would be compiled again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
CODE := $(wildcard conftest.py services contracts tests bench)
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" $(UPGRADE) --group construction

.PHONY: help demo demo-regroupement test pages check chaine sbom licences regles documents bench chaos mutation requirements conteneurs conteneurs-rapides secrets clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

help:
	@sed -n '/^#   make/s/^# *//p' Makefile

demo: .venv/.base
	$(BIN)/parchemin demo $(ARGS)

demo-regroupement: .venv/.base
	$(BIN)/parchemin demo-regroupement $(ARGS)

# --dist loadfile: tests of one file share their fixtures (one broker each), so they stay in one worker. Files are
# taken in their order, which begins with the long ones, not by how many tests they have.
test: .venv/.dev
	$(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

pages: .venv/.dev
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m pages tests/exploitation $(ARGS)

conteneurs: .venv/.dev
	deploy/conteneurs/essais $(ARGS)

conteneurs-rapides: .venv/.dev
	deploy/conteneurs/essais --rapide $(ARGS)

secrets: .venv/.base
	deploy/conteneurs/secrets

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m contracts.verifier
	$(BIN)/parchemin reglements verifier
	$(BIN)/parchemin courtier droits --verifier
	$(BIN)/python -m tests.chaine verifier

# What `check` leaves out because it needs more packages, or the network: what could not be checked is said, never green.
chaine: .venv/.chaine
	$(BIN)/python -m tests.chaine verifier secrets vulnerabilites

licences: .venv/.dev
	$(BIN)/python -m tests.chaine licences

sbom: .venv/.base
	$(BIN)/python -m tests.chaine sbom

regles: .venv/.dev
	$(BIN)/python -m tests.rapport_regles $(ARGS)

documents: .venv/.base
	$(BIN)/python -m contracts.documents

bench: .venv/.bench
	$(BIN)/python -m bench $(ARGS)

chaos: .venv/.dev
	$(BIN)/python -m tests.pannes $(ARGS)

mutation: .venv/.mutation
	$(BIN)/python -m tests.mutation $(ARGS)

# --- environment: one stamp per set of packages, remade when its pins change -----------------------------------------

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is missing or older." >&2; \
	  echo "Install it (Debian 12+: apt-get install python3 python3-venv) or name one: make PYTHON=/usr/bin/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments: its venv module is missing." >&2; \
	  echo "On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

# setuptools first, pinned like the rest: what has no wheel, and the package itself, are built with it and nothing else.
define install
	$(PIP) install --require-hashes -r requirements/construction.txt
	$(PIP) install --require-hashes --no-build-isolation -r requirements/$(1).txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
endef

.venv/.base: requirements/base.txt pyproject.toml | .venv/.python
	$(call install,base)

.venv/.dev: requirements/dev.txt pyproject.toml | .venv/.python
	$(call install,dev)
	@touch .venv/.base # dev holds base, same versions

.venv/.bench: requirements/bench.txt pyproject.toml | .venv/.python
	$(call install,bench)
	@touch .venv/.base

.venv/.mutation: requirements/mutation.txt pyproject.toml | .venv/.python
	$(call install,mutation)
	@touch .venv/.base # mutation holds base, same versions

.venv/.chaine: requirements/chaine.txt pyproject.toml | .venv/.python
	$(call install,chaine)
	@touch .venv/.base # chaine holds base, same versions

# Each set takes the versions of the one before as they are, so they never disagree.
requirements: | .venv/.python
	$(PIP) install uv
	$(LOCK) -o requirements/construction.txt
	$(LOCK) -c requirements/construction.txt pyproject.toml -o requirements/base.txt
	$(LOCK) --extra traces -c requirements/base.txt pyproject.toml -o requirements/traces.txt
	$(LOCK) --extra traces --group test --group check -c requirements/traces.txt pyproject.toml -o requirements/dev.txt
	$(LOCK) --group bench -c requirements/base.txt pyproject.toml -o requirements/bench.txt
	$(LOCK) --extra traces --group test --group mutation -c requirements/dev.txt pyproject.toml -o requirements/mutation.txt
	$(LOCK) --extra traces --group test --group check --group chaine -c requirements/dev.txt pyproject.toml -o requirements/chaine.txt

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
