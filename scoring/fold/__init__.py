"""The fold: one account's state, and what each fact does to it."""
