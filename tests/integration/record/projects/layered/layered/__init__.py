"""A project of many kinds of middleware, for the tests of the recorder."""
