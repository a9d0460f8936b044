"""The conformance suites that tell a plugin author whether a component is right."""

from faintsky.core.extras import require

# The assertions of the suites say what they compared, as if they stood in the author's own test file.
require("pytest", extra="test").register_assert_rewrite(__name__)
