"""The detectors that come with Accord, a module for each subject."""
