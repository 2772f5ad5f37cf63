# hospital_cost: floors become objects, parts become the installation script.
EXTENSION  = hospital_cost
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)
MODULE_big = $(EXTENSION)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/core/*.c src/store/*.c src/entry/*.c)))

SCRIPT     = build/$(EXTENSION)--$(EXTVERSION).sql
UPDATES    = $(patsubst src/migrate/%.sql,build/$(EXTENSION)--%.sql,$(wildcard src/migrate/*.sql))
DATA_built = $(SCRIPT) $(UPDATES)
EXTRA_CLEAN = build

PG_CPPFLAGS = -Isrc -DPGDLLEXPORT='__attribute__((visibility("default")))'
# A compiler newer than ours may warn of something new: make WERROR= builds all the same.
WERROR ?= -Werror
PG_CFLAGS   = -Wall -Wextra $(WERROR) -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
              -Wno-declaration-after-statement -fvisibility=hidden $(HC_CFLAGS)

REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --dbname=contrib_regression
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=build/isolation --load-extension=btree_gist --load-extension=hospital_cost

PG_CONFIG ?= pg_config
# PGXS is asked for only when there is one, so that "make core" and "make lint" run on a machine without PostgreSQL.
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)
else
all install installcheck:
	@echo "PostgreSQL's build files are missing: install postgresql-server-dev-15 (or set PG_CONFIG), or run ./hc test" >&2; exit 1
endif

$(SCRIPT): $(sort $(wildcard src/schema/*.sql src/api/*.sql)) src/compose $(EXTENSION).control
	@mkdir -p build
	sh src/compose install > $@.tmp && mv $@.tmp $@

build/$(EXTENSION)--%.sql: src/migrate/%.sql $(wildcard src/api/*.sql) src/compose
	@mkdir -p build
	sh src/compose update $(subst --, ,$*) > $@.tmp && mv $@.tmp $@

# Every object depends on every header: a few seconds of rebuilding are cheaper than a stale object.
$(OBJS): $(sort $(wildcard src/*/*.h))

# Results of tests stay out of the source folders.
installcheck: | build/isolation
build/isolation:
	@mkdir -p $@

.PHONY: core fuzz lint
core:
	@$(MAKE) -s -C test/core check
fuzz:
	@$(MAKE) -s -C test/fuzz fuzz T=$(or $(T),60)
lint:
	@sh test/lint/all
