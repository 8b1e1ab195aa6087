"""What a threshold, a weight or a rule would mean: on all leads, in the past and today."""
