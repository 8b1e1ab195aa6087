"""The scores that a proof was made of, kept in a file beside it: who is behind a band, and how a segment does."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from scoring.models import Proof
from scoring.proof.outcomes import SEGMENTS

COLUMNS = ["lead_id", "asked_at", "score", "won", "revenue", "accepted", *SEGMENTS]


def _score_path(proof_id: int) -> Path:
    return Path(settings.PROOFS_DIR) / f"{proof_id}.parquet"


def save_scores(proof: Proof, frame: pd.DataFrame) -> None:
    """Keep the frame, the best scores first, and forget what earlier proofs of the version kept."""
    path = _score_path(proof.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    new_path = path.with_suffix(f".{proof.fence}.new")
    ordered = frame[COLUMNS].sort_values(["score", "lead_id"], ascending=[False, True])
    pq.write_table(pa.Table.from_pandas(ordered, preserve_index=False), new_path)
    new_path.replace(path)
    for older in Proof.objects.filter(version_id=proof.version_id, pk__lt=proof.pk).values_list("pk", flat=True):
        _score_path(older).unlink(missing_ok=True)


def has_scores(proof: Proof) -> bool:
    return _score_path(proof.pk).exists()


def load_scores(proof: Proof, columns: list[str] | None = None) -> pd.DataFrame:
    """Return the scores of a proof, the best first."""
    return pq.read_table(_score_path(proof.pk), columns=columns).to_pandas()
