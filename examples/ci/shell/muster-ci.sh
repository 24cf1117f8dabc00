#!/bin/sh
# For any CI system: plan, review, apply exactly that.
#
#   muster-ci.sh plan             writes muster.plan and plan.md; prints the review digest
#   muster-ci.sh apply DIGEST     plans again and goes on only if it is what was reviewed
#   muster-ci.sh nightly          runs the backup session "nightly"
#
# Needs MUSTER_PVE_ENDPOINT and MUSTER_PVE_TOKEN in the environment. Its exit code is that of muster.
set -eu

case "${1:-}" in
  plan)
    muster plan --out muster.plan --format markdown > plan.md
    sed -n 's/^<sub>review digest \([0-9a-f]*\) .*/\1/p' plan.md
    ;;
  apply)
    muster apply --expect-digest "${2:?the digest that was reviewed}" --junit muster.xml
    ;;
  nightly)
    muster apply --with-session nightly
    ;;
  *)
    echo "usage: muster-ci.sh plan | apply DIGEST | nightly" >&2
    exit 64
    ;;
esac
