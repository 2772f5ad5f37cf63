#!/bin/sh
# allocation_core: the arithmetic alone, without a server: exact step-down against the same in plain double, simultaneous equations to the exact flow
# against dense dgesv alone, cost of growth. dgesv is OpenBLAS on one thread where it is installed, else the LAPACK that is; the line says which.
set -eu
. "$(dirname "$0")/lib.sh"

program=$HC_DIR/allocation_core
build() {
	gcc -std=c99 -O2 -Wall -Wextra -Isrc test/bench/allocation_core.c src/core/*.c -o "$program" "$@" 2>"$HC_DIR/build"
}
if build -lopenblas; then
	echo "  dgesv of OpenBLAS"
elif build -llapack -lblas; then
	echo "  dgesv of $(readlink -f "$(ldd "$program" | awk '$1 ~ /^liblapack/ { print $3 }')")"
else
	cat "$HC_DIR/build"
	echo "install libopenblas-serial-dev or liblapack-dev" >&2
	exit 1
fi
: >"$HC_DIR/pairs"
for _ in $(seq "$BENCH_PAIRS"); do
	OPENBLAS_NUM_THREADS=1 "$program" >>"$HC_DIR/pairs"
done

# ratio LINE OURS THEIRS: of one kind of line, one column over another.
ratio() {
	awk -v name="$1" '$1 == name { print $2, $3 }' "$HC_DIR/pairs" >"$HC_DIR/pair"
	bench_ratio "$HC_DIR/pair" "$2" "$3"
}
ratio dense 1 2 | report allocation_core_dense_to_double '<=' 30
ratio sparse 1 2 | report allocation_core_sparse_to_double '<=' 30
ratio exit_0.2 2 1 | report allocation_reciprocal_exit_20_percent_against_dgesv '>=' 3
ratio exit_0.5 2 1 | report allocation_reciprocal_exit_50_percent_against_dgesv '>=' 3
ratio exit_0.05 2 1 | report allocation_reciprocal_exit_5_percent_against_dgesv '>=' 0.8
ratio exit_0.001 2 1 | report allocation_reciprocal_exit_0.1_percent_against_dgesv '>=' 0.8
ratio growth 1 2 | report allocation_core_growth '<=' 2.3
