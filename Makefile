# `make` lists the targets. Everything that is fetched or built lies in one cache folder (FLOORWALKER_CACHE).
.DEFAULT_GOAL := help
.PHONY: help run build fetch fetch-llm test test-llm race train test-page test-client lint vulncheck check bench chaos-build chaos chaos-short soak soak-short replicas bench-sessions bench-storm clean

BINARY := bin/floorwalker
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TESTFLAGS ?=
TOOLS := $(CURDIR)/bin/tools
GOLANGCI := v2.15.0
GOVULNCHECK := v1.9.0

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: build ## Fetch what is missing, start everything and serve http://127.0.0.1:8080
	@exec $(BINARY) serve

build: ## Build bin/floorwalker
	@go build -ldflags '-X main.version=$(VERSION)' -o $(BINARY) ./cmd/floorwalker

fetch: build ## Fetch PostgreSQL and ONNX Runtime into the cache
	@$(BINARY) fetch

fetch-llm: build ## Fetch the small model and build Ollama into the cache (about ten minutes on two cores, once)
	@$(BINARY) fetch --llm

test: fetch ## Set up what the tests need and run them
	$(BINARY) testenv -- go test -timeout 20m $(TESTFLAGS) ./...

test-llm: fetch-llm ## Run the turn against the real Ollama
	$(BINARY) testenv --llm -- go test -timeout 20m -v -run RealOllama $(TESTFLAGS) ./...

race: fetch ## Run the tests under the race detector
	$(BINARY) testenv -- go test -race -short -timeout 30m $(TESTFLAGS) ./...

train: ## Set up Python for training (training/README.md) and run its tests
	python3 -m venv training/.venv && training/.venv/bin/pip install -q -r training/requirements.txt
	cd training && .venv/bin/python -m unittest

test-page: build ## Run the page in headless Chromium
	cd web/e2e && npm ci --silent --no-audit --no-fund && node --test

test-client: build ## Run the TypeScript client against the conformance kit, and check the API's descriptions
	cd web/client && npm ci --silent --no-audit --no-fund && npm test

lint: $(TOOLS)/golangci-lint ## Formatter, vet and linters, with the rules on who may import whom
	$(TOOLS)/golangci-lint run ./...

vulncheck: $(TOOLS)/govulncheck ## Look for dependencies with known holes
	@sh .ci/vulncheck $(TOOLS)/govulncheck

check: lint vulncheck ## All static checks

bench: build ## Say where each millisecond of a turn goes (needs a running server: make run)
	$(BINARY) bench

CHAOS := bin/chaos
CHAOSFLAGS ?=
chaos-build: build
	@go build -o $(CHAOS) ./chaos
	@go build -o bin/nats-server github.com/nats-io/nats-server/v2

chaos: chaos-build ## Kill servers, PostgreSQL, NATS and Ollama 200 times while customers talk, and check that nothing is lost
	$(CHAOS) --rounds 200 $(CHAOSFLAGS)

chaos-short: chaos-build ## The same in 20 rounds
	$(CHAOS) --rounds 20 $(CHAOSFLAGS)

soak: chaos-build ## An hour of talk with a kill every ten seconds; memory, goroutines and files stay flat
	$(CHAOS) --soak 1h $(CHAOSFLAGS)

soak-short: chaos-build ## The same in four minutes
	$(CHAOS) --soak 4m --every 3s $(CHAOSFLAGS)

replicas: chaos-build ## Open two servers over one PostgreSQL and one external NATS
	$(CHAOS) replicas

bench-sessions: build ## Thousands of connections, side by side with a chat on centrifuge
	cd bench && go run . --binary ../$(BINARY)

bench-storm: build ## Restart the server under 2,000 customers: when they are back, and that nothing is lost
	cd bench && go run . storm --binary ../$(BINARY)

clean: ## Remove what was built here; the cache stays
	rm -rf bin web/e2e/node_modules web/client/node_modules web/client/dist

$(TOOLS)/golangci-lint:
	GOFLAGS= GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

$(TOOLS)/govulncheck:
	GOBIN=$(TOOLS) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
