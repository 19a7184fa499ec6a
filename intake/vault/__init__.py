"""The vault: names and addresses behind the contact ids."""
