#!/bin/sh
# No file of the project names a folder of somebody's machine, a tool only he has, or the host of a package registry.
. test/lint/common.sh
# A bracket in each alternative keeps this file from finding itself.
complain "$(project_files ! -name '*.png' ! -name LICENSE | xargs grep -nIE \
	'/(w[o]rk|f[a]rm|h[o]me|U[s]ers|tmp/br[i]ef)/|\.libr[a]ry/|f[a]rm-(bench|studio)|bash_j[o]bs|(d[e]b|security|ftp)\.debi[a]n\.|registry\.npm[j]s|p[y]pi\.org|cr[a]tes\.io|pr[o]xy\.golang|iss[u]es (show|list) ' \
	| head -n 20)"
