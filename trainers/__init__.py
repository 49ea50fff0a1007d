"""Trainers: what reads the clean Parquet that curation writes."""
