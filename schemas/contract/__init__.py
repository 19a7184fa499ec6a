"""The published contract: JSON Schemas and one AsyncAPI document, generated from the classes."""
