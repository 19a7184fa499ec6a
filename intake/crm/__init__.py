"""CRM exports: accounts and opportunities."""
