"""The revenue-killer detector: three questions, what each no means, how bad they are together, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass


def origin(source: str, dated: str) -> str:
    """Say where a figure comes from and of when it is, and admit it where either is not known."""
    if not source:
        return "rule of thumb, no source named"
    return f"{source}, {dated or 'year not given'}"


@dataclass(frozen=True)
class Fact:
    """A figure from elsewhere that shows what is at stake."""

    words: str
    source: str = ""
    dated: str = ""

    @property
    def origin(self) -> str:
        return origin(self.source, self.dated)


@dataclass(frozen=True)
class Remedy:
    """A part of Accord that repairs what is missing: the name of its page, its label, and what it is for."""

    url_name: str
    label: str
    purpose: str


@dataclass(frozen=True)
class Danger:
    """What a no means: in a title, in plain words, with a figure beside it, what it costs, and what to do about it."""

    title: str
    words: str
    fact: Fact
    cost: Fact
    steps: tuple[str, ...]
    remedies: tuple[Remedy, ...]


@dataclass(frozen=True)
class Question:
    """One question; `name` is what a yes represents, in two or three words."""

    key: str
    name: str
    words: str
    hint: str
    danger: Danger


@dataclass(frozen=True)
class Degree:
    """How bad it is, from 0 (safe) to 3, and how soon to act."""

    number: int
    name: str
    urgency: str
    advice: str


@dataclass(frozen=True)
class Verdict:
    degree: Degree
    sentence: str
    killers: tuple[Question, ...]

    @property
    def safe(self) -> bool:
        return not self.killers


@dataclass(frozen=True)
class Contrast:
    """Two shares, in percent, of companies with and without something."""

    title: str
    good: str
    good_percent: int
    poor: str
    poor_percent: int
    source: str
    dated: str = ""

    @property
    def origin(self) -> str:
        return origin(self.source, self.dated)


PLAN = Question(
    key="plan",
    name="One plan",
    words="Is there one plan that the heads of Marketing and Sales both answer for, with progress reported in revenue numbers the two agreed?",
    hint="Two plans that mention each other are a no. So is a plan whose progress is told in leads by one side and in bookings by the other.",
    danger=Danger(
        title="No one is responsible for the whole",
        words="With two plans, each team can reach its own goal while the company misses its revenue. Marketing reports "
        "leads, Sales reports bookings, and what is lost in between appears in no report. Money is then moved on "
        "numbers that the other side does not believe.",
        fact=Fact(
            "Customers are 57% of the way to a decision before Sales is in the room: a plan that begins with Sales covers less than half of it.",
            "CEB, 1,400 customers",
        ),
        cost=Fact(
            "Of companies whose processes are not integrated, 36% met their revenue goal; with integrated processes, 80%.",
            "Demand Metric",
        ),
        steps=(
            "Have the two leaders write one page: the revenue goal, what each side brings to it, and both signatures.",
            "Agree in writing how revenue, spend and a qualified lead are counted, before the next report is due.",
            "Let the two report together, every month, from the same numbers.",
        ),
        remedies=(
            Remedy(
                "plan", "Joint plan", "Sign the goals of both sides on one time line, and present its update together."
            ),
            Remedy("workspace", "Alignment", "See which of 14 subjects are agreed, and propose what is missing."),
            Remedy("dashboard", "Joint dashboard", "Report progress to both leaders from the same revenue numbers."),
        ),
    ),
)
PEOPLE = Question(
    key="people",
    name="Working together",
    words="Do the people of Marketing and Sales like working with each other?",
    hint="The people, not only their leaders. Think of the last deal in trouble, and of whom they called.",
    danger=Danger(
        title="What one team knows never reaches the other",
        words="People who avoid each other do not pass on what they hear. Leads lie unanswered, what Sales needs for a "
        "close is made by guesswork, and the buyer is told two stories. No report shows it before the quarter is lost.",
        fact=Fact("65% of buyers are annoyed when the story changes from one contact to the next.", "McKinsey"),
        cost=Fact("Up to 80% of leads are never followed up, and up to 90% of sales material is never used."),
        steps=(
            "Ask both teams the same questions, anonymously, and lay the two sides’ answers next to each other.",
            "Put one marketer and one rep on the same five open deals for a month, calls included.",
            "Let Sales say of every lead whether it was any good, and let Marketing answer what it changed.",
        ),
        remedies=(
            Remedy("rounds", "Assessment", "Ask both teams the same questions, and see where their answers differ."),
            Remedy("matrix", "Accountability matrix", "Name who is accountable and who is consulted at each stage."),
            Remedy("verdicts", "Lead feedback", "Marketing reads what Sales said of each lead, and answers it."),
            Remedy("lexicon", "Lexicon", "Agree what each term means, so that both teams use one language."),
        ),
    ),
)
REWARD = Question(
    key="reward",
    name="A common reward",
    words="Does reaching a common revenue target pay off for both teams?",
    hint="In pay, budget or standing. If one team can have a good year while the target is missed, it is a no.",
    danger=Danger(
        title="Each team is paid to look the other way",
        words="People work for what counts for them. Where the number of leads pays off on one side and the signature "
        "on the other, Marketing sends more of what does not close, and Sales takes only what closes by itself. "
        "A common target that pays off for one team is the target of one team.",
        fact=Fact("71% of leads are never used."),
        cost=Fact("Aligned companies grew by 32% a year; the least aligned shrank by 7%.", "Aberdeen", "2013"),
        steps=(
            "Choose one target in money that both teams move, such as the return on what Sales and Marketing spend.",
            "Tie a part of both leaders’ variable pay to it, at the same rate, up and down.",
            "Carry it into both teams with the next pay plan, and stop rewarding counts of leads and calls.",
        ),
        remedies=(
            Remedy(
                "plan", "Joint plan", "Tie a reward to a goal in money, signed by both sides, and see what it pays."
            ),
            Remedy("goals", "Goals", "Set one target in money that both teams answer for, and follow its pace."),
        ),
    ),
)
QUESTIONS = (PLAN, PEOPLE, REWARD)

DEGREES = (
    Degree(
        0,
        "Safe",
        "Check again in three months",
        "Plan, people and reward are all in place. Check them again after every change of a leader, a target or a pay plan.",
    ),
    Degree(1, "Smoke", "Act this quarter", "One of three is missing. The other two hold the teams together for now."),
    Degree(2, "Fire", "Act this month", "Two of three are missing. The third cannot hold the teams together alone."),
    Degree(3, "Blaze", "Act this week", "All three are missing. Revenue is being lost between the two teams now."),
)

SENTENCES: Mapping[frozenset[str], str] = {
    frozenset(): "You are safe: one plan, people who work together, and a target that pays off for both.",
    frozenset({"plan"}): "The mood and the pay are right, but there is no common plan to win by.",
    frozenset({"people"}): "The plan and the pay are right, but the two teams would rather not work together.",
    frozenset({"reward"}): "Your teams share a plan and get on, but the target pays off for one of them at most.",
    frozenset(
        {"plan", "people"}
    ): "A common reward is waiting, with no plan to reach it and no wish to go there together.",
    frozenset(
        {"plan", "reward"}
    ): "Your teams like each other, but nothing on paper and nothing in their pay holds them to one number.",
    frozenset(
        {"people", "reward"}
    ): "Your plan has two names on it, but neither the mood nor the money stands behind it.",
    frozenset({"plan", "people", "reward"}): "Two plans, two camps, two rewards: your revenue is cut in two.",
}

SAFE_STEPS = (
    "Let both leaders, and three people of each team, answer the same questions without you, and compare.",
    "Check it against the data: are leads followed up in time, and is the common plan on course?",
    "Ask again in three months, and after every change of a leader, a target or a pay plan.",
)

STAKES = (
    Contrast(
        "Companies that met their revenue goal", "of the fully aligned", 66, "of the unaligned", 41, "Demand Metric"
    ),
    Contrast(
        "Companies that met their revenue goal",
        "with integrated processes",
        80,
        "without integrated processes",
        36,
        "Demand Metric",
    ),
)
GROWTH = Fact("Aligned companies grew by 32% a year; the least aligned shrank by 7%.", "Aberdeen", "2013")


def judge(answers: Mapping[str, bool]) -> Verdict:
    """Judge the three answers, given by question key; every no is a revenue killer and raises the degree by one."""
    killers = tuple(question for question in QUESTIONS if not answers[question.key])
    sentence = SENTENCES[frozenset(question.key for question in killers)]
    return Verdict(DEGREES[len(killers)], sentence, killers)
