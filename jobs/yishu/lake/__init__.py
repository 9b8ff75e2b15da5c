"""3. The only I/O: session, server, tables, ledger."""
