"""Migration of an embedded home to Apache Kafka and PostgreSQL."""
