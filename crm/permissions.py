"""Who may enter exchange rates, and the people whom all that imports names."""

from team.authorization import Action, register_action

IMPORTERS = "the CMO, the CRO or an ops admin"

ENTER_RATE = register_action(
    Action("enter_rate", "enter an exchange rate", IMPORTERS, right="import", addresses=("exchange_rates",))
)
