# make run    installs what is missing, builds, starts on http://127.0.0.1:8080 with the demonstration county
# make test   installs what the tests need and runs every test, browser included
# make check  format, vet, lint, schema, types
# make bench  the figures of speed and size, as ratios within one run
# make build  the web app and bin/yutu
# make screenshots  pictures of every screen in .yutu/screenshots/
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Debian packages, each with its reason. The major version of PostgreSQL is part of the name: a data directory
# belongs to one major version.
RUN_PACKAGES := \
	postgresql-15 \
	postgresql-15-postgis-3 \
	postgresql-15-postgis-3-scripts
# gdal-bin, proj-bin: real clients and an independent engine; chromium and the fonts:
# the browser tests read Chinese labels off the screen; gcc and libc6-dev: the race detector needs cgo.
TEST_PACKAGES := $(RUN_PACKAGES) gdal-bin proj-bin chromium fonts-noto-cjk gcc libc6-dev

WEB := cmd/yutu/web
WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/package-lock.json $(WEB)/style.json 2>/dev/null)
GO_SOURCES := $(shell find cmd geo gazetteer tiles data migrations \( -name node_modules -o -path $(WEB)/dist -o -path $(WEB)/src \) -prune -o \( -name '*.go' -o -name '*.sql' -o -name '*.csv' -o -name '*.json' -o -name '*.html' -o -name '*.css' \) -print 2>/dev/null)

# What computes without waiting for anything is tested with all draws, and with fewer under the race detector, which makes
# it five times slower.
GEOMETRY := ./geo/... ./data/synth

.PHONY: help run build test test-large check bench screenshots packages-run packages-test web-modules tools e2e

help:
	@sed -n '1,6s/^# //p' Makefile

# install installs the packages that are missing, with sudo when that is needed.
define install
	missing=""; for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		echo "正在安装 · installing:$$missing"; \
		sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

packages-run:
	@$(call install,$(RUN_PACKAGES))

packages-test:
	@$(call install,$(TEST_PACKAGES))

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web-modules: $(WEB)/node_modules/.package-lock.json

$(WEB)/dist/index.html: $(WEB)/node_modules/.package-lock.json $(WEB_SOURCES)
	cd $(WEB) && npm run --silent build
	@touch $@

bin/yutu: $(WEB)/dist/index.html $(GO_SOURCES) go.mod go.sum
	CGO_ENABLED=0 go build -trimpath -o bin/yutu ./cmd/yutu

build: bin/yutu

run: packages-run build
	@exec bin/yutu serve --demo

test: packages-test build
	go test -race -timeout 40m $$(go list ./... | grep -v '^yutu/geo\|^yutu/data/synth')
	go test -timeout 20m $(GEOMETRY)
	go test -race -short -timeout 20m $(GEOMETRY)
	cd $(WEB) && npm run --silent test
	$(MAKE) e2e

# The whole province, checked unit by unit by an independent engine, and simplified for all zooms: work of minutes that a
# change elsewhere does not need.
test-large: packages-test
	YUTU_LARGE=1 go test ./data/synth -run TestTheWholeProvince -count=1 -timeout 20m
	YUTU_LARGE=1 go test ./geo/topo/fit -run TestTheProvinceSimplified -count=1 -timeout 30m

e2e: packages-test build
	cd $(WEB) && npm run --silent e2e

screenshots: packages-test build
	cd $(WEB) && npm run --silent screenshots
	cp .yutu/screenshots/atlas-details-township-zh-desktop-1440x900.png .readme/atlas.png

tools:
	@cd .ci/tools && go build -o ../../bin/staticcheck honnef.co/go/tools/cmd/staticcheck

check: packages-test $(WEB)/dist/index.html tools
	@unformatted="$$(gofmt -l cmd/yutu/*.go cmd/yutu/api cmd/yutu/web/*.go geo tiles data migrations)"; \
		[ -z "$$unformatted" ] || { echo "gofmt: $$unformatted"; exit 1; }
	go mod tidy -diff
	go vet ./...
	bin/staticcheck ./...
	@long="$$(git ls-files '*.go' '*.ts' '*.vue' '*.sql' '*.css' | grep -v schema.sql | xargs wc -l | awk '$$1 > 600 && $$2 != "total"')"; \
		[ -z "$$long" ] || { echo "more than 600 lines:"; echo "$$long"; exit 1; }
	go test ./migrations ./cmd/yutu -run 'Schema|Migrations|Imports' -count=1
	cd $(WEB) && npm run --silent check

# mapshaper is the opponent of yutu simplify; it is no part of the product.
.ci/mapshaper/node_modules/.package-lock.json: .ci/mapshaper/package-lock.json
	cd .ci/mapshaper && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bench: packages-test build .ci/mapshaper/node_modules/.package-lock.json
	go test ./cmd/yutu -run '^$$' -bench . -benchtime 1x -timeout 60m
	YUTU_LARGE=1 go test ./geo/topo/fit -run '^$$' -bench Province -benchtime 1x -timeout 20m
	go test ./data/atlas -run '^$$' -bench 'Locator|LocateBesidePostGIS|Batch' -timeout 20m
