"""All mutants."""

from tests.mutants.chain import CHAIN
from tests.mutants.mutant import Mutant
from tests.mutants.operators import OPERATORS
from tests.mutants.people import PEOPLE
from tests.mutants.shipping import SHIPPING

MUTANTS: tuple[Mutant, ...] = (*PEOPLE, *CHAIN, *OPERATORS, *SHIPPING)
