# `make demo` shows what the program does, `make test` tests it: both need Go
# and nothing else. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# grpcnotrace leaves out gRPC's trace pages and with them html/template, which
# keeps the linker from dropping methods: 6 MB.
# The version is the only thing of the checkout in the binary, so that the same
# commit gives the same bytes everywhere.
BUILDFLAGS = -tags grpcnotrace -trimpath -buildvcs=false -ldflags='-s -w -X main.version=$(VERSION)'
BUILD      = CGO_ENABLED=0 go build $(BUILDFLAGS)
FUZZTIME  ?= 30s
RECORDS   ?= 100000
DURATION  ?= 180s
SEED      ?= 0
BASE      ?= HEAD
BENCH     ?= .
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
TOOL       = go tool -modfile=tools/go.mod
CLUSTER    = test/cluster/bin/cluster
COLLECTOR  = test/collector/bin/otelcol

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: build
build: ## Build bin/pod-status-logger
	$(BUILD) -o bin/ ./cmd/pod-status-logger

.PHONY: demo
demo: build ## Show the records of a made-up cluster
	@bin/pod-status-logger demo

.PHONY: test
test: ## Run the tests
	go test ./...

.PHONY: race
race: ## Run the tests with the race detector, and see that they cover enough of core
	go test -race -coverprofile=coverage.out -coverpkg=./core/... ./...
	@tools/coverage.sh coverage.out 85

.PHONY: faults
faults: ## Stream RECORDS records through each plugin that goes wrong
	go test ./cmd/pod-status-logger -run TestPluginFaults -count=1 -timeout 60m -v -args -records=$(RECORDS)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME
	tools/fuzz.sh $(FUZZTIME)

.PHONY: bench bench-programs bench-test bench-go bench-compare
bench: bench-programs ## Measure the program beside others, and see that it is as fast and small as it aims to be (15 minutes; QUICK=1: three)
	bench/bin/bench -bin bench/bin $(if $(QUICK),-quick,-page docs/performance.md -images docs/images)
bench-programs: build
	CGO_ENABLED=0 go -C bench build -trimpath -ldflags='-s -w' -o bin/ . ./informer ./decode ./frames
	CGO_ENABLED=0 go -C bench/k8sobjects build -trimpath -ldflags='-s -w' -o ../bin/k8sobjects .
	cp bin/pod-status-logger bench/bin/
bench-test: ## Test what measures
	go -C bench vet ./...
	go -C bench test ./...
bench-go: ## Run the Go benchmarks
	go test -run='^$$' -bench=. -benchmem ./...
bench-compare: ## Compare the Go benchmarks of the working tree with those of BASE, such as BASE=main; BENCH= chooses some
	tools/bench-compare.sh '$(BASE)' '$(BENCH)'

.PHONY: check
check: lint proto vuln race fuzz ## Lint, check the plugins' contract, look for known vulnerabilities, run race detector and fuzz targets

.PHONY: lint
lint: ## Format and lint
	$(TOOL) golangci-lint run ./...
	cd test/cluster && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd test/collector && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd bench && go tool -modfile=../tools/go.mod golangci-lint run ./...
	cd bench/k8sobjects && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	$(TOOL) golangci-lint run --build-tags e2e,release ./test/...
	go mod tidy -diff

.PHONY: proto
proto: ## Lint the plugins' contract, and see that it breaks none and its code is up to date
	tools/proto.sh check

.PHONY: vuln
vuln: ## Look for known vulnerabilities in what the program calls
	tools/vulncheck.sh

.PHONY: e2e
e2e: build $(CLUSTER) $(COLLECTOR) ## Test on a real control plane and a real Collector (the first time builds both: 15 minutes)
	$(CLUSTER) build
	go test -tags e2e -count=1 -timeout 20m -v ./test/e2e

.PHONY: chaos
chaos: build $(CLUSTER) $(COLLECTOR) ## Kill, cut and fill everything for DURATION on a real cluster, and see that nothing is missing
	$(CLUSTER) build
	tools/chaos.sh $(DURATION) $(SEED)

.PHONY: $(CLUSTER) $(COLLECTOR)
$(CLUSTER):
	CGO_ENABLED=0 go -C test/cluster build -trimpath -o bin/cluster .
$(COLLECTOR):
	CGO_ENABLED=0 go -C test/collector build -trimpath -ldflags='-s -w' -o bin/otelcol .

.PHONY: release
release: ## Build the archives of a release, with bills of materials and checksums, into dist
	PLATFORMS='$(PLATFORMS)' tools/release.sh dist $(VERSION) env $(BUILD)

.PHONY: release-test
release-test: ## See that a release has its version everywhere, and that two builds of it are the same bytes
	go test -tags release -count=1 -timeout 20m -v ./test/release

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist coverage.out test/cluster/bin test/collector/bin bench/bin
