from tests import typecheck as typecheck  # reached as an attribute by the array type checker
