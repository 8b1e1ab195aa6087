"""What detectors observe that no metric counts."""
