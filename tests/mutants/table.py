"""All mutants."""

from tests.mutants.chain import CHAIN
from tests.mutants.mutant import Mutant
from tests.mutants.operators import OPERATORS
from tests.mutants.people import PEOPLE

MUTANTS: tuple[Mutant, ...] = (*PEOPLE, *CHAIN, *OPERATORS)
