# mlops: a PostgreSQL extension, built by PGXS.
#
#   make, make install, make clean    as for any extension; PG_CONFIG=... picks the server
#   make demo                         the whole story on a private server; KEEP=1 leaves it running
#   make test                         packages, build, lint, unit tests, fuzzing, regression, TAP, documentation
#   make lint | make bench            the rules of doc/internals.md | ratios to the time of reading the rows
#   make installcheck                 the regression tests on a server that is running and has mlops installed

PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config

EXTENSION = mlops
MODULE_big = mlops
DATA = $(wildcard sql/mlops--*.sql)
OBJS = $(patsubst %.c,%.o,$(wildcard src/*.c src/*/*.c))

# setup makes the extension and the tables that the other inputs read
REGRESS = setup $(filter-out setup mlops--%,$(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))

PG_CPPFLAGS = -I$(srcdir)/src
# -ffp-contract=off: the row path and the block path of scoring must round alike on every CPU and compiler
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -ffp-contract=off
# the server's own flags and headers are configured for gcc: clang does not know all of them
PG_CFLAGS += $(if $(findstring clang,$(CC)),-Wno-ignored-optimization-argument -Wno-unknown-warning-option \
	-Wno-ignored-attributes)
# OpenBLAS is not here: it is opened at first use in a backend, never in the postmaster
SHLIB_LINK = -lm -lpthread -ldl
EXTRA_CLEAN = test/unit/build test/fuzz/build

# LLVM bitcode knows neither target_clones nor the flags of the kernels below
override with_llvm = no

.DEFAULT_GOAL := all

PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(wildcard $(PGXS)),)
include $(PGXS)

# PGXS does not track headers
$(OBJS): Makefile $(wildcard src/*.h src/*/*.h)

# Loops over numbers: vectorised, but with the order of additions as written (no -ffast-math).  The two flags give up errno and
# floating-point traps, neither of which is ever read.
src/kernels/%.o: CFLAGS += -O3 -fno-math-errno -fno-trapping-math
else
all install clean installcheck:
	@echo "$(PG_CONFIG) is missing: install the package postgresql-server-dev-15, or set PG_CONFIG" >&2; exit 1
endif

demo:
	@test/demo.sh
test:
	@test/run.sh
bench:
	@test/bench/run.sh
lint:
	@perl test/lint/lint.pl $(if $(wildcard mlops.so),--library mlops.so)

.PHONY: demo test bench lint
