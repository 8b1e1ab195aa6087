"""A model learned from outcomes: proposed rules with whole points, and their proof on leads it has not seen."""
