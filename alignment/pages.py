"""The pages of what the people answer and what both sides sign beyond single agreements."""

from alignment.permissions import OVERVIEW_READERS, ROUND_MAKERS, ROUND_READERS, signs_for_a_side
from team.access import declare_right
from team.navigation import Page, register_page

# Who sends the links does not read what comes of them: ops admins and the owner of the installation read no results.
declare_right("open_rounds", ROUND_MAKERS, is_owners=False)
declare_right("read_rounds", ROUND_READERS, also=signs_for_a_side, is_owners=False)
declare_right("see_rounds", ROUND_MAKERS | ROUND_READERS, also=signs_for_a_side)
declare_right("see_overview", OVERVIEW_READERS)

register_page(Page("Overview", "overview", icon="home", group="Results", position=5, right="see_overview"))
register_page(Page("Alignment", "workspace", icon="check-badge", group="Agreements", position=5))
register_page(Page("Joint plan", "plan", icon="flag", group="Agreements", position=20))
register_page(Page("Joint review", "reviews", icon="presentation-chart-line", group="Agreements", position=25))
register_page(Page("Accountability", "matrix", icon="table-cells", group="Agreements", position=30))
register_page(Page("Lexicon", "lexicon", icon="book-open", group="Agreements", position=40))
register_page(
    Page("Assessment", "rounds", icon="chat-bubble-left-right", group="Agreements", position=50, right="see_rounds")
)
register_page(
    Page("Alignment index", "alignment_index", icon="chart-bar", group="Agreements", position=60, right="read_rounds")
)
