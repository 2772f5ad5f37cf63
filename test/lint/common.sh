# Shared by the lints, which run in the root of the tree. Sourced.

# project_files [FIND TEST...]: every file a person wrote, sorted; what is built or left by a test is not one.
project_files() {
	find . \( -path ./.git -o -path ./build -o -path ./results -o -path ./log -o -path ./output_iso -o -name 'tmp_check*' \
		-o -path ./test/core/build -o -path ./test/fuzz/build -o -path ./test/isolation/results \) -prune \
		-o -type f ! -name '*.o' ! -name '*.bc' ! -name '*.so' ! -name 'regression.*' "$@" -print | sed 's|^\./||' | sort
}

# complain TEXT: TEXT is all complaints of this lint, one a line; empty is well.
complain() {
	[ -z "$1" ] || { echo "$1"; exit 1; }
}
