#!/bin/sh
# Looks for drift in the stack of the project in the current directory; writes nothing, neither users nor state.
#
# Exit code 0: CVC is as declared. 7: it is not, and the differences are shown. Anything else: it could not be told.
export CVC_READ_ONLY=true
exec pulumi refresh --preview-only --expect-no-changes --diff --non-interactive "$@"
