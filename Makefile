# Millrace: everything a newcomer types. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FLAGS := --explicit-target-dependency-import-check error
RELEASE := swift build -c release $(FLAGS)
VENV := .build/clients
# The facts and the Apache Kafka that may lie beside the project; `make test` says what it leaves out without them.
SHARED ?= ../shared
export KAFKA_HOME ?= $(wildcard $(SHARED)/kafka)
export MILLRACE_CLIENTS := $(CURDIR)/$(VENV)/bin/python
export SWIFT_BACKTRACE ?= enable=no

SEED ?= 1
POINTS ?= 20000
FLIPS ?= 20000
MINUTES ?= 3
AGAINST ?= millrace
SECONDS_PER_TARGET ?= 60
CYCLES ?= 3
COPIES ?= 20
PLANTED = .build-planted/release/millrace
SCENARIO ?= connections memory partitions groups folder

.PHONY: help setup setup-test build run test check bench bench-native limits fuzz simulate faults demo format lint \
  test-build planted sanitizers compare tools powercut tracejudge planted-server torture figures

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## installs the C libraries the build needs, when one is missing
	@Scripts/packages libisal-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev libmicrohttpd-dev libre2-dev pkg-config

setup-test: setup ## installs what the end-to-end tests need beside it
	@Scripts/packages kcat python3 python3-venv strace
	@Scripts/clients $(VENV)

build: setup ## .build/release/millrace and .build/release/wirecheck
	@$(RELEASE) --product millrace
	@$(RELEASE) --product wirecheck

run: build ## serves ./millrace-data on 127.0.0.1:9092
	@exec .build/release/millrace serve

test-build: setup-test
	@$(RELEASE) --build-tests

test: test-build ## units, simulation, end to end; one build flavour
	@Scripts/left-out
	@MILLRACE_KILL_CYCLES=$(CYCLES) \
	  swift test -c release $(FLAGS) --skip-build --disable-xctest

lint: ## the style, strictly
	@swift format lint --strict --recursive Sources Tests Fuzzing Package.swift

format: ## writes the style
	@swift format --in-place --recursive Sources Tests Fuzzing Package.swift

check: test ## test, style, Kafka's tools and answers, sanitizers, fuzzing, planted bugs, 100,000 crash points, power cuts, figures, kills
	@$(MAKE) lint
	@Scripts/tools
	@Scripts/compare
	@Scripts/sanitizers
	@$(MAKE) fuzz
	@$(MAKE) planted
	@$(MAKE) simulate SEEDS=200001..202500
	@$(MAKE) faults
	@$(MAKE) tracejudge powercut
	@MILLRACE_KILLED_CALLS=20 Scripts/some-tests EndToEndTests.KilledCallTests
	@MILLRACE_KILLED_CALLS=20 Scripts/some-tests EndToEndTests.StandstillTests
	@$(MAKE) figures
	@MILLRACE_KILL_CYCLES=50 Scripts/some-tests EndToEndTests.KillTests
	@MILLRACE_KILL_CYCLES=10 Scripts/some-tests ForeignClientTests.StreamsTests
	@MILLRACE_KILL_CYCLES=50 Scripts/some-tests ForeignClientTests.ReadProcessWriteTests
	@$(MAKE) limits SCENARIO=memory OPTIONS=SECONDS=10
	@Scripts/torture 120
	@$(MAKE) demo

compare: test-build ## the same requests to Millrace and to Apache Kafka
	@Scripts/compare

tools: build setup-test ## Kafka's command-line tools and kcat against a running server, one line each
	@Scripts/tools

sanitizers: setup-test ## the unit tests and a short simulation under the thread and the address sanitizer
	@Scripts/sanitizers

planted: setup-test ## every planted bug must be found: by the simulation, and by torture where a kill can show it
	@swift build -c release $(FLAGS) --traits PlantedBugs --scratch-path .build-planted --product simulate
	@.build-planted/release/simulate --planted
	@$(RELEASE) --product torture
	@Scripts/torture-planted

planted-server: setup ## the server with planted bugs, for the controls of tracejudge and powercut
	@swift build -c release $(FLAGS) --traits PlantedBugs --scratch-path .build-planted --product millrace

bench: build ## the table beside Apache Kafka in one run; SAVE=1 keeps it; ROWS=produce,consume and PAIRS=2 for a part
	@Scripts/packages gcc python3
	@$(RELEASE) --product loadgen
	@Benchmarks/bench $(if $(SAVE),--save) $(ROWS)

figures: build ## instructions and allocations of a batch and of a fetch, against the stored ones; SAVE=1 stores them
	@Scripts/packages gcc binutils python3 valgrind
	@$(RELEASE) --product loadgen
	@Benchmarks/allocations
	@Benchmarks/instructions

bench-native: build ## the project's own generator against .build/release/millrace; LOAD has its options, PAIRS the runs
	@$(RELEASE) --product loadgen
	@Benchmarks/native .build/release/millrace -- $(LOAD)

limits: build ## the server at its limits: SCENARIO names some of connections memory partitions groups folder soak, OPTIONS numbers
	@$(RELEASE) --product limits
	@for scenario in $(SCENARIO); do .build/release/limits $$scenario $(OPTIONS); done

fuzz: setup ## each fuzz target for SECONDS_PER_TARGET
	@Scripts/fuzz $(SECONDS_PER_TARGET)

simulate: setup ## seeded crashes of the whole engine: POINTS crash points from SEED on, or SEEDS=a..b with LEDGER=file
	@$(RELEASE) --product simulate
	@$(if $(SEEDS),Scripts/simulate $(SEEDS) $(LEDGER),.build/release/simulate $(POINTS) $(SEED))

faults: setup ## every call failed, disks filled, writes gone astray, files mixed up; FLIPS single bits flipped at rest
	@$(RELEASE) --product simulate
	@.build/release/simulate --faults $(SEED)
	@.build/release/simulate --flips $(FLIPS) $(SEED)

tracejudge: build setup-test planted-server ## system calls under load: no acknowledgement leaves before the sync that covers it
	@$(RELEASE) --product loadgen
	@$(RELEASE) --product tracejudge
	@PLANTED=$(PLANTED) Scripts/tracejudge

powercut: build setup-test planted-server ## power cuts of the release binary on a disk that loses what was not flushed: COPIES images
	@PLANTED=$(PLANTED) Scripts/powercut $(COPIES) $(SEED)

torture: build setup-test ## MINUTES of kills, pauses and cuts under clients of three kinds, judged; AGAINST=kafka, SEED
	@$(RELEASE) --product torture
	@Scripts/torture $$(($(MINUTES) * 60)) $(AGAINST) $(if $(filter file,$(origin SEED)),,$(SEED))

demo: build ## a real file through kill -9: FILE=path chooses it
	@Scripts/packages kcat
	@Scripts/demo $(FILE)
