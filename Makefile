# `make help` lists the targets. Everything that a target needs and that is missing, it installs or names.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

WASM_TARGET := wasm32-wasip1
WASM := target/$(WASM_TARGET)/wasm/mysql_replication_policy.wasm
SOURCES := build.rs Cargo.toml Cargo.lock $(shell find src crates -type f)
DO_NOTHING_WASM := target/$(WASM_TARGET)/wasm/mysql_replication_do_nothing.wasm
CARGO := cargo --locked
say = @printf '\033[1m==> %s\033[0m\n' $(1)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / { printf "%-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What the tests call; a missing package is installed where that is possible, and named where it is not.
.PHONY: tools
tools:
	@hack/install-missing shellcheck socat unshare:util-linux python3:python3-venv

.PHONY: wasm-target
wasm-target:
	@rustup target list --installed | grep -qx $(WASM_TARGET) || { \
		printf '==> installing the Rust target %s\n' $(WASM_TARGET); rustup target add $(WASM_TARGET); }

# No path of the machine that builds it: the artefact is the same elsewhere, and smaller. The shell looks for the crates,
# since they may come with `cargo fetch` only.
CRATES := $(or $(CARGO_HOME),$(HOME)/.cargo)/registry/src
# Less is inlined than a compiler for big machines takes for right: the module is a sixth smaller for a twenty-fifth more
# instructions.
REMAPPED := RUSTFLAGS="$(RUSTFLAGS) -C llvm-args=--inline-threshold=50$$(printf ' --remap-path-prefix=%s/=' $(CRATES)/*)"

$(WASM): $(SOURCES) | wasm-target
	$(call say,"building the policy (half a minute the first time)")
	@$(CARGO) fetch --quiet
	@$(REMAPPED) $(CARGO) build --quiet --profile wasm --target $(WASM_TARGET) --package mysql-replication-policy
	@touch $@

policy.wasm: $(WASM) hack/optimise ## Build the policy
	@hack/optimise $< $@

$(DO_NOTHING_WASM): Cargo.toml Cargo.lock $(shell find bench/do-nothing -type f) | wasm-target
	$(call say,"building the guest that does nothing")
	@$(CARGO) fetch --quiet
	@$(REMAPPED) $(CARGO) build --quiet --profile wasm --target $(WASM_TARGET) --package mysql-replication-do-nothing
	@hack/optimise $@ $@

.PHONY: do-nothing.wasm
do-nothing.wasm: $(DO_NOTHING_WASM)

annotated-policy.wasm: policy.wasm policy-metadata/metadata.yml README.md ## Add the metadata to the policy (needs kwctl)
	kwctl annotate --metadata-path policy-metadata/metadata.yml --usage-path README.md --output-path $@ $<

# With the workspace's features, as the tests are built: else its dependencies would be built once more for those. No
# more of the workspace is built than this program needs.
PREVIEW := mysql-replication-preview
.PHONY: preview
preview: policy.wasm ## Build the program that shows what the policy does with manifests
	$(call say,"building $(PREVIEW) (a minute the first time)")
	@$(CARGO) build --quiet --workspace --bin $(PREVIEW)
	@ln -sf $(PREVIEW) target/debug/preview

.PHONY: demo
demo: preview ## Show the plain StatefulSet of examples/ going in and the cluster coming out
	$(call say,"this goes in: examples/statefulset.yaml")
	@cat examples/statefulset.yaml
	$(call say,"this comes out; the scripts are shortened here")
	@target/debug/$(PREVIEW) --brief examples/statefulset.yaml
	$(call say,"all of it: target/debug/$(PREVIEW) examples/*.yaml")

PAGE_TARGET := wasm32-unknown-unknown
PAGE := target/$(PAGE_TARGET)/page/mysql_replication_playground.wasm
BINDINGS := target/playground-bindings
PLAYGROUND := target/playground
NODE_MODULES := playground/node_modules/.package-lock.json

# wasm-opt is left out: Debian's is too old for what the bindings make of references to JavaScript.
$(PAGE): $(SOURCES)
	@rustup target list --installed | grep -qx $(PAGE_TARGET) || { \
		printf '==> installing the Rust target %s\n' $(PAGE_TARGET); rustup target add $(PAGE_TARGET); }
	$(call say,"building the playground's module (a minute the first time)")
	@$(CARGO) fetch --quiet
	@$(REMAPPED) $(CARGO) build --quiet --profile page --target $(PAGE_TARGET) --package mysql-replication-playground
	@touch $@

# With the workspace's features, as `preview` is built.
$(BINDINGS)/page.js: $(PAGE)
	$(call say,"writing its bindings (a minute the first time: their program is built)")
	@$(CARGO) build --quiet --workspace --bin bindings
	@target/debug/bindings $(PAGE) $(BINDINGS)

$(NODE_MODULES): playground/package.json playground/package-lock.json playground/.npmrc
	@hack/install-missing node:nodejs npm
	$(call say,"installing the page's packages")
	@npm ci --prefix playground --silent
	@touch $@

.PHONY: playground
playground: policy.wasm $(BINDINGS)/page.js $(NODE_MODULES) ## Build the page where the policy runs in the browser
	$(call say,"building the page")
	@for part in playground:$(PAGE_TARGET) policy:$(WASM_TARGET); do \
		$(CARGO) tree --package "mysql-replication-$${part%:*}" --target "$${part#*:}" --edges normal --prefix none \
			--format '{p}: {l}'; done | grep -v '[(]' | sort -u >$(BINDINGS)/crates.txt
	@npm run --prefix playground --silent build
	@printf 'any static host can serve %s, for instance: python3 -m http.server --directory %s\n' \
		$(PLAYGROUND) $(PLAYGROUND)

.PHONY: test-playground
test-playground: playground preview ## Test the page in Chromium; screenshots are in target/playground-screenshots
	@hack/install-missing chromium wasm-as:binaryen
	$(call say,"recording what the native function says of the golden files")
	@$(CARGO) build --quiet --workspace --bin record-goldens
	@mkdir -p target/playground-goldens
	@target/debug/record-goldens >target/playground-goldens/goldens.jsonl
	$(call say,"types of the page and its tests")
	@npm run --prefix playground --silent check
	$(call say,"the page in Chromium (two minutes)")
	@npm run --prefix playground --silent test

.PHONY: fmt
fmt: ## Check the formatting
	$(call say,"formatting")
	@cargo fmt --all --check

.PHONY: lint
lint: tools shellcheck ## Run clippy and shellcheck; a warning is an error
	$(call say,"clippy (about four minutes the first time)")
	@$(CARGO) clippy --quiet --workspace --all-targets -- --deny warnings

.PHONY: shellcheck
shellcheck: tools
	$(call say,"shellcheck")
	@shellcheck --severity=style .ci/run hack/* preview/tests/stand-ins/* e2e-tests/replication/images/{docker-entrypoint.sh,make-*,*-stand-in}
	@shellcheck --severity=style --exclude=SC1091 e2e-tests/stand-ins/*

# The tests are built by clippy, which is the compiler with its lints: `cargo clippy` by itself would go through all
# dependencies once more, for minutes.
LINTED := RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings

.PHONY: test
test: tools fmt shellcheck policy.wasm do-nothing.wasm ## Run all checks and tests
	$(call say,"clippy and building the tests (some minutes the first time: they embed a WebAssembly compiler)")
	@$(LINTED) $(CARGO) test --quiet --workspace --no-run
	$(call say,"tests (about two minutes)")
	@$(LINTED) $(CARGO) test --workspace
	@hack/check-artefact policy.wasm

.PHONY: bench
bench: policy.wasm do-nothing.wasm ## Measure the policy beside one that does nothing (ARGS=--quick, --output json, ...)
	$(call say,"building the benchmark (about six minutes the first time: it embeds a WebAssembly compiler)")
	@$(CARGO) build --quiet --release --package mysql-replication-bench
	@target/release/bench $(ARGS)

.PHONY: e2e-tests
e2e-tests: annotated-policy.wasm ## Run the tests of the annotated policy with kwctl (needs kwctl and bats)
	bats e2e-tests/kwctl

.PHONY: pictures
pictures: preview ## Make the pictures of the documents anew (needs python3)
	@UPDATE_GOLDENS=1 $(LINTED) $(CARGO) test --quiet --workspace --test pictures -- pictures_are

.PHONY: artifacthub
artifacthub: ## Write Artifact Hub's package file anew (needs kwctl)
	@mkdir -p target
	kwctl scaffold artifacthub --metadata-path policy-metadata/metadata.yml \
		--questions-path policy-metadata/questions-ui.yml --output target/artifacthub-pkg.yml
	hack/artifacthub target/artifacthub-pkg.yml >artifacthub/artifacthub-pkg.yml

.PHONY: check-publishing
check-publishing: annotated-policy.wasm ## Compare what is published with what kwctl makes of it (needs kwctl)
	@hack/check-publishing $<

CHART := charts/mysql-replication-policy

.PHONY: check-chart
check-chart: ## Check the chart by the program helm, with every example of its values (needs helm)
	@command -v helm >/dev/null || { echo 'error: helm is needed and not installed' >&2; exit 1; }
	helm lint --strict $(CHART)
	@for values in $(CHART)/values.yaml $(CHART)/examples/*.yaml; do \
		printf '==> %s\n' "$$values"; \
		helm template mysql-replication $(CHART) --namespace kubewarden --values "$$values" >/dev/null; done

.PHONY: lint-workflows
lint-workflows: ## Check the GitHub workflows (needs actionlint)
	@command -v actionlint >/dev/null || { echo 'error: actionlint is needed and not installed' >&2; exit 1; }
	actionlint .github/workflows/*.yml

.PHONY: deny
deny: ## Check licenses, sources and known faults of the dependencies (needs cargo-deny; ARGS=licenses, ...)
	@command -v cargo-deny >/dev/null || { \
		echo 'error: cargo-deny is needed and not installed; run `cargo install --locked cargo-deny`' >&2; exit 1; }
	cargo deny --locked --workspace check $(ARGS)

VERSION := $(shell sed -n 's/^  io\.kubewarden\.policy\.version: *//p' policy-metadata/metadata.yml)
TAG ?= v$(VERSION)
SBOM := target/policy-sbom.spdx.json

.PHONY: sbom
sbom: ## List what the policy is made of, as SPDX (needs syft)
	@command -v syft >/dev/null || { echo 'error: syft is needed and not installed' >&2; exit 1; }
	@mkdir -p $(dir $(SBOM))
	syft scan --output spdx-json=$(SBOM) --exclude './target/**' --exclude './playground/**' \
		--source-name mysql-replication-policy --source-version $(VERSION) dir:.

# Rust's name for the system that a binary is for; empty is this one
TARGET ?=

.PHONY: preview-binary
preview-binary: ## Build the program as it is published, with policy.wasm inside (TARGET=...)
	@hack/preview-binary $(TARGET)

.PHONY: preview-image
preview-image: policy.wasm preview-binary ## Build the image of the program for manifests (needs podman)
	@command -v podman >/dev/null || { echo 'error: podman is needed and not installed' >&2; exit 1; }
	podman build --file Containerfile --tag mysql-replication-preview:$(TAG) target/dist

# the module that the binaries have inside
BUILT ?= target/built/policy.wasm

.PHONY: same-policy
same-policy: policy.wasm ## Make sure that policy.wasm is the one that the binaries were built with (BUILT=...)
	@cmp $(BUILT) $< && printf '%s is the same as %s\n' $< $(BUILT)

.PHONY: publish-preview
publish-preview: ## Push and sign the image of what is in target/dist as TAG (needs podman, cosign, a login)
	@hack/publish-preview $(TAG)

.PHONY: publish
publish: annotated-policy.wasm sbom ## Push and sign policy and chart as TAG (needs kwctl, cosign, helm, jq, syft, a login)
	@hack/publish annotated-policy.wasm $(SBOM) $(TAG)

.PHONY: github-release
github-release: publish publish-preview ## Create the release TAG on GitHub, with all that is published (needs gh)
	@cd target/dist && sha256sum mysql-replication-preview-* >SHA256SUMS
	gh release create $(TAG) --verify-tag --generate-notes policy.wasm annotated-policy.wasm \
		$(SBOM) $(SBOM:.json=.jsonl.bundle.sigstore) target/dist/*

# made: from Debian packages, here; official: those that users have, pulled where podman does not have them
IMAGES ?= made

.PHONY: e2e-replication
e2e-replication: policy.wasm ## Run what is injected in containers on real databases (needs root; IMAGES=official, ARGS=--help)
	@hack/install-missing podman runc /usr/lib/podman/netavark:netavark catatonit iptables debootstrap openssl \
		nsenter:util-linux
	$(call say,"building e2e-replication (a minute the first time)")
	@$(CARGO) build --quiet --workspace --bin e2e-replication
	$(call say,"clusters on real databases (about half an hour; two more where the images must be made)")
	@$(if $(filter-out 0,$(shell id -u)),sudo --non-interactive) target/debug/e2e-replication --images $(IMAGES) $(ARGS)

# the same seed gives the same faults
SEED ?= $(shell date +%s)
SECONDS ?= 600

.PHONY: chaos
chaos: ## Draw random faults for clusters on real databases (SEED=..., SECONDS=... on each, ARGS='--database ...')
	@$(MAKE) --no-print-directory e2e-replication \
		ARGS="--scenario 26 --chaos-seed $(SEED) --chaos-seconds $(SECONDS) $(ARGS)"

.PHONY: kind-cluster
kind-cluster: annotated-policy.wasm ## Make a cluster with Kubewarden and the policy (needs docker, helm, kind, kwctl)
	@hack/kind-cluster $<

# a policy server that is started by hand, by its URL, and the certificate of its authority; else an installed Kubewarden
POLICY_SERVER ?=
POLICY_SERVER_CA ?=

.PHONY: e2e-cluster
e2e-cluster: ## Do on the cluster of KUBECONFIG what users do (needs kubectl; ARGS=--help; see CONTRIBUTING.md)
	@command -v kubectl >/dev/null || { echo 'error: kubectl is needed and not installed' >&2; exit 1; }
	@test -n '$(KUBECONFIG)' || { echo 'error: name a cluster that nobody else needs: KUBECONFIG=FILE' >&2; exit 1; }
	$(call say,"building e2e-cluster (a minute the first time)")
	@$(CARGO) build --quiet --workspace --bin e2e-cluster
	@KUBECONFIG='$(KUBECONFIG)' target/debug/e2e-cluster $(if $(POLICY_SERVER),--policy-server '$(POLICY_SERVER)') \
		$(if $(POLICY_SERVER_CA),--policy-server-ca '$(POLICY_SERVER_CA)') $(ARGS)

.PHONY: clean
clean: ## Remove what was built
	cargo clean
	rm -f policy.wasm annotated-policy.wasm
