"""The kinds of agreement that the workspace adds, each with a wording to begin from."""

from agreements.kinds import Kind, Starter
from alignment.lexicon.forms import ContentTerms, MessageTerms, PersonaTerms, RoleTerms, TermTerms, describe_terms
from alignment.workspace.forms import (
    ArbitrationTerms,
    MeetingTerms,
    PriorityTerms,
    RecruitingTerms,
    ReportingTerms,
    SteeringMetricTerms,
)

KINDS = (
    Kind(
        "term", "Term", "Terms", "What a term means here: lead, MQL, opportunity. It is underlined where it is used.",
        TermTerms, describe_terms,
        starter=Starter(
            "Lead", "A lead is a person who may buy, whom we know by name, and who has answered or asked us something.",
            {"avoid": ["suspect", "prospect"]},
        ),
    ),
    Kind(
        "persona", "Buyer persona", "Buyer personas", "Whom both teams have in mind when they say “buyer”.",
        PersonaTerms, describe_terms,
        starter=Starter(
            "Head of Operations",
            "Answers for the cost of every order, decides on tools up to a limit, and asks Finance above it.",
            {"job_titles": ["Head of Operations", "COO"]},
        ),
    ),
    Kind(
        "message", "Message", "Messages", "What we say to buyers, so that it does not change between touchpoints.",
        MessageTerms, describe_terms,
        starter=Starter("What we promise", "For … who …, our product … . Unlike …, it … .", {"channels": ["website", "call"]}),
    ),
    Kind(
        "content", "Content", "Content", "What helps Sales sell: guides, calculators, customer stories, each with an owner.",
        ContentTerms, describe_terms,
        starter=Starter(
            "ROI calculator", "Sales shows with it, in the customer’s own figures, what a purchase brings and when it pays back.",
            {"format": "calculator", "serves": ["financial_justification"], "owner_side": "marketing"},
        ),
    ),
    Kind(
        "role", "Role", "Roles", "Who does what where the two teams meet.", RoleTerms, describe_terms,
        starter=Starter(
            "Lead manager",
            "Sees to it that every qualified lead has an owner within the SLA, and asks for the verdict on it.",
            {"decides": ["routing"]},
        ),
    ),
    Kind(
        "priority", "Priority", "Priorities", "What comes first for both teams.", PriorityTerms, describe_terms,
        starter=Starter(
            "Existing pipeline first", "Leads of accounts with an open opportunity are worked before all others.", {"rank": 1}
        ),
    ),
    Kind(
        "steering_metric", "Steering metric", "Steering metrics", "Which numbers steer both teams.",
        SteeringMetricTerms, describe_terms,
        starter=Starter(
            "Sales and marketing return",
            "Both teams are steered by the return on what they spend together, not by the number of leads.",
            {"metric": "smroi", "looked_at": "monthly"},
        ),
    ),
    Kind(
        "reporting_right", "Reporting right", "Reporting rights", "Who reports what, how often, and who may read it.",
        ReportingTerms, describe_terms,
        starter=Starter(
            "Verdicts on leads", "Marketing reads every verdict that Sales gives, with its reason, within a day.",
            {"reports": ["verdicts by campaign"], "readers": ["cmo", "marketer"], "every": "daily"},
        ),
    ),
    Kind(
        "arbitration_rule", "Arbitration rule", "Arbitration rules", "Who decides where the teams disagree, and by when.",
        ArbitrationTerms, describe_terms,
        starter=Starter(
            "How disputes are decided",
            "The named arbiter decides within two weeks and gives the reason; a late decision goes to the CEO.",
            {"days_to_decide": 14, "escalates_to": "ceo"},
        ),
    ),
    Kind(
        "recruiting_principle", "Recruiting principle", "Recruiting principles", "Whom the teams hire, and who has a say.",
        RecruitingTerms, describe_terms,
        starter=Starter(
            "Both teams interview", "The other team interviews every candidate who will work with it before an offer is made.",
            {"interviewed_by": "both"},
        ),
    ),
    Kind(
        "meeting_rhythm", "Rhythm of meetings", "Rhythms of meetings", "How often the teams meet, and what for.",
        MeetingTerms, describe_terms,
        starter=Starter(
            "Weekly lead review",
            "Each week both teams go through the leads that were rejected, and agree on what changes.",
            {"every": "week", "minutes": 30},
        ),
    ),
)  # fmt: skip
