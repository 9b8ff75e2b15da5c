"""2. What follows from contracts, as plain data: no Spark, no Great Expectations, no Airflow."""
