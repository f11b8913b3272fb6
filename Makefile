# Bobtail. `make help` lists the targets.
#
# Each folder of src/ is one archive; a program or test links the archives that the dependency law (LAW_*) grants its
# folder and nothing else. tools/check-layers checks the #includes against the same lines.
FLAVOUR ?= release
BUILD ?= build
OUT := $(BUILD)/$(FLAVOUR)
CC ?= gcc
ifneq ($(shell command -v ccache 2>/dev/null),)
CCACHE := ccache
endif

VERSION := 2026.4.0
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wno-unused-parameter -Werror
CPPFLAGS := -Isrc -I. -D_GNU_SOURCE -DBOBTAIL_VERSION='"$(VERSION)"'
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -DARENA_MALLOC -DFAULTS
# as released, but dynamic and with fault points: what tests/fault records and breaks
CFLAGS_fault := -O2 -g -DFAULTS
CFLAGS_tsan := -O1 -g -fsanitize=thread -DFAULTS
CFLAGS := -std=gnu11 -fPIE $(WARN) $(CFLAGS_$(FLAVOUR)) -ffunction-sections -fdata-sections
LDFLAGS := -pie -pthread -Wl,--as-needed -Wl,-z,relro,-z,now -Wl,--gc-sections $(filter -fsanitize=%,$(CFLAGS_$(FLAVOUR)))
# The step executor and the launcher are static files that start without relocation work; sanitizers need a dynamic one.
STATIC_release := -static -no-pie -pthread -Wl,--gc-sections
STATIC = $(or $(STATIC_$(FLAVOUR)),$(LDFLAGS))

# The dependency law, lowest folder first; each line names all folders that may be used, nearest first.
LAW_base :=
LAW_os := base
LAW_crypt := base
LAW_packages := base
LAW_template := base
LAW_jobs := crypt os base
LAW_step := template crypt os base
LAW_schema := base
LAW_model := schema base
LAW_rules := template packages model schema base
LAW_db := os base
LAW_store := db packages model schema crypt os base
LAW_fleet := rules template store db packages model schema jobs crypt os base
LAW_engine := fleet rules template store db packages model schema jobs crypt os base
LAW_http := crypt os base
LAW_api := http engine fleet rules template store db packages model schema jobs crypt os base
LAW_server := api http engine fleet rules template store db packages model schema jobs crypt os base

FOLDERS := $(patsubst LAW_%,%,$(filter LAW_%,$(.VARIABLES)))
LIBS_base := -ljansson
LIBS_crypt := -lsodium -lcrypto
LIBS_db := -lsqlite3 -lpq
LIBS_engine := -lzstd
LIBS_store := -lzstd
LIBS_http := -lmicrohttpd -lgnutls

# sources of a folder without its main files (main*.c hold a main function)
sources = $(filter-out src/$(1)/main.c src/$(1)/main_%.c,$(wildcard src/$(1)/*.c src/$(1)/*/*.c))
objects = $(patsubst %.c,$(OUT)/%.o,$(1))
archive = $(OUT)/lib$(1).a
closure = $(1) $(LAW_$(1))
archives = $(foreach f,$(call closure,$(1)),$(call archive,$(f)))
libraries = $(sort $(foreach f,$(call closure,$(1)),$(LIBS_$(f))))

PROGRAMS := $(OUT)/bin/bobtail-server $(OUT)/bin/bobtail-step $(OUT)/bin/bobtail-launcher
UNIT_SOURCES := $(wildcard tests/unit/*/*.c)
UNIT_TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(UNIT_SOURCES))
STORE_TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/store/*.c))
FUZZ_TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/fuzz/*.c))

.PHONY: all help programs tests tsan-tests fault-tools check check-fast bench soak deb fuzz clean lint format headers
.SECONDARY:
all: programs ## the programs (FLAVOUR=release|asan|tsan)
programs: $(PROGRAMS)
tests: $(UNIT_TESTS) $(STORE_TESTS) $(FUZZ_TESTS) ## the C tests
# those of the folders that have threads, for FLAVOUR=tsan
TSAN_FOLDERS := os jobs db fleet engine http api server
# these have no second thread, and would take minutes
TSAN_SKIPPED := $(addprefix $(OUT)/tests/unit/engine/,masker output service_message)
TSAN_TESTS := $(filter-out $(TSAN_SKIPPED),$(foreach f,$(TSAN_FOLDERS),$(filter $(OUT)/tests/unit/$(f)/%,$(UNIT_TESTS)))) $(STORE_TESTS)
tsan-tests: $(TSAN_TESTS)

$(OUT)/%.o: %.c
	@mkdir -p $(@D)
	$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@
# files that are embedded by .incbin
$(OUT)/src/step/bash.o: src/step/bootstrap.sh src/step/helpers.sh
$(OUT)/src/step/python.o: src/step/bootstrap.py
$(OUT)/src/step/powershell.o: src/step/bootstrap.ps1
$(OUT)/src/store/migrations.o: $(wildcard migrations/*.sql)
define folder_rule
$(call archive,$(1)): $(call objects,$(call sources,$(1)))
	@mkdir -p $$(@D); rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rule,$(f))))

$(OUT)/bin/bobtail-server: $(OUT)/src/server/main.o $(call archives,server)
	@mkdir -p $(@D)
	$(CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(call libraries,server) -o $@
$(OUT)/bin/bobtail-step: $(OUT)/src/step/main.o $(call archives,step)
	@mkdir -p $(@D)
	$(CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(STATIC) $(call libraries,step) -o $@
$(OUT)/bin/bobtail-launcher: $(OUT)/src/jobs/main_launcher.o $(call archives,jobs)
	@mkdir -p $(@D)
	$(CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(STATIC) $(call libraries,jobs) -o $@

# tests that run the programs
$(filter $(OUT)/tests/unit/step/%,$(UNIT_TESTS)): | $(OUT)/bin/bobtail-step
$(filter $(OUT)/tests/unit/jobs/% $(OUT)/tests/unit/fleet/%,$(UNIT_TESTS)): | $(OUT)/bin/bobtail-launcher
# tests/unit/<folder>/x.c links what its folder may use
define unit_rule
$(OUT)/tests/unit/$(1)/%: $(OUT)/tests/unit/$(1)/%.o $(OUT)/tests/lib/tap.o $(call archives,$(1))
	@mkdir -p $$(@D)
	$(CC) $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LDFLAGS) $(call libraries,$(1)) -o $$@
endef
$(foreach f,$(FOLDERS),$(eval $(call unit_rule,$(f))))
$(OUT)/tests/store/%: $(OUT)/tests/store/%.o $(OUT)/tests/lib/tap.o $(OUT)/tests/lib/database.o $(call archives,store)
	@mkdir -p $(@D)
	$(CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(call libraries,store) -o $@
$(OUT)/tests/fuzz/%: $(OUT)/tests/fuzz/%.o $(OUT)/tests/lib/corpus.o $(call archives,api)
	@mkdir -p $(@D)
	$(CC) $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS) $(call libraries,api) -o $@

# the recorder and the rebuilder of tests/fault: no sanitizer, since the recorder is loaded into foreign programs
FAULT_TOOLS := $(addprefix $(OUT)/tests/fault/,preload.so replay known)
fault-tools: $(FAULT_TOOLS)
$(OUT)/tests/fault/preload.so: tests/fault/preload.c tests/fault/record.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 -g $(WARN) -fPIC -shared -pthread $< -ldl -o $@
$(OUT)/tests/fault/replay: tests/fault/replay.c tests/fault/record.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 -g $(WARN) $< -o $@
$(OUT)/tests/fault/known: tests/fault/known.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -std=gnu11 -O2 -g $(WARN) $< -lsqlite3 -o $@

# each header compiles alone
HEADERS := $(wildcard src/*/*.h src/*/*/*.h tests/lib/*.h)
headers: $(patsubst %,$(OUT)/headers/%.ok,$(HEADERS)) ## compiles each header alone
$(OUT)/headers/%.ok: %
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -MMD -MP -MF $@.d -MT $@ -x c -include $< /dev/null
	@touch $@

RUN_TESTS := tools/run-tests -l $(OUT)/logs
check: ## every test; sets up the machine first
	./check
check-fast: $(UNIT_TESTS) $(STORE_TESTS) $(OUT)/bin/bobtail-step $(OUT)/bin/bobtail-launcher ## unit tests, and the store on SQLite
	@$(RUN_TESTS) $(UNIT_TESTS) $(OUT)/tests/store/sqlite \
		$(foreach t,$(filter-out %/sqlite %/postgres,$(STORE_TESTS)),"store/$(notdir $t) on SQLite=$t on_sqlite")
# What tests/fault plays in a few rounds within ./check; BOBTAIL_FAULT_SEED=n repeats the choices of one run.
soak: ## the fault tests in their long form: ROUNDS=n per database, 500; takes hours
	@$(MAKE) --no-print-directory FLAVOUR=fault programs fault-tools
	@BOBTAIL_BIN=$(abspath $(BUILD))/fault/bin BOBTAIL_FAULT_ROUNDS=$(or $(ROUNDS),500) $(RUN_TESTS) -j 1 -t 36000 \
		$(wildcard tests/fault/*.test.mjs tests/load/*.test.mjs)
bench: ## the figures of docs/performance.md, each beside its peer
	@tools/setup --bench && $(MAKE) --no-print-directory FLAVOUR=release programs
	@bench/run
deb: ## the Debian package, in build/deb
	@$(MAKE) --no-print-directory FLAVOUR=release programs
	@packaging/deb/build $(BUILD)/release/bin $(BUILD)/deb
fuzz: ## mutates the corpora for SECONDS=n per target, 60
	@$(MAKE) --no-print-directory FLAVOUR=asan tests
	@for t in $(patsubst tests/%.c,$(BUILD)/asan/tests/%,$(wildcard tests/fuzz/*.c)); do \
		echo "$$t"; $$t --seconds $(or $(SECONDS),60) || exit 1; done
lint: headers ## layers, banned words, format, static analysis, headers
	@tools/check-layers && tools/check-banned && tools/check-format && tools/check-static
	@tools/long-files
format: ## lays the C code out
	@tools/check-format --fix

print-%: # the value of a variable, for ./check
	@echo $($*)
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
clean: ## removes what was built
	rm -rf $(BUILD)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
