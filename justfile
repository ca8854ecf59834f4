# `just` checks and tests. Every recipe runs on the versions that pyproject.toml pins.

tool := "uv run --group check"

default: check test

# Style, types, the staircase, and the generated files
check:
    {{ tool }} ruff check
    {{ tool }} ruff format --check
    {{ tool }} basedpyright
    {{ tool }} lint-imports
    {{ tool }} hadolint deploy/Containerfile
    {{ tool }} python -m tools.proto --check
    {{ tool }} python -m tools.sdl --check
    {{ tool }} python -m tools.errors --check
    {{ tool }} python -m tools.rules --check
    {{ tool }} python -m tools.sdk_coverage --check
    {{ tool }} python -m tools.breaking --check

test *arguments:
    uv run pytest {{ arguments }}

# Thousands of generated documents and messages; `QUANTGRAPH_SEED` repeats a run
fuzz:
    uv run pytest -s -m slow tests/contracts

# Random lives of the simulated exchange, every act checked: `just soak 20` for twenty seeds
soak lives="5" steps="100000":
    uv run python -m tests.backends.sim.steps --lives {{ lives }} --steps {{ steps }}
    QUANTGRAPH_TRIALS=1000 uv run pytest tests/backends/sim/test_trial.py

# Subscribers that join, leave, stall and are cut for so many seconds; nothing may stay behind
soak-streams seconds="600":
    uv run python -m tests.api.soak --seconds {{ seconds }}

# Gateways that are killed anywhere, by random courses: `just kill 5000`
kill courses="1000":
    QUANTGRAPH_KILLS={{ courses }} uv run pytest -s -m slow tests/services/test_kills.py

# Agents that are killed and frozen, and the deployments of docs/deployment.md, as processes
agents:
    uv run pytest -s -m slow tests/api/test_isolated.py tests/e2e/test_deployment.py tests/e2e/test_many_gateways.py tests/e2e/test_isolated_prod.py tests/e2e/test_isolated_load.py tests/e2e/test_remote_kills.py

# One comparison of docs/performance.md, and its table anew: `just bench graphql`
bench name *arguments:
    uv run --group bench python -m bench.{{ name }} {{ arguments }}

# Every bench once, to see that it still works; no figure of it counts
bench-short:
    uv run --group bench python -m bench.graphql --short
    uv run --group bench python -m bench.encode --runs 1
    uv run --group bench python -m bench.startup --runs 1
    uv run --group bench python -m bench.store --short
    uv run --group bench python -m bench.exchange --short
    uv run --group bench python -m bench.scale --short
    uv run --group bench python -m bench.pipeline --short
    uv run --group bench python -m bench.beside --short
    uv run --group bench python -m bench.fanout --short
    uv run --group bench python -m bench.remote --short
    uv run --group bench python -m bench.gateways --short
    uv run --group bench python -m bench.storm --short
    uv run --group bench python -m bench.attacks --short
    uv run --group bench python -m bench.isolated --short

# The matching core compiled anew after an edit; until then it runs as Python
core:
    uv sync --reinstall-package quantgraph

# Stubs and statements.proto from the contract and the tables, then buf lint
proto:
    {{ tool }} python -m tools.proto

# schema/schema.graphql from the code
sdl:
    uv run python -m tools.sdl

# docs/errors.md from the reasons and both wires' mappings
errors:
    uv run python -m tools.errors

# docs/rules.md from the rows of domain/rules
rules:
    uv run python -m tools.rules

# docs/sdk-coverage.md from tools/sdk_coverage.toml
coverage:
    uv run python -m tools.sdk_coverage

# Take both contracts as those of the last version: after a release, or a break on purpose
released:
    {{ tool }} python -m tools.breaking

# The exchanges' closures from the pinned calendar library
closures:
    uv run python -m tools.closures

# Newest version of everything into pyproject.toml; read the diff, then `just`
lock:
    uv run --no-sync python -m tools.lock

# The GraphiQL page, with type check; needs Node (an install builds it by itself)
page:
    cd api/graphiql && npm ci && npm run check && npm run build

# The stock clients that tests/clients runs; needs Node
clients:
    cd tests/clients && npm ci

# The picture in the README, from a running page
screenshot:
    QUANTGRAPH_SCREENSHOT=1 uv run pytest tests/e2e
