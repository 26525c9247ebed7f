"""PostgreSQL: engine, tables, repositories, unit of work, migrations."""
