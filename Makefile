# `make demo` shows what the program does, `make test` tests it: both need Go
# and nothing else. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# grpcnotrace leaves out gRPC's trace pages and with them html/template, which
# keeps the linker from dropping methods: 6 MB.
# The compiler optimises for the profile: 4 to 5 % of the CPU time of an event.
# The version is the only thing of the checkout in the binary, so that the same
# commit gives the same bytes everywhere.
BUILDFLAGS = -tags grpcnotrace -pgo=cmd/pod-status-logger/cpu.pgo -trimpath -buildvcs=false -ldflags='-s -w -X main.version=$(VERSION)'
BUILD      = CGO_ENABLED=0 go build $(BUILDFLAGS)
FUZZTIME  ?= 30s
RECORDS   ?= 100000
DURATION  ?= 180s
SEED      ?= 0
BASE      ?= HEAD
KILLS     ?=
CAUSES    ?= 100
BENCH     ?= .
PODS      ?= 3000
NODE_TESTS ?= ./...
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64
TOOL       = go tool -modfile=tools/go.mod
TEXTTOOL   = go tool -modfile=tools/text/go.mod
PAGES      = $(shell git ls-files '*.md' | grep -v testdata)
TEXTS      = $(PAGES) $(shell git ls-files '*.proto' '*.go' | grep -v -e testdata -e '\.pb\.go$$')
CLUSTER    = test/cluster/bin/cluster
NODE       = test/node/bin/node
COLLECTOR  = test/collector/bin/otelcol
LOGSTORE   = test/logstore/bin/victoria-logs
IMAGE     ?= ghcr.io/pod-status-logger/pod-status-logger
PLATFORM  ?=

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
test: ## Run the tests, and list the slowest packages
	go test -timeout 30m ./... | tools/slowest.sh

.PHONY: race
race: ## Run the tests with the race detector, and check their coverage of core
	go test -race -timeout 30m -coverprofile=coverage.out -coverpkg=./core/... ./...
	@tools/coverage.sh coverage.out 85

.PHONY: hostile
hostile: ## Attack the program as tenants, servers, receivers and plugins may (five minutes; DURATION=1h: repeatedly)
	tools/hostile.sh $(if $(filter-out file,$(origin DURATION)),$(DURATION))

.PHONY: faults
faults: ## Stream RECORDS records through each faulty plugin
	go test ./cmd/pod-status-logger -run TestPluginFaults -count=1 -timeout 60m -v -args -records=$(RECORDS)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME
	tools/fuzz.sh $(FUZZTIME)

.PHONY: bench bench-programs bench-test bench-go bench-compare profile pgo
bench: bench-programs ## Measure the program beside others, and check its aims (15 minutes; QUICK=1: three)
	bench/bin/bench -bin bench/bin $(if $(QUICK),-quick,-page docs/performance.md -images docs/images)
bench-programs: build
	CGO_ENABLED=0 go -C bench build -trimpath -ldflags='-s -w' -o bin/ . ./informer ./decode ./frames
	CGO_ENABLED=0 go -C bench/k8sobjects build -trimpath -ldflags='-s -w' -o ../bin/k8sobjects .
	cp bin/pod-status-logger bench/bin/
profile: bench-programs ## Profile the program at full speed, and show where the CPU time goes
	bench/bin/bench -bin bench/bin -profile bench/bin/cpu.pprof
	go tool pprof -top -cum -nodecount 60 bin/pod-status-logger bench/bin/cpu.pprof
pgo: bench-programs ## Record the profile anew for which the compiler optimises the program
	bench/bin/bench -bin bench/bin -profile cmd/pod-status-logger/cpu.pgo
bench-test: ## Test the benchmark programs
	go -C bench vet ./...
	go -C bench test ./...
bench-go: ## Run the Go benchmarks
	go test -run='^$$' -bench=. -benchmem ./...
bench-compare: ## Compare the Go benchmarks of the working tree with those of BASE, such as BASE=main; BENCH= chooses some
	tools/bench-compare.sh '$(BASE)' '$(BENCH)'

.PHONY: compare
compare: ## Compare the output and the states of the working tree with those of BASE, such as BASE=main, for PODS random pod lives
	tools/compare.sh '$(BASE)' '$(PODS)' '$(SEED)'

.PHONY: check
check: lint proto vuln race fuzz ## Lint, check the plugins' contract, look for known vulnerabilities, run race detector and fuzz targets

.PHONY: lint lint-text
lint: lint-text ## Format and lint code, prose, links and workflows
	$(TOOL) golangci-lint run --build-tags e2e,release,loghouse ./...
	cd test/cluster && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd test/collector && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd bench && go tool -modfile=../tools/go.mod golangci-lint run ./...
	cd bench/k8sobjects && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd test/helm && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd test/prometheus && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd test/compose && go tool -modfile=../../tools/go.mod golangci-lint run ./...
	cd test/node && go tool -modfile=../../tools/go.mod golangci-lint run --build-tags node ./...
	go mod tidy -diff
lint-text: ## Lint prose, Markdown, links, spelling and workflows
	go -C tools run ./prose
	go -C tools/text run ./markdown
	$(TOOL) misspell -error $(PAGES)
	$(TEXTTOOL) vale --output=line $(TEXTS)
	$(TEXTTOOL) actionlint

.PHONY: proto
proto: ## Lint the plugins' contract, and check that it is compatible and its code is up to date
	tools/proto.sh check

.PHONY: vuln
vuln: ## Look for known vulnerabilities in every module, tools included
	go -C tools run ./vulncheck

.PHONY: e2e
e2e: build $(CLUSTER) $(COLLECTOR) ## Test on a real control plane and a real Collector (the first time builds both: 15 minutes; KILLS=200: Events under as many kills, CAUSES of each kind)
	$(CLUSTER) build
	go test -tags e2e -count=1 -timeout $(if $(KILLS),60m,20m) -v ./test/e2e $(if $(KILLS),-args -kills=$(KILLS) -causes=$(CAUSES) -repeats=10000)

.PHONY: loghouse-test
loghouse-test: build ## Test stdout in loghouse's ClickHouse (Debian's clickhouse-server)
	go test -tags loghouse -count=1 ./test/loghouse

.PHONY: chaos
chaos: build $(CLUSTER) $(COLLECTOR) ## Kill, cut and fill everything for DURATION on a real cluster, and check that no record is missing
	$(CLUSTER) build
	tools/chaos.sh $(DURATION) $(SEED)

.PHONY: image
image: ## Build the container image IMAGE:VERSION, for PLATFORM if set (needs Docker)
	DOCKER_BUILDKIT=1 docker build --build-arg VERSION=$(VERSION) $(if $(PLATFORM),--platform=$(PLATFORM)) -t $(IMAGE):$(VERSION) .

# Versions of Compose and Buildx are those of test/compose/cli/go.mod.
.PHONY: compose-test
compose-test: build $(CLUSTER) $(COLLECTOR) $(LOGSTORE) compose-tools ## Test the image and docker-compose.yaml, with a browser (needs root, Docker's engine, Chromium)
	$(CLUSTER) build
	cd test/compose && go test -count=1 -timeout 20m -v .

.PHONY: compose-tools
compose-tools:
	cd test/compose/cli && ./build.sh

.PHONY: collector
collector: build $(COLLECTOR) $(LOGSTORE) ## Build the program, a Collector and a log store (the first time 5 minutes)

.PHONY: collector-test
collector-test: collector ## Test otel-collector.yaml with a real Collector and a real log store
	go test -tags e2e -count=1 -timeout 10m -v ./test/pipeline

.PHONY: helm-test
helm-test: build $(CLUSTER) helm-tools ## Test the Helm chart and the manifests on a real API server, with the program as their ServiceAccount
	$(CLUSTER) build
	go -C test/helm test -count=1 -timeout 20m -parallel 16 -v ./...

.PHONY: node-test
node-test: node-programs helm-tools ## Test on a real node with kubelet and containerd, 8 minutes; NODE_TESTS= chooses packages (needs root; the first time builds both: 20 minutes)
	go -C test/node test -tags node -count=1 -timeout 30m -p 1 -parallel 64 -v $(NODE_TESTS)

.PHONY: node-programs
node-programs: build $(CLUSTER) $(NODE)
	$(CLUSTER) build
	$(CLUSTER) build kubelet
	$(NODE) build

.PHONY: record
record: node-programs ## Record the stories of core/status on a real node again, for a new version of Kubernetes
	go -C test/node test -tags node -count=1 -timeout 20m -parallel 64 -v ./scenarios \
		-run '^TestScenarios$$' -args -record ../../../core/status/testdata/node
	go test ./core/status -run '^TestGolden$$' -count=1 -args -update
	rm -f cmd/pod-status-logger/internal/cli/testdata/timeline/node-*
	go test ./cmd/pod-status-logger/internal/cli -run '^(TestTimelineGoldens|TestExplainSituations)$$' -count=1 -update

.PHONY: helm-docs
helm-docs: helm-tools ## Write the chart's README.md from its values
	test/helm/bin/helm-docs --chart-search-root deploy/helm --sort-values-order file

.PHONY: manifests
manifests: helm-tools ## Write deploy/manifests from the chart
	tools/manifests.sh deploy/manifests

# What Helm 3 takes for the cluster's version where it has none, as its releases do.
HELM3KUBE = -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37

.PHONY: helm-tools
helm-tools:
	CGO_ENABLED=0 go -C test/helm build -trimpath -ldflags='-s -w' -o bin/v4/helm helm.sh/helm/v4/cmd/helm
	CGO_ENABLED=0 go -C test/helm build -trimpath -ldflags='-s -w $(HELM3KUBE)' -o bin/v3/helm helm.sh/helm/v3/cmd/helm
	CGO_ENABLED=0 go -C test/helm build -trimpath -ldflags='-s -w' -o bin/helm-docs github.com/norwoodj/helm-docs/cmd/helm-docs

.PHONY: $(CLUSTER) $(NODE) $(COLLECTOR) $(LOGSTORE)
$(CLUSTER):
	CGO_ENABLED=0 go -C test/cluster build -trimpath -o bin/cluster .
$(NODE):
	CGO_ENABLED=0 go -C test/node build -trimpath -o bin/node .
$(COLLECTOR):
	CGO_ENABLED=0 go -C test/collector build -trimpath -ldflags='-s -w' -o bin/otelcol .
$(LOGSTORE):
	CGO_ENABLED=0 go -C test/logstore build -trimpath -ldflags='-s -w' -o bin/victoria-logs github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-logs

.PHONY: docs
docs: ## Regenerate parts of docs: fields, configuration, metrics, commands, manual page
	go test ./cmd/pod-status-logger/internal/cli -run '^(TestRecordsPage|TestConfigurationPage|TestHelpPage|TestManPage|TestTimelinePage|TestCausesTable)$$' -count=1 -update

.PHONY: pictures
pictures: build ## Regenerate the picture of the README
	tools/pictures.sh

.PHONY: release
release: ## Build the archives of a release, with bills of materials and checksums, into dist
	PLATFORMS='$(PLATFORMS)' tools/release.sh dist $(VERSION) env $(BUILD)

.PHONY: release-test
release-test: ## Check that a release has its version everywhere, and that two builds of it are identical
	go test -tags release -count=1 -timeout 60m -v ./test/release

.PHONY: rules-test
rules-test: build rules-tools ## Test alert rules, dashboard and metrics with Prometheus itself (the first time builds it: 3 minutes)
	go -C test/prometheus test -count=1 ./...

.PHONY: rules-tools
rules-tools:
	for tool in promtool prometheus; do \
		CGO_ENABLED=0 go -C test/prometheus build -tags remove_all_sd -trimpath -ldflags='-s -w' -o bin/ github.com/prometheus/prometheus/cmd/$$tool; \
	done

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin dist coverage.out test/*/bin bench/bin
