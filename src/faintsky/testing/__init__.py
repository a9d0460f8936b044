"""The conformance suites that tell a plugin author whether a component is right."""

from pkgutil import iter_modules

from faintsky.core.extras import require

# The assertions of the suites say what they compared, as if they stood in the author's own test file.
require("pytest", extra="test").register_assert_rewrite(*(suite.name for suite in iter_modules(__path__, f"{__name__}.")))
