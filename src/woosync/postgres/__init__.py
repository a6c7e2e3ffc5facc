"""The only code that talks SQL: engine, tables, migrations, bulk writes, one module per noun."""
