"""Moving a home from the embedded log to Apache Kafka."""
