"""The log on Apache Kafka, by kafka-python."""
