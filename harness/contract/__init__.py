"""The contract that every method keeps, as laws that can be checked one by one.

`python -m harness.check NAME` checks a method and says what it declares, what was observed and how
to mend it; the tests of this project check all of its methods by the same laws.
"""
