"""A test suite's queries: what each test asked, held against budgets and a baseline."""
