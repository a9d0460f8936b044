"""The conformance suites that tell a plugin author whether a component is right."""
