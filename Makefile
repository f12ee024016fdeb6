# The commands of this repository. `make` lists them. Everything that a target needs is installed by the target itself, into .tools and
# the node_modules folders, or by apt-get; see test/setup/debian.sh for what happens where that isn't allowed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
# The steps share two cores and the last line of each should be its own.
.NOTPARALLEL:

ROOT := $(CURDIR)
BIN := $(ROOT)/.tools/bin
REPORT := $(ROOT)/.tools/report
export PATH := $(BIN):$(PATH)

GOTESTSUM = gotestsum --format pkgname --format-hide-empty-pkg
FUZZTIME ?= 5s
# As .goreleaser.yaml builds: so the steps share what they compile.
RELEASED = -trimpath -tags nethttpomithttp2
TARGETS := darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 linux/arm64

##@ Every day

.PHONY: help
help: ## list these commands
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## build bin/simsid
	go build $(RELEASED) -o bin/simsid ./cmd/simsid

.PHONY: quick
quick: ## the unit tests, with nothing installed but Go (under a minute)
	go test ./...
	@echo 'left out: the linter, the race detector, other systems, a real OpenID provider, browser and keyring, fuzzing. make test runs them all.'

.PHONY: test
test: setup ## set up what the tests need and run all of them (under 15 minutes on two cores)
	@rm -rf $(REPORT)
	@mkdir -p $(REPORT)
	$(MAKE) format vet lint unit cross real fuzz snapshot

##@ Parts of make test

.PHONY: setup
setup: debian tools npm ## install what the tests need; does nothing where it is there

.PHONY: format
format: ## every file is as gofmt would write it
	@files=$$(git ls-files '*.go' | xargs gofmt -l); if [ -n "$$files" ]; then printf 'not gofmt-ed:\n%s\n' "$$files"; exit 1; fi

.PHONY: vet
vet: ## go vet, with the tests that only make real runs
	go vet -tags real ./...

.PHONY: lint
lint: $(BIN)/golangci-lint ## the linter: import rule, process state and the rest of .golangci.yml
	golangci-lint run

.PHONY: unit
unit: $(BIN)/gotestsum ## the unit tests with the race detector, in random order
	@mkdir -p $(REPORT)
	$(GOTESTSUM) --jsonfile $(REPORT)/unit.json -- -race -shuffle=on -timeout 5m $$(go list ./... | grep -v '/cmd/simsid$$')
	$(GOTESTSUM) --jsonfile $(REPORT)/program.json -- -shuffle=on -timeout 5m ./cmd/simsid # thousands of processes, which the detector makes five times as slow: see soak

.PHONY: cross
cross: ## vet and build for every other system that is released
	@for target in $(TARGETS); do echo "$$target"; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet $(RELEASED) ./...; \
	  GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go build $(RELEASED) -o /dev/null ./cmd/simsid; done

.PHONY: real
real: setup ## the tests against the real things: OpenID provider, clients, browser, keyring, linter
	@mkdir -p $(REPORT)
	$(GOTESTSUM) --jsonfile $(REPORT)/real.json -- -tags real -shuffle=on -count=1 -timeout 8m ./test/...
	test/keyring/run.sh $(GOTESTSUM) --jsonfile $(REPORT)/keyring.json -- -tags real -race -shuffle=on -count=1 -timeout 5m ./internal/tokenstore

.PHONY: fuzz
fuzz: ## every fuzz target for 2 s, those of what reads tokens for FUZZTIME (5s)
	bash test/fuzz/run.sh 2s
	bash test/fuzz/run.sh $(FUZZTIME) ./internal/token ./internal/scan ./internal/sims

.PHONY: snapshot
snapshot: $(BIN)/goreleaser $(BIN)/gotestsum ## build a release as far as it can be built here, and look into it
	@mkdir -p $(REPORT)
	goreleaser check
	goreleaser release --snapshot --clean --skip=sbom,sign,publish,announce
	$(GOTESTSUM) --jsonfile $(REPORT)/release.json -- -tags release -count=1 ./test/release

# The manual pages and completions of a release, as the commit has them.
.PHONY: extras
extras:
	@rm -rf .tools/extras
	@mkdir -p .tools/extras/completions
	CGO_ENABLED=0 go build $(RELEASED) -ldflags "-X main.date=$$(git log -1 --format=%cI)" -o .tools/extras/simsid ./cmd/simsid
	.tools/extras/simsid man --dir .tools/extras/man
	.tools/extras/simsid completion bash > .tools/extras/completions/simsid.bash
	.tools/extras/simsid completion zsh > .tools/extras/completions/_simsid
	.tools/extras/simsid completion fish > .tools/extras/completions/simsid.fish
	.tools/extras/simsid completion powershell > .tools/extras/completions/simsid.ps1

.PHONY: release
release: $(BIN)/goreleaser ## make a release of the tag that is checked out; .github/workflows/release.yml calls it
	goreleaser release --clean
	cp dist/simsid_*_SHA256SUMS dist/SHA256SUMS

##@ Now and then

.PHONY: bench
bench: debian $(BIN)/jwt ## the ratios of speed, memory and size
	go run ./test/bench

.PHONY: mutate
mutate: ## take every check out of force, one at a time, and see that a test notices (half an hour on two cores)
	go run ./test/mutate internal/token internal/flow internal/provider

.PHONY: pictures
pictures: ## what the terminal shows, anew, into docs/screenshots
	go build $(RELEASED) -o .tools/simsid ./cmd/simsid
	go run ./test/pictures .tools/simsid docs/screenshots

.PHONY: screenshots
screenshots: setup ## the emulator's pages anew, into docs/screenshots
	@mkdir -p docs/screenshots
	SIMSID_TEST_KEEP_SHOTS=$(ROOT)/docs/screenshots go test -tags real -count=1 -run TestChromium/mouse ./test/real

.PHONY: soak
soak: setup snapshot ## releases built twice and installed on a fresh Debian, a thousand races for a refresh, ten thousand calls of the keyring, hours of fuzzing
	bash test/release/twice.sh
	bash test/release/debian.sh dist/simsid_*_$$(dpkg --print-architecture).deb
	SIMSID_TEST_SOAK=1 go test -tags real -count=1 -v -timeout 6h ./test/store ./test/scan
	go test -race -shuffle=on -timeout 60m -skip TestDecodeMemory ./cmd/simsid # its bound is one of the program, not of the detector
	bash test/fuzz/run.sh 10m
	bash test/fuzz/run.sh 1h ./internal/scan ./internal/token

.PHONY: clean
clean: ## remove what was built and installed here
	rm -rf .tools bin dist test/provider/node_modules test/browser/node_modules test/clients/openid-client/node_modules test/workflows/node_modules test/shells/powershell/node_modules

# What has to be there. ------------------------------------------------------------------------------------------------

.PHONY: debian
debian:
	@bash test/setup/debian.sh

# Each tool is a module of its own under tools/, which pins it and all it is built from by checksum, and keeps it out of simsid's go.mod.
# govulncheck isn't among them: it asks a database over the network, which a test must not need.
.PHONY: tools
tools: $(BIN)/gotestsum $(BIN)/golangci-lint $(BIN)/goreleaser $(BIN)/actionlint

# A tool is built anew when its pins or the Go toolchain change: golangci-lint refuses code newer than the Go it was built with.
$(BIN)/%: tools/%/go.mod tools/%/go.sum .tools/go-version
	@echo 'building $* (once)'
	@mkdir -p $(BIN)
	GOBIN=$(BIN) go -C tools/$* install -trimpath tool
	@touch $@

.PHONY: always
.tools/go-version: always
	@mkdir -p .tools
	@go env GOVERSION | cmp -s - $@ || go env GOVERSION > $@

.PHONY: npm
npm: $(addsuffix /node_modules/.package-lock.json,test/provider test/browser test/clients/openid-client test/workflows test/shells/powershell)

%/node_modules/.package-lock.json: %/package.json %/package-lock.json %/.npmrc
	npm --prefix $* ci --no-progress
	@touch $@
