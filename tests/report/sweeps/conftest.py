"""A plan made by hand, as in the tests of running sweeps."""

from tests.runtime.sweeps.conftest import planned as planned
