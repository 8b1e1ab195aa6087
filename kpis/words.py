"""Names as they are written inside a sentence."""


def inside(name: str) -> str:
    """Revenue → revenue; SMROI and S&M share stay as they are."""
    return name[0].lower() + name[1:] if name[1:2].islower() else name
