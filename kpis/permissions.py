"""Who may set what metrics are held against, and have the numbers computed."""

from team.authorization import Action, register_action

SET_GOAL = register_action(
    Action(
        "set_goal", "set or delete a joint goal", "the CEO, CMO, CRO or CFO", right="set_goal",
        addresses=(
            "metric_goal", "metric_goal_edit", "api-goals-list", "PUT api-goals-detail", "DELETE api-goals-detail",
        ),
    )
)  # fmt: skip
SET_BENCHMARK = register_action(
    Action(
        "set_benchmark", "set or delete a benchmark", "the CFO or an ops admin", right="set_benchmark",
        addresses=(
            "metric_benchmark", "metric_benchmark_edit", "api-benchmarks-list", "PUT api-benchmarks-detail",
            "DELETE api-benchmarks-detail",
        ),
    )
)  # fmt: skip
RECOMPUTE = register_action(
    Action(
        "recompute", "start a run", "the leaders, the CFO or an ops admin", right="recompute", addresses=("runs",)
    )
)  # fmt: skip
