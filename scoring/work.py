"""Who works on what takes long in scoring: explorations, proofs, models that are learned."""

from core.work import register_step
from scoring.explorer.work import do_one_step
from scoring.learned.work import run_learning
from scoring.models import Exploration, Learning, Proof
from scoring.proof.validation import prove_version

register_step(Exploration, do_one_step)
register_step(Proof, prove_version)
register_step(Learning, run_learning)
