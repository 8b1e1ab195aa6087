"""Salesforce by Bulk API 2.0."""
